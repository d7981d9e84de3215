package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// typed runs a command line and gives its exit status and both outputs.
func typed(t *testing.T, env map[string]string, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, complaints bytes.Buffer
	code = Run(t.Context(), args, func(name string) string { return env[name] }, strings.NewReader(stdin), &out, &complaints, Servers{})
	return code, out.String(), complaints.String()
}

// Every command has help and an example, and every example is a command line that parses.
func TestExamplesParse(t *testing.T) {
	var g grammar
	discard := &app{stdout: io.Discard, stderr: io.Discard}
	parser, err := newParser(&g, discard, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range parser.Model.Leaves(false) {
		example := leaf.Tag.Get("example")
		if leaf.Help == "" || !strings.HasPrefix(example, "leastkey ") {
			t.Errorf("%s: help %q, example %q", leaf.FullPath(), leaf.Help, example)
			continue
		}
		command, err := parser.Parse(words(example)[1:])
		if err != nil {
			t.Errorf("%s: %v", example, err)
			continue
		}
		if command.Selected() != leaf {
			t.Errorf("%s: is an example of %s", example, command.Selected().FullPath())
		}
	}
}

// words splits like a shell that knows double quotes.
func words(line string) []string {
	var out []string
	for i, part := range strings.Split(line, `"`) {
		if i%2 == 1 {
			out = append(out, part)
			continue
		}
		out = append(out, strings.Fields(part)...)
	}
	return out
}

func TestHelpShowsTheExample(t *testing.T) {
	code, out, complaints := typed(t, nil, "", "token", "create", "--help")
	if code != 0 || !strings.Contains(out, "\nExample:\n  leastkey token create --name ci") || complaints != "" {
		t.Errorf("%d\n%s%s", code, out, complaints)
	}
}

// What is read from the environment is said where one looks first.
func TestHelpShowsTheEnvironment(t *testing.T) {
	for _, line := range []string{"", "--help", "token --help"} {
		code, out, _ := typed(t, nil, "", words(line)...)
		for _, name := range []string{"LEASTKEY_URL", "LEASTKEY_TOKEN", "LEASTKEY_EMAIL", "LEASTKEY_KEY", "LEASTKEY_DATA", "LEASTKEY_CATALOG"} {
			if code != 0 || !strings.Contains(out, "  "+name) && !strings.Contains(out, ", "+name) {
				t.Errorf("%q: %d, nothing about %s\n%s", line, code, name, out)
			}
		}
	}
}

// No secret can be given as an argument, where every user of the machine could read it.
func TestNoFlagTakesASecret(t *testing.T) {
	var g grammar
	parser, err := newParser(&g, &app{stdout: io.Discard, stderr: io.Discard}, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	err = kong.Visit(parser.Model.Node, func(node kong.Visitable, next kong.Next) error {
		// An id is no secret, and nothing but an id is taken there.
		if flag, ok := node.(*kong.Flag); ok && !flag.IsBool() && flag.Name != "token-id" {
			for _, word := range []string{"token", "secret", "password", "key"} {
				if strings.Contains(flag.Name, word) {
					t.Errorf("--%s takes a value", flag.Name)
				}
			}
		}
		return next(nil)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is wrong before anything is asked of a server: status, and words that say what to do.
func TestComplaints(t *testing.T) {
	url := map[string]string{"LEASTKEY_URL": "http://127.0.0.1:1/client/v4"}
	key := map[string]string{"LEASTKEY_URL": url["LEASTKEY_URL"], "LEASTKEY_EMAIL": "ada@example.com", "LEASTKEY_KEY": strings.Repeat("a1", 18) + "f"}
	for _, test := range []struct {
		name, line, stdin string
		env               map[string]string
		code              int
		says              string
	}{
		{"no such command", "token frob", "", nil, 2, "unexpected argument frob"},
		{"no rights", "token create --name n --yes", "", key, 1, "what may it do?"},
		{"nobody to ask", "token create --name n --allow x", "", key, 1, "add --yes"},
		{"nobody to ask before a delete", "token delete n", "y\n", key, 1, "add --yes"},
		{"no credential", "token list", "", url, 1, "Set LEASTKEY_TOKEN"},
		{"half a key", "token list", "", map[string]string{"LEASTKEY_KEY": "k"}, 1, "set both"},
		{"half of the other half", "token list", "", map[string]string{"LEASTKEY_EMAIL": "ada@example.com"}, 1, "set both"},
		{"a token for a key", "token list", "", map[string]string{"LEASTKEY_URL": url["LEASTKEY_URL"], "LEASTKEY_EMAIL": "ada@example.com", "LEASTKEY_KEY": "lkut_secretsecret"}, 1, "an API token goes into LEASTKEY_TOKEN"},
		{"token and key", "token list", "", map[string]string{"LEASTKEY_TOKEN": "t", "LEASTKEY_EMAIL": "ada@example.com", "LEASTKEY_KEY": "k"}, 1, "note: LEASTKEY_TOKEN and LEASTKEY_KEY are both set; the token is used"},
		{"no address", "token list", "", map[string]string{"LEASTKEY_TOKEN": "t"}, 1, "Set LEASTKEY_URL"},
		{"bad address", "token list --url localhost", "", map[string]string{"LEASTKEY_TOKEN": "t"}, 1, "want http:// or https://"},
		{"token with more around it", "token list", "", map[string]string{"LEASTKEY_TOKEN": "Bearer secretsecret"}, 1, "holds more than a token"},
		{"nothing to verify", "token verify", "\n", url, 1, "standard input holds no token"},
		{"bad overlap", "token roll n --overlap 1y --yes", "", key, 1, "--overlap"},
		{"overlap of too long", "token roll n --overlap 8d --yes", "", key, 1, "--overlap 8d: at most 7d"},
		{"bad address range", "token create --name n --allow x --ip 10.0.0.0/33 --yes", "", key, 1, "--ip"},
		{"end in the past", "token create --name n --allow x --expires 2001-01-01 --yes", "", key, 1, "in the past"},
		{"end before begin", "token create --name n --allow x --expires 1d --not-before 2d --yes", "", key, 1, "end before it begins"},
		{"nothing to change", "token edit n --yes", "", key, 1, "change what?"},
		{"two minds about addresses", "token edit n --any-ip --ip ::1 --yes", "", key, 1, "--any-ip"},
		{"nothing to add", "token edit n --add --name m --yes", "", key, 1, "--add what?"},
		{"no server here", "user list --data testdata", "", nil, 1, "no server runs on testdata"},
		{"bad resource", "resource add zone --parent account:x", "", nil, 1, "want TYPE:ID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, out, complaints := typed(t, test.env, test.stdin, words(test.line)...)
			if code != test.code || !strings.Contains(complaints, test.says) || out != "" {
				t.Errorf("status %d, want %d; says %q, want %q; prints %q", code, test.code, complaints, test.says, out)
			}
			if strings.Contains(complaints, "secretsecret") {
				t.Error("repeats the secret")
			}
		})
	}
}

// A server's words cannot steer the terminal.
func TestPrintable(t *testing.T) {
	if got := oneLine("a\x1b[2Jb\nc\u202Ed"); got != "a?[2Jb?c?d" {
		t.Errorf("got %q", got)
	}
}

func TestExposed(t *testing.T) {
	for base, want := range map[string]bool{
		"http://127.0.0.1:8080/x": false, "http://[::1]/x": false, "http://localhost/x": false,
		"https://api.example.com/x": false, "http://api.example.com/x": true, "http://10.0.0.1/x": true,
	} {
		if exposed(base) != want {
			t.Errorf("%s: got %v", base, !want)
		}
	}
}

// A question that nobody answers ends with the program.
func TestInterruptible(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, w := io.Pipe()
	t.Cleanup(func() { _ = w.Close() })
	if _, err := interruptible(ctx, func() (string, error) { return firstLine(r) }); err == nil {
		t.Error("no error")
	}
}
