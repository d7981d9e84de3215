package proxy

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// world is Leastkey with the catalogue of the notes API, two notebooks, and tokens for one of them.
type world struct {
	*harness.Server
	owner  harness.User
	tokens map[string]string // name -> secret
	ids    map[string]string // name -> id
}

// newWorld starts it. Proxies may ask from 127.0.0.1 alone; clients of the tests come from other addresses too. keys
// are more of the catalogue.
func newWorld(t *testing.T, keys ...string) *world {
	t.Helper()
	catalog := strings.Join(keys, "\n") + "\n" + read(t, filepath.Join("..", "..", "examples", "notes", "catalog.yaml")) +
		`  - {route: "GET /notebooks/{id}/live", any_of: [Notes Read], target: {notebook: path.id}, upgrade: websocket}` + "\n"
	w := &world{tokens: map[string]string{}, ids: map[string]string{}, Server: harness.Serve(t, harness.Files{"catalog.yaml": catalog, "leastkey.yaml": `
listen: 127.0.0.1:0
data: data
catalog: catalog.yaml
upstream: {url: "http://127.0.0.1:9", credential: {header: X-Api-Key, env: NOTES_KEY}}
forward_auth: {listen: "127.0.0.1:0", proxies: [127.0.0.1]}
`}, "NOTES_KEY=another-key-that-no-proxy-has")}
	w.owner = w.Member(t, "ada@example.com", "Kitchen")
	for _, id := range []string{"nb-1", "nb-2"} {
		w.Operator(t, "resource", "add", "notebook:"+id, "--parent", "account:Kitchen")
	}
	for name, flags := range map[string][]string{
		"reader": {"--allow", "Notes Read on notebook:nb-1"},
		"writer": {"--allow", "Notes Write on notebook:nb-1", "--allow", "Notebooks Write on notebook:nb-1"},
		"placed": {"--allow", "Notes Read on notebook:nb-1", "--ip", "127.0.0.2/32"}, // works from one address only
	} {
		w.tokens[name] = w.Token(t, w.owner, append(flags, "--name", name)...)
	}
	var listed []harness.Token
	w.As(harness.GlobalKey(w.owner)).Call(t, http.MethodGet, "/user/tokens", nil).Want(t, http.StatusOK).Into(t, &listed)
	for _, token := range listed {
		w.ids[token.Name] = token.ID
	}
	return w
}

// at is where proxies ask, host:port.
func (w *world) at(t *testing.T) string {
	t.Helper()
	return strings.TrimPrefix(w.ForwardAuth(t), "http://")
}

// bearer is the header line with that token; none for "".
func (w *world) bearer(t *testing.T, name string) []string {
	t.Helper()
	switch secret, known := w.tokens[name]; {
	case known:
		return []string{"Authorization: Bearer " + secret}
	case name == "unknown":
		return []string{"Authorization: Bearer lkut_" + strings.Repeat("x", 44)}
	case name == "":
		return nil
	default:
		t.Fatalf("there is no token %q", name)
		return nil
	}
}

// envelope is the body of a refusal.
type envelope struct {
	Success  *bool
	Errors   []harness.Problem
	Messages []harness.Problem
}

func (r reply) envelope(t *testing.T) envelope {
	t.Helper()
	var e envelope
	if err := json.Unmarshal([]byte(r.text), &e); err != nil || e.Success == nil || *e.Success || len(e.Errors) == 0 || e.Messages == nil {
		t.Errorf("%d with a body that is no refusal of the contract: %s", r.StatusCode, r.text)
	}
	return e
}
