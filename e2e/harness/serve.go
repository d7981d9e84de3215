package harness

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Files are what a served node is started with, by name: "leastkey.yaml", and what that names, such as "catalog.yaml".
// Every address to listen at is best "127.0.0.1:0", and `data` a relative path.
type Files map[string]string

// Server is a running `leastkey serve`.
type Server struct {
	URL  string // where the API in front is, "http://127.0.0.1:40123"
	API  string // the base of the v4 API there
	Data string // the directory for the operator's commands
	// Ledger knows every secret that came by through the harness, and every refusal of the v4 API.
	Ledger *Ledger

	dir   string // everything the program can write, and its files
	extra []string
	run   *process
}

// Serve runs `leastkey serve` over the files, in a fresh directory. environment has what the files take from there,
// such as "NOTES_KEY=..."; these are secrets, and may be nowhere that the program writes. When the test ends the program
// is stopped, must end well, and is searched for secrets.
func Serve(t *testing.T, files Files, environment ...string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "leastkey-") //nolint:usetesting // with a test's name in it, the path of the operator's socket would be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	s := &Server{Ledger: NewLedger(), dir: dir, extra: environment}
	for _, setting := range environment {
		_, secret, _ := strings.Cut(setting, "=")
		s.Ledger.Add(secret)
	}
	for _, name := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		s.Write(t, name, text)
	}
	s.start(t)
	t.Cleanup(func() {
		s.Ledger.searchTree(t, s.dir)
		s.Stop(t)
		s.Ledger.report(t)
	})
	return s
}

// Write replaces one of the files, as a whole.
func (s *Server) Write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// Restart ends the program and starts it again on the same files and data. Addresses may change.
func (s *Server) Restart(t *testing.T) {
	t.Helper()
	s.Stop(t)
	s.start(t)
}

// Stop ends the program, which must end well, and searches what it left behind. A second call does nothing.
func (s *Server) Stop(t *testing.T) {
	t.Helper()
	run := s.run
	if run == nil {
		return
	}
	s.run = nil
	if err := run.stop(); err != nil {
		t.Errorf("stopping leastkey serve: %v", err)
	}
	s.Ledger.searchTree(t, s.dir)
	s.Ledger.searchLog(t, "standard error", []byte(run.stderr.String()))
	s.Ledger.searchLog(t, "standard output", []byte(run.stdout.String()))
}

// Hang stops the program where it is, so that it takes connections and answers nothing, until what it gives is called.
func (s *Server) Hang(t *testing.T) (resume func()) {
	t.Helper()
	signal := func(what syscall.Signal) {
		if err := s.run.command.Process.Signal(what); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	signal(syscall.SIGSTOP)
	// The signal is sent before it is obeyed: wait until every thread has.
	if err := unix.Waitid(unix.P_PID, s.run.command.Process.Pid, nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
		t.Errorf("wait until it has stopped: %v", err)
	}
	return func() { signal(syscall.SIGCONT) }
}

// Says is the rest of the first line on standard output that begins so: "Proxies ask at " gives where.
func (s *Server) Says(t *testing.T, beginning string) string {
	t.Helper()
	rest, said := said(s.run.stdout.String(), beginning)
	if !said {
		t.Fatalf("no line begins with %q:\n%s", beginning, &s.run.stdout)
	}
	return rest
}

// ForwardAuth is where proxies ask, "http://127.0.0.1:40124"; /auth/nginx and the others are below it.
func (s *Server) ForwardAuth(t *testing.T) string {
	t.Helper()
	at, _, _ := strings.Cut(s.Says(t, "Proxies ask at "), "/auth/")
	return at
}

// Log is what the program has logged since it was last started.
func (s *Server) Log() string { return s.run.stderr.String() }

// As is a caller of the v4 API with that credential.
func (s *Server) As(credential Credential) Caller {
	return Caller{base: &s.API, client: s.Ledger.client(), credential: credential}
}

// Operator runs a command of the operator, such as "resource", "add", "zone:z1", and returns standard output.
func (s *Server) Operator(t *testing.T, arguments ...string) string {
	t.Helper()
	return commandLine(t, s.Ledger, s.environment(), append(slices.Clone(arguments), "--data", s.Data))
}

// Member makes a user who administers a new account of that name. Passwords and keys are known to the ledger.
func (s *Server) Member(t *testing.T, email, account string) User {
	t.Helper()
	var user User
	if err := json.Unmarshal([]byte(s.Operator(t, "user", "create", email, "--json")), &user); err != nil {
		t.Fatal(err)
	}
	s.Ledger.Add(user.Password)
	s.Ledger.Add(user.GlobalAPIKey)
	s.Operator(t, "account", "create", account)
	s.Operator(t, "member", "add", email, "--account", account, "--role", "Super Administrator")
	return user
}

// Token makes a token of the user with the flags of `leastkey token create`, such as "--allow", "DNS Read on zone:z1",
// and returns its secret.
func (s *Server) Token(t *testing.T, user User, flags ...string) string {
	t.Helper()
	var made struct{ Value string }
	out := s.CommandLine(t, user, append([]string{"token", "create", "--yes", "--json"}, flags...)...)
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Value == "" {
		t.Fatalf("token create: no secret in what it prints: %v", err)
	}
	s.Ledger.Add(made.Value)
	return made.Value
}

// CommandLine runs the program as a client, with the user's Global API Key in its environment, and returns standard
// output. The catalogue is catalog.yaml when there is one.
func (s *Server) CommandLine(t *testing.T, user User, arguments ...string) string {
	t.Helper()
	environment := append(s.environment(), "LEASTKEY_URL="+s.API, "LEASTKEY_EMAIL="+user.Email, "LEASTKEY_KEY="+user.GlobalAPIKey)
	if catalog := filepath.Join(s.dir, "catalog.yaml"); exists(catalog) {
		environment = append(environment, "LEASTKEY_CATALOG="+catalog)
	}
	return commandLine(t, s.Ledger, environment, arguments)
}

func (s *Server) start(t *testing.T) {
	t.Helper()
	run, err := launch(append(s.environment(), s.extra...), Binary(), "serve", "--config", filepath.Join(s.dir, "leastkey.yaml"))
	if err != nil {
		t.Fatalf("starting leastkey serve: %v", err)
	}
	// The line about the dashboard is the last of those with addresses.
	if err := run.waitFor(func() (bool, error) { _, ready := said(run.stdout.String(), "The dashboard is at "); return ready, nil }); err != nil {
		t.Fatalf("starting leastkey serve: %v", err)
	}
	s.run = run
	serves := s.Says(t, "Leastkey serves ")
	s.URL, _, _ = strings.Cut(serves, " ")
	s.API = s.URL + "/client/v4"
	_, s.Data, _ = strings.Cut(serves, " use --data ")
}

func (s *Server) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(s.dir, "home"), "TMPDIR=" + filepath.Join(s.dir, "tmp")}
}

// said is the rest of the first whole line that begins so.
func said(text, beginning string) (rest string, found bool) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, beginning); ok && strings.HasSuffix(rest, "\n") {
			return strings.TrimSuffix(rest, "\n"), true
		}
	}
	return "", false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
