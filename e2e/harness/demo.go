package harness

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Demo is a running `leastkey demo`.
type Demo struct {
	Ready
	// Ledger knows every secret that came by, and every refusal.
	Ledger *Ledger

	state   string // everything the program can write: data, home, temporary files
	outside string // the ready files, which hand out the seeds
	run     *process
	runs    int
}

// Start runs a new demo on an empty data directory. When the test ends the demo is stopped and searched for secrets.
func Start(t *testing.T) *Demo {
	t.Helper()
	root := t.TempDir()
	d := &Demo{
		Ledger:  NewLedger(),
		state:   filepath.Join(root, "state"),
		outside: filepath.Join(root, "outside"),
	}
	for _, dir := range []string{d.outside, d.path("data"), d.path("home"), d.path("tmp")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	d.start(t)
	t.Cleanup(func() {
		// Before the end too: a clean end may tidy away what a crash would leave.
		d.Ledger.searchTree(t, d.state)
		d.stop(t)
		d.Ledger.report(t)
	})
	return d
}

// Restart ends the program and starts it again on the same data. Addresses may change; everything else stays.
func (d *Demo) Restart(t *testing.T) {
	t.Helper()
	d.stop(t)
	d.start(t)
}

// DataDir is the directory given as --data.
func (d *Demo) DataDir() string { return d.path("data") }

// Client is an HTTP client whose traffic the ledger reads. Third-party clients are given it as their transport.
func (d *Demo) Client() *http.Client { return d.Ledger.client() }

func (d *Demo) path(name string) string { return filepath.Join(d.state, name) }

func (d *Demo) start(t *testing.T) {
	t.Helper()
	d.runs++
	ready := filepath.Join(d.outside, fmt.Sprintf("ready-%d.json", d.runs))
	run, err := launch(d.environment(), os.Getenv(binaryVariable), "demo",
		"--listen", "127.0.0.1:0", "--dns", "127.0.0.1:0", "--data", d.DataDir(), "--ready-file", ready)
	if err != nil {
		t.Fatalf("starting the demo: %v", err)
	}
	d.run = run
	if err := run.waitForFile(ready); err != nil {
		d.run = nil
		t.Fatalf("starting the demo: %v", err)
	}
	if d.Ready, err = readReady(ready); err != nil {
		t.Errorf("ready file: %v", err)
		d.stop(t)
		t.FailNow()
	}
	d.API = strings.TrimSuffix(d.API, "/")
	for _, user := range d.Users {
		d.Ledger.AddSeed(user.Password)
		d.Ledger.AddSeed(user.GlobalAPIKey)
	}
}

// stop ends the program and searches what it left behind. A second call does nothing.
func (d *Demo) stop(t *testing.T) {
	t.Helper()
	run := d.run
	if run == nil {
		return
	}
	d.run = nil
	if err := run.stop(); err != nil {
		t.Errorf("stopping the demo: %v", err)
	}
	d.Ledger.searchTree(t, d.state)
	d.Ledger.searchLog(t, "standard error", []byte(run.stderr.String()))
	d.Ledger.searchGreeting(t, []byte(run.stdout.String()))
}

// environment keeps the developer's own configuration and every proxy away from the program.
func (d *Demo) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + d.path("home"), "TMPDIR=" + d.path("tmp")}
}
