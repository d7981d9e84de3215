package powerdns

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

// The one command of examples/powerdns, in a folder that looks like a clone, at other ports.
func TestUp(t *testing.T) {
	root, err := os.MkdirTemp("", "up-") //nolint:usetesting // with a test's name in it, the path of the operator's socket would be too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	here := filepath.Join(root, "examples", "powerdns")
	for _, dir := range []string{here, filepath.Join(root, "bin")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	tools, err := filepath.Abs(filepath.Join("..", "..", "tools"))
	if err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"tools": tools, "bin/leastkey": os.Getenv("LEASTKEY_E2E_BINARY")} {
		if err := os.Symlink(to, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	port := func() string {
		_, port, _ := net.SplitHostPort(harness.FreeAddress(t))
		return port
	}
	leastkey, api, dns := port(), port(), port()
	for name, mode := range map[string]os.FileMode{"up": 0o700, "catalog.yaml": 0o600, "leastkey.yaml": 0o600} {
		text := strings.NewReplacer("8787", leastkey, "8081", api, "5300", dns, "10s", "1s").Replace(example(t, name))
		if err := os.WriteFile(filepath.Join(here, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}

	up := exec.CommandContext(t.Context(), filepath.Join(here, "up"))
	up.Cancel = func() error { return up.Process.Signal(syscall.SIGTERM) }
	up.WaitDelay = 20 * time.Second
	var complaint strings.Builder
	up.Stderr = &complaint
	out, err := up.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	said, lines := "", bufio.NewReader(out)
	for !strings.HasSuffix(said, "Ctrl-C ends both.\n") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after\n%s%s", err, said, &complaint)
		}
		said += line
	}
	if !strings.Contains(said, "\nhttp://127.0.0.1:"+leastkey+"/sign-in/link?code=") {
		t.Errorf("no link stands on a line of its own:\n%s", said)
	}
	ask := exec.CommandContext(t.Context(), os.Getenv("LEASTKEY_E2E_BINARY"), "resource", "list", "--data", filepath.Join(here, "data"))
	if list, err := ask.CombinedOutput(); err != nil || !strings.Contains(string(list), "example.org.") || !strings.Contains(string(list), "example.net.") {
		t.Errorf("%v\n%s", err, list)
	}
	for _, name := range []string{"pdns-key", "pdns.conf", "curl.conf", "ada.json", "pdns.db"} {
		if info, err := os.Stat(filepath.Join(here, "data", name)); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is for others to read: %v, %v", name, info, err)
		}
	}
	if key, err := os.ReadFile(filepath.Join(here, "data", "pdns-key")); err != nil || len(key) != 48 || strings.Contains(said, string(key)) {
		t.Errorf("a key of %d characters, %v", len(key), err)
	}

	if err := up.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, lines)
	if err := up.Wait(); err != nil {
		t.Errorf("told to end: %v\n%s", err, &complaint)
	}
	for _, port := range []string{leastkey, api} {
		if c, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			t.Errorf("something still answers at %s", c.RemoteAddr())
			c.Close()
		}
	}
}
