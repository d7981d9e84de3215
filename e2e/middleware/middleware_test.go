// Package middleware runs examples/middleware: a Go server that follows a node in another process.
package middleware

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const example = "../../examples/middleware"

const feedKey = "LEASTKEY_FEED_KEY=0123456789abcdef0123456789abcdef"

// api is the Go server.
type api struct{ url string }

// get asks for something with a token, and gives status and body.
func (a api) get(t *testing.T, path, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// becomes asks for the recipes until the answer has the status, and says how long that took.
func (a api) becomes(t *testing.T, token string, status int) time.Duration {
	t.Helper()
	begun := time.Now()
	for {
		got, body := a.get(t, "/v1/notebooks/nb-1/notes", token)
		if got == status {
			return time.Since(begun)
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("it stays %d %s; want %d", got, body, status)
		}
	}
}

// begin starts a node, and the Go server with this bound.
func begin(t *testing.T, bound string) (*harness.Server, api) {
	t.Helper()
	files := harness.Files{}
	for _, name := range []string{"catalog.yaml", "leastkey.yaml"} {
		text, err := os.ReadFile(filepath.Join(example, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	feed := harness.FreeAddress(t) // so that the node is found again when it has started anew
	files["leastkey.yaml"] = strings.NewReplacer("127.0.0.1:8787", "127.0.0.1:0", "127.0.0.1:8793", feed).Replace(files["leastkey.yaml"])
	node := harness.Serve(t, files, feedKey)
	if at := node.Says(t, "Other processes follow at "); at != "http://"+feed {
		t.Fatalf("others follow at %s", at)
	}
	program := filepath.Join(t.TempDir(), "middleware")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./examples/middleware")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listen := harness.FreeAddress(t)
	harness.Run(t, listen, []string{feedKey}, program, "-listen", listen, "-node", "http://"+feed, "-bound", bound)
	return node, api{"http://" + listen}
}

// Law 8: a Go server in another process allows and refuses as its node does, refuses what was
// revoked once the feed told it, and everything when it hears nothing for the bound.
func TestLaw8GoServerFollowsItsNode(t *testing.T) {
	node, server := begin(t, "1s")
	ada := node.Member(t, "ada@example.com", "Kitchen")
	node.Operator(t, "resource", "add", "notebook:nb-1", "--name", "recipes", "--parent", "account:Kitchen")
	node.Operator(t, "resource", "add", "notebook:nb-2", "--name", "diary", "--parent", "account:Kitchen")
	token := node.Token(t, ada, "--allow", "Notes Read on notebook:nb-1", "--name", "reader")
	other := node.Token(t, ada, "--allow", "Notes Read on every notebook", "--name", "all")

	server.becomes(t, other, http.StatusOK) // it was made last
	if status, body := server.get(t, "/v1/notebooks/nb-1/notes", token); status != http.StatusOK || !strings.Contains(body, "salt the water") {
		t.Errorf("%d %s", status, body)
	}
	if status, body := server.get(t, "/v1/notebooks", token); status != http.StatusOK || !strings.Contains(body, "recipes") || strings.Contains(body, "diary") {
		t.Errorf("the list: %d %s", status, body)
	}
	if status, body := server.get(t, "/v1/notebooks/nb-2/notes", token); status != http.StatusForbidden || !strings.Contains(body, "needs one of Notes Read, Notes Write on notebook nb-2") {
		t.Errorf("another notebook: %d %s", status, body)
	}
	if status, body := server.get(t, "/v1/nothing", token); status != http.StatusNotFound {
		t.Errorf("no route: %d %s", status, body)
	}
	if status, body := server.get(t, "/v1/notebooks", ""); status != http.StatusBadRequest && status != http.StatusUnauthorized {
		t.Errorf("no token: %d %s", status, body)
	}

	node.CommandLine(t, ada, "token", "delete", "reader", "--yes")
	took := server.becomes(t, token, http.StatusUnauthorized)
	if took > 2*time.Second { // the bound, and what this machine takes to look
		t.Errorf("what was revoked was refused after %s; the bound is a second", took)
	}
	t.Logf("revoked: refused after %s", took)

	resume := node.Hang(t)
	took = server.becomes(t, other, http.StatusServiceUnavailable)
	if took > 2*time.Second {
		t.Errorf("without news it decided for %s; the bound is a second", took)
	}
	t.Logf("no news: closed after %s", took)
	resume()
	server.becomes(t, other, http.StatusOK)

	node.Stop(t)
	server.becomes(t, other, http.StatusServiceUnavailable)
}

// A node that starts again is another history, which is taken whole.
func TestNodeRestarts(t *testing.T) {
	node, server := begin(t, "5s")
	ada := node.Member(t, "ada@example.com", "Kitchen")
	node.Operator(t, "resource", "add", "notebook:nb-1", "--parent", "account:Kitchen")
	token := node.Token(t, ada, "--allow", "Notes Read on every notebook", "--name", "all")
	server.becomes(t, token, http.StatusOK)
	node.Restart(t)
	server.becomes(t, token, http.StatusOK)
	node.CommandLine(t, ada, "token", "delete", "all", "--yes")
	server.becomes(t, token, http.StatusUnauthorized)
}
