package harness

import (
	"net"
	"testing"
)

// Run starts another program, such as a proxy, with this environment and nothing else, and waits until it takes
// connections at addr. When the test ends it is told to end, and must do so well. What it printed is shown with a
// failure.
func Run(t *testing.T, addr string, environment []string, program string, arguments ...string) {
	t.Helper()
	run, err := launch(environment, program, arguments...)
	if err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	if err := run.waitFor(func() (bool, error) { return listens(addr), nil }); err != nil {
		t.Fatalf("starting %s: %v", program, err)
	}
	t.Cleanup(func() {
		if err := run.stop(); err != nil {
			t.Errorf("stopping %s: %v", program, err)
		}
		if t.Failed() {
			t.Logf("%s printed:\n%s%s", program, &run.stdout, &run.stderr)
		}
	})
}

func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// FreeAddress is host:port on loopback where nothing listens, for programs that cannot choose a port themselves.
func FreeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
