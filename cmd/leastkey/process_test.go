package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// asProgram is set in the environment of a test program that is to be leastkey itself.
const asProgram = "LEASTKEY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// running is a leastkey in this process.
type running struct {
	stop   context.CancelFunc
	code   chan int
	stderr *lockedBuffer
	first  string // line that says that it is ready
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// start runs a server until it says its first line, or fails the test.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, in := io.Pipe()
	r := &running{stop: stop, code: make(chan int, 1), stderr: &lockedBuffer{}}
	go func() {
		code := run(ctx, append([]string{"leastkey"}, args...), func(name string) string { return map[string]string{"UPSTREAM_KEY": "k"}[name] },
			strings.NewReader(""), in, r.stderr)
		in.Close()
		r.code <- code
	}()
	lines := bufio.NewReader(out)
	var err error
	if r.first, err = lines.ReadString('\n'); err != nil {
		t.Fatalf("it did not start: %d %s", <-r.code, r.stderr)
	}
	go io.Copy(io.Discard, lines)
	t.Cleanup(stop)
	return r
}

// end stops the server, which must go without a complaint.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	if code := <-r.code; code != 0 {
		t.Errorf("exit status %d: %s", code, r.stderr)
	}
}

func demoArgs(data, ready string) []string {
	return []string{"demo", "--listen", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--data", data, "--ready-file", ready}
}

func readReady(t *testing.T, file string) seeds {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s seeds
	if err := json.Unmarshal(text, &s); err != nil || len(s.Users) != 2 || len(s.Zones) != 3 {
		t.Fatalf("the ready file is not whole: %v\n%s", err, text)
	}
	return s
}

// call asks the API for something, with the key of the first user unless a token is given.
func (s seeds) call(t *testing.T, token, method, path string, body any, into any) int {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.API+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	} else {
		r.Header.Set("X-Auth-Email", s.Users[0].Email)
		r.Header.Set("X-Auth-Key", s.Users[0].Key)
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var envelope struct{ Result json.RawMessage }
	if err := json.NewDecoder(answer.Body).Decode(&envelope); err != nil {
		t.Fatalf("%s %s: %d %v", method, path, answer.StatusCode, err)
	}
	if into != nil {
		if err := json.Unmarshal(envelope.Result, into); err != nil {
			t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, envelope.Result, err)
		}
	}
	return answer.StatusCode
}

func (s seeds) mint(t *testing.T, name string) (id, value string) {
	t.Helper()
	var token struct{ ID, Value string }
	if status := s.call(t, "", "POST", "/user/tokens", map[string]any{"name": name, "policies": []any{}}, &token); status != 200 {
		t.Fatal(status)
	}
	return token.ID, token.Value
}

// Law 10, as far as a process can show it: a restart keeps all that was answered.
func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	data, ready := filepath.Join(dir, "data"), filepath.Join(dir, "ready.json")
	r := start(t, demoArgs(data, ready)...)
	first := readReady(t, ready)
	_, kept := first.mint(t, "kept")
	revokedID, revoked := first.mint(t, "revoked")
	first.call(t, "", "DELETE", "/user/tokens/"+revokedID, nil, nil)
	records := "/zones/" + first.Zones[0].ID + "/dns_records"
	var record struct{ ID string }
	first.call(t, "", "POST", records, map[string]string{"type": "A", "name": "kept", "content": "192.0.2.1"}, &record)
	var zone struct{ ID string }
	first.call(t, "", "POST", "/zones", map[string]any{"name": "kept.example", "account": map[string]any{"id": first.Accounts[0].ID}}, &zone)
	first.call(t, "", "DELETE", "/zones/"+first.Zones[1].ID, nil, nil)
	r.end(t)

	r = start(t, demoArgs(data, ready)...)
	defer r.end(t)
	again := readReady(t, ready)
	for i, u := range first.Users {
		if u.ID != again.Users[i].ID || u.Key != again.Users[i].Key || u.Password != again.Users[i].Password {
			t.Errorf("user %d was %+v and is %+v", i, u, again.Users[i])
		}
	}
	for what, got := range map[string]int{
		"the token":               again.call(t, kept, "GET", "/user/tokens/verify", nil, nil),
		"the record":              again.call(t, "", "GET", records+"/"+record.ID, nil, nil),
		"the new zone":            again.call(t, "", "GET", "/zones/"+zone.ID, nil, nil),
		"the revoked token (401)": again.call(t, revoked, "GET", "/user/tokens/verify", nil, nil) - 201,
		"the deleted zone (403)":  again.call(t, "", "GET", "/zones/"+first.Zones[1].ID, nil, nil) - 203,
	} {
		if got != 200 {
			t.Errorf("%s: %d", what, got)
		}
	}
}

// The ready file is there when everything answers, whole, and for its owner alone,
// whatever an earlier run left behind.
func TestReadyFile(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready.json")
	if err := os.WriteFile(ready, []byte(`{"api":"http://127.0.0.1:1/left-behind"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(ready, 0o644); err != nil {
		t.Fatal(err)
	}
	r := start(t, demoArgs(filepath.Join(dir, "data"), ready)...)
	defer r.end(t)
	s := readReady(t, ready)
	info, err := os.Stat(ready)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if status := s.call(t, "", "GET", "/user", nil, nil); status != 200 {
		t.Errorf("it does not answer yet: %d", status)
	}
	if conn, err := net.Dial("tcp", s.DNS); err != nil {
		t.Errorf("the DNS server does not answer yet: %v", err)
	} else {
		conn.Close()
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("something else was left beside it: %v, %v", entries, err)
	}
}

// A start that fails leaves no ready file: one of an earlier run would name a server that is gone.
func TestNoReadyFileWithoutServer(t *testing.T) {
	dir := t.TempDir()
	ready := filepath.Join(dir, "ready.json")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if err := os.WriteFile(ready, []byte(`{"api":"http://127.0.0.1:1/left-behind"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	args := []string{"leastkey", "demo", "--listen", taken.Addr().String(), "--dns", "127.0.0.1:0", "--data", filepath.Join(dir, "data"), "--ready-file", ready}
	if code := run(t.Context(), args, func(string) string { return "" }, strings.NewReader(""), &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), taken.Addr().String()) {
		t.Errorf("%d %s", code, &stderr)
	}
	if _, err := os.Stat(ready); !os.IsNotExist(err) {
		t.Errorf("the ready file of an earlier run is there: %v", err)
	}
}

// A second process on one data directory is told whose it is, and does no harm to the first.
func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	data, ready := filepath.Join(dir, "data"), filepath.Join(dir, "ready.json")
	r := start(t, demoArgs(data, ready)...)
	defer r.end(t)
	config := filepath.Join(dir, "leastkey.yaml")
	if err := os.WriteFile(config, []byte("listen: 127.0.0.1:0\ndata: data\nupstream: {url: http://127.0.0.1:1, credential: {header: Key, env: UPSTREAM_KEY}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{demoArgs(data, ready), {"serve", "--config", config}} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"leastkey"}, args...), func(string) string { return "k" }, strings.NewReader(""), &stdout, &stderr)
		if code != 1 || stdout.Len() > 0 || strings.Count(stderr.String(), "\n") != 1 ||
			!strings.Contains(stderr.String(), "is in use by another leastkey: stop that one first, or give this one a data directory of its own") {
			t.Errorf("%s: %d %q %q", args[0], code, stdout.String(), stderr.String())
		}
	}
	s := readReady(t, ready)
	if status := s.call(t, "", "GET", "/zones", nil, nil); status != 200 {
		t.Errorf("the first answers %d", status)
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"leastkey", "user", "list", "--data", data}, func(string) string { return "" }, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Errorf("the first lost its operator: %s", stderr.String())
	}
}

// Whoever runs it stops it by a signal; that is not a failure.
func TestSignals(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		data := filepath.Join(t.TempDir(), "data")
		cmd := exec.CommandContext(t.Context(), os.Args[0], demoArgs(data, "")...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		var stderr lockedBuffer
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(stdout)
		if line, err := lines.ReadString('\n'); err != nil {
			t.Errorf("%q %v %s", line, err, &stderr)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, lines)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v %s", signal, err, &stderr)
		}
	}
}

// What serve opens: the API, the health checks, and the operator's socket for its owner alone.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	health := freePort(t)
	config := filepath.Join(dir, "leastkey.yaml")
	text := fmt.Sprintf("listen: 127.0.0.1:0\nhealth: %s\ndata: data\nupstream: {url: http://127.0.0.1:1, credential: {header: Key, env: UPSTREAM_KEY}}\n", health)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, "serve", "--config", config)
	defer r.end(t)
	api := strings.Fields(r.first)[2]
	for url, want := range map[string]int{
		"http://" + health + "/livez": 200, "http://" + health + "/readyz": 200, "http://" + health + "/client/v4/user": 404,
		api + "/": 200, api + "/client/v4/user": 401, api + "/readyz": 401, api + "/leastkey/v1/users": 401, api + "//": 400,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Close = true
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, answer.StatusCode, want)
		}
	}
	for name, want := range map[string]os.FileMode{".": os.ModeDir | 0o700, "operator.sock": os.ModeSocket | 0o600, "leastkey.db": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, "data", name)); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", name, info, err, want)
		}
	}
}

// freePort is an address that nobody listens on at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
