package harness_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// A served node is told what there is, makes a token, and knows both after a restart.
func TestServe(t *testing.T) {
	catalog, err := os.ReadFile("../../examples/notes/catalog.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := harness.Serve(t, harness.Files{"catalog.yaml": string(catalog), "leastkey.yaml": `
listen: 127.0.0.1:0
data: data
catalog: catalog.yaml
upstream: {url: "http://127.0.0.1:9", credential: {header: X-Api-Key, env: NOTES_KEY}}
forward_auth: {listen: "127.0.0.1:0", proxies: [127.0.0.1]}
`}, "NOTES_KEY=the-key-that-the-api-knows")
	ada := s.Member(t, "ada@example.com", "Kitchen")
	s.Operator(t, "resource", "add", "notebook:nb-1", "--parent", "account:Kitchen")
	token := s.Token(t, ada, "--allow", "Notes Read on notebook:nb-1")
	s.Restart(t)
	s.As(harness.Bearer(token)).Verify(t).Want(t, http.StatusOK)
	if at := s.ForwardAuth(t); !strings.HasPrefix(at, "http://127.0.0.1:") {
		t.Errorf("proxies ask at %q", at)
	}
	if n := s.Ledger.Secrets(); n != 4 { // the upstream's key, a password, a Global API Key, a token
		t.Errorf("the ledger knows %d secrets", n)
	}
}
