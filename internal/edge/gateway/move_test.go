package gateway

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// What the upstream renamed and moved is told to the registry before the caller hears of it, and
// not when the upstream refused.
func TestRenamesAndMovesAreRegistered(t *testing.T) {
	c, err := catalog.Load("moves.yaml", []byte(`namespace: com.example.api
resources: {zone: {}}
permission_groups: [{id: 5c0e8f0e6c1b4a7d9b0d3f4a2e1c7a01, name: Zone Write, resource: zone}]
operations:
  - {route: "PATCH /zones/{id}", any_of: [Zone Write], target: {zone: path.id}, renames: {name: /zone/name}}
  - {route: "POST /zones/{id}/move", any_of: [Zone Write], target: {zone: path.id}, moves: {under: {account: body./to}}, renames: {name: /zone/name}}
`))
	if err != nil {
		t.Fatal(err)
	}
	status := http.StatusOK
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"zone":{"name":"new name"}}`)
	}))
	defer upstream.Close()
	at, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	world, known := edgetest.NewWorldOf(t, c, "Zone Write"), &registry{}
	g := newGateway(t, Config{Guard: world.Guard, Upstreams: to(at), Registry: known, Log: slog.New(slog.DiscardHandler)})
	send := func(method, path, body string, want int) {
		t.Helper()
		r := httptest.NewRequest(method, world.Fill(path), strings.NewReader(world.Fill(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Auth-Key", world.Key.Reveal())
		r.Header.Set("X-Auth-Email", edgetest.Email)
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
		}
	}
	account := leastkey.AccountOf(world.AccountID).Resource()
	send(http.MethodPatch, "/zones/{zone}", "", http.StatusOK)
	if len(known.renamed) != 1 || known.renamed[0] != (created{resource: world.Zone, name: "new name"}) {
		t.Errorf("renamed %v", known.renamed)
	}
	send(http.MethodPost, "/zones/{zone}/move", `{"to":"{account}"}`, http.StatusOK)
	if len(known.moved) != 1 || known.moved[0] != (created{resource: world.Zone, parent: account}) || len(known.renamed) != 2 {
		t.Errorf("moved %v, renamed %v", known.moved, known.renamed)
	}
	send(http.MethodPost, "/zones/{zone}/move", `{"to":"0123456789abcdef0123456789abcdef"}`, http.StatusForbidden)
	status = http.StatusConflict
	send(http.MethodPost, "/zones/{zone}/move", `{"to":"{account}"}`, http.StatusConflict)
	if len(known.moved) != 1 {
		t.Errorf("moved %v; want what was refused to stay where it is", known.moved)
	}
	status, known.fails = http.StatusOK, errors.New("disk full")
	send(http.MethodPost, "/zones/{zone}/move", `{"to":"{account}"}`, http.StatusBadGateway)
}
