// Package docs runs the commands that the documents tell a reader to type.
package docs

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// snippets are the shell blocks of a document that are marked with <!-- kind: name -->.
func snippets(t *testing.T, file, kind string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	marked := regexp.MustCompile("(?s)<!-- " + kind + ": [a-z]+ -->\n```sh\n(.*?)```")
	var list []string
	for _, match := range marked.FindAllStringSubmatch(string(text), -1) {
		list = append(list, match[1])
	}
	if len(list) == 0 {
		t.Fatalf("%s has no block marked %q", file, kind)
	}
	return list
}

// bash runs the script in dir, and fails the test when a command of it fails.
func bash(t *testing.T, dir string, env []string, script string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n--- printed\n%s%s", err, script, out, stderr.String())
	}
	return string(out)
}

// checkout is a folder that looks like a clone to the commands: bin/leastkey, and the examples.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{
		os.Mkdir(filepath.Join(dir, "bin"), 0o700),
		os.Symlink(harness.Binary(), filepath.Join(dir, "bin", "leastkey")),
		os.CopyFS(filepath.Join(dir, "examples", "notes"), os.DirFS(filepath.Join(root, "examples", "notes"))),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestREADME walks the walk of the README against a demo.
func TestREADME(t *testing.T) {
	demo := harness.Start(t)
	owner := demo.Ready.Owner()
	env := []string{"LEASTKEY_URL=" + demo.Ready.API, "LEASTKEY_EMAIL=" + owner.Email, "LEASTKEY_KEY=" + owner.GlobalAPIKey}
	script := strings.Join(snippets(t, "README.md", "run"), "\n")
	// What a person does between the blocks: answers the question, and keeps the secret.
	script = regexp.MustCompile(`(?m)^\./bin/leastkey token create (.*)$`).
		ReplaceAllString(script, `TOKEN=$$(./bin/leastkey token create $1 --yes --json | sed -n 's/.*"value": "\(.*\)".*/\1/p')`)
	// The roll prints a secret, which has no place in the output of a test.
	script = strings.Replace(script, "--overlap 1h --yes", "--overlap 1h --yes > rolled", 1)
	dig := regexp.MustCompile(`(?m)^dig @127\.0\.0\.1 -p 5300 \+short (\S+)$`)
	asked := dig.FindStringSubmatch(script)
	if asked == nil {
		t.Fatal("the README asks the DNS server nothing")
	}
	out := bash(t, checkout(t), env, dig.ReplaceAllString(script, ""))
	for _, want := range []string{
		`"messages":[{"code":10000,"message":"This API Token is valid and active","type":null}]`,
		`"name":"staging.example"`, `"name":"hello.staging.example"`,
		`Authentication error: needs one of Firewall Services Read, Firewall Services Write on zone`,
		"staging dns",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the walk does not print %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "production.example") {
		t.Errorf("the list shows a zone that the token may not see:\n%s", out)
	}
	if got := demo.Resolve(t, asked[1], dns.TypeA); len(got) != 1 || got[0] != "192.0.2.7" {
		t.Errorf("DNS says %v of %s", got, asked[1])
	}
}

// TestServe goes through docs/serve.md: an API of one's own, from nothing to an enforced token.
func TestServe(t *testing.T) {
	dir := checkout(t)
	ports := map[string]string{}
	for _, port := range []string{"8081", "8787", "8788"} {
		ports["127.0.0.1:"+port] = freeAddress(t)
	}
	moved := func(s string) string {
		for from, to := range ports {
			s = strings.ReplaceAll(s, from, to)
		}
		return s
	}
	config := filepath.Join(dir, "examples", "notes", "leastkey.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(moved(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	background := snippets(t, "docs/serve.md", "background")
	notes := strings.Replace(background[0], "go run ./examples/notes", "exec ./bin/notes -listen 127.0.0.1:8081", 1)
	bash(t, filepath.Join("..", ".."), nil, "go build -o '"+filepath.Join(dir, "bin", "notes")+"' ./examples/notes")
	start(t, dir, moved(notes), ports["127.0.0.1:8081"])
	start(t, dir, strings.Replace(background[1], "./bin/leastkey serve", "exec ./bin/leastkey serve", 1), ports["127.0.0.1:8787"])

	out := bash(t, dir, nil, moved(strings.Join(snippets(t, "docs/serve.md", "run"), "\n")))
	for _, want := range []string{
		`{"notes":["salt the water"]}`,
		`{"notebooks":[{"id":"nb-1","title":"recipes"`,
		"needs one of Notes Read, Notes Write on notebook nb-2",
		"needs Notes Write on notebook nb-1",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the steps do not print %q:\n%s", want, out)
		}
	}
	for _, never := range []string{"nobody must read this", "nb-2\",\"title", "the-one-key"} {
		if strings.Contains(out, never) {
			t.Errorf("the steps print %q:\n%s", never, out)
		}
	}
}

// start runs a command in the background until the end of the test, and waits for its port.
func start(t *testing.T, dir, script, address string) {
	t.Helper()
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = dir
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s\nprinted %s", script, printed.String())
		}
	})
	deadline := time.Now().Add(20 * time.Second)
	for {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing listens on %s: %v\n%s", address, err, printed.String())
		}
		<-time.After(50 * time.Millisecond) // the one wait: for a process to listen
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr())
}
