package nodetest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// TestGlobalKeyOpensEveryRoute: e-mail and key of a user are good for every operation there is, and
// a well-formed key that is nobody's for none. Only verify is about tokens alone. What a request
// without a sensible body then fails for is the operation's own matter.
func TestGlobalKeyOpensEveryRoute(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	zone, certificate := leastkey.Resource{Type: "zone", ID: n.Ada.Zones[0]}, leastkey.Resource{Type: "certificate", ID: "1234567"}
	if _, err := n.Control.Register(t.Context(), control.Operator(), certificate, "", zone); err != nil {
		t.Fatal(err)
	}
	ids := strings.NewReplacer(
		"{account_id}", n.Ada.Account.String(), "{zone_id}", n.Ada.Zones[0], "{certificate_id}", certificate.ID,
	)
	for _, op := range n.Catalog.Operations() {
		path := strings.TrimPrefix(ids.Replace(op.Route), nodetest.Base)
		for strings.Contains(path, "{") { // any other id: one that is not there
			from, to := strings.Index(path, "{"), strings.Index(path, "}")
			path = path[:from] + strings.Repeat("0", 32) + path[to+1:]
		}
		if op.Method == http.MethodDelete && op.Deletes {
			path = strings.Replace(path, n.Ada.Zones[0], n.Ada.Zones[1], 1) // the others still need theirs
		}
		body := any(map[string]any{"account": map[string]string{"id": n.Ada.Account.String()}})
		if op.Method == http.MethodGet {
			body = nil
		}
		if strings.HasSuffix(op.Route, "/explain") {
			body = map[string]any{"method": "GET", "path": "/client/v4/user"}
		}
		unknown := n.Send(nodetest.Request(t, nodetest.Fields("X-Auth-Email", n.Ada.Email, "X-Auth-Key", strings.Repeat("0", 37)), op.Method, path, body))
		want := http.StatusUnauthorized
		if op.Access == catalog.ByCredential {
			want = http.StatusBadRequest
		}
		if unknown.Status != want {
			t.Errorf("%s with an unknown key: %d, want %d", op, unknown.Status, want)
		}
		answer := n.Send(nodetest.Request(t, n.Ada.ByKey(), op.Method, path, body))
		switch {
		case op.Access == catalog.ByCredential:
			if answer.Status != http.StatusBadRequest || !strings.Contains(string(answer.Body), `Missing \"Authorization\" header`) {
				t.Errorf("%s with a key: %d %s", op, answer.Status, answer.Body)
			}
		case answer.Status == http.StatusUnauthorized, answer.Status == http.StatusForbidden, answer.Status >= 500,
			strings.Contains(string(answer.Body), `"code":7000`):
			t.Errorf("%s with the key of %s: %d %s", op, n.Ada.Email, answer.Status, answer.Body)
		}
	}
}
