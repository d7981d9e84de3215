package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the command lines in testdata/script with the real program against a real
// demo, which all of them share: each uses names of its own.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin", "leastkey"), "../../cmd/leastkey")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	d := startDemo(t, dir)
	t.Run("scripts", func(t *testing.T) { // returns when all of them have: only then the demo ends
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			Setup:               func(e *testscript.Env) error { return d.setup(e, dir) },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"field": field,
				"call":  d.call,
			},
		})
	})
}

type demo struct {
	API   string `json:"api"`
	Users []struct {
		Email        string `json:"email"`
		GlobalAPIKey string `json:"global_api_key"`
	} `json:"users"`
	Accounts []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"accounts"`
	Zones []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"zones"`
}

func startDemo(t *testing.T, dir string) demo {
	t.Helper()
	ready := filepath.Join(dir, "ready.json")
	program := exec.Command(filepath.Join(dir, "bin", "leastkey"), "demo", "--listen", "127.0.0.1:0", "--dns", "127.0.0.1:0",
		"--data", filepath.Join(dir, "data"), "--ready-file", ready)
	var log strings.Builder
	program.Stdout, program.Stderr = io.Discard, &log
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- program.Wait() }()
	t.Cleanup(func() {
		if err := errors.Join(program.Process.Signal(syscall.SIGTERM), <-ended); err != nil {
			t.Errorf("end the demo: %v\n%s", err, log.String())
		}
	})
	var d demo
	if err := json.Unmarshal(await(t, ready, ended), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// await reads a file once it is there.
func await(t *testing.T, file string, ended chan error) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		data, err := os.ReadFile(file)
		if err == nil {
			return data
		}
		if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the demo ended before it was ready: %v", err)
		case <-ctx.Done():
			t.Fatal("the demo is not ready after a minute")
		case <-again.C:
		}
	}
}

// setup gives a script the program, the demo's address and data, and the key of the first user.
func (d demo) setup(e *testscript.Env, dir string) error {
	e.Setenv("PATH", filepath.Join(dir, "bin")+string(os.PathListSeparator)+e.Getenv("PATH"))
	e.Setenv("LEASTKEY_URL", d.API)
	e.Setenv("ADDRESS", strings.TrimSuffix(strings.TrimPrefix(d.API, "http://"), "/client/v4"))
	e.Setenv("LEASTKEY_DATA", filepath.Join(dir, "data"))
	e.Setenv("DATA", filepath.Join(dir, "data")) // for scripts that set the other
	e.Setenv("LEASTKEY_EMAIL", d.Users[0].Email)
	e.Setenv("LEASTKEY_KEY", d.Users[0].GlobalAPIKey)
	catalogue, err := filepath.Abs("../../catalog/cloudflare.yaml")
	if err != nil {
		return err
	}
	e.Setenv("CATALOGUE", catalogue)
	e.Setenv("ACCOUNT", d.Accounts[0].ID)
	e.Setenv("ACCOUNT_NAME", d.Accounts[0].Name)
	for _, z := range d.Zones {
		name, _, _ := strings.Cut(z.Name, ".")
		e.Setenv(strings.ToUpper(name), z.ID)
	}
	return nil
}

// field NAME FILE PATH puts a member of a JSON file into a variable; "stdout" is a file as well.
// A PATH is dotted: "policies.0.id".
func field(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: field NAME FILE PATH")
	}
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &value))
	for step := range strings.SplitSeq(args[2], ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			ts.Check(err)
			if i >= len(v) {
				ts.Fatalf("%s has %d items", args[2], len(v))
			}
			value = v[i]
		}
	}
	text, ok := value.(string)
	if !ok {
		ts.Fatalf("%s in %s is %v, no text", args[2], args[1], value)
	}
	ts.Setenv(args[0], text)
}

// call STATUS METHOD PATH TOKEN makes a request of the API with a token, and wants a status.
func (d demo) call(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: call STATUS METHOD PATH TOKEN")
	}
	req, err := http.NewRequest(args[1], d.API+args[2], nil)
	ts.Check(err)
	req.Header.Set("Authorization", "Bearer "+args[3])
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if fmt.Sprint(resp.StatusCode) != args[0] {
		ts.Fatalf("%s %s: %d, want %s\n%s", args[1], args[2], resp.StatusCode, args[0], body)
	}
}
