package gateway

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// The gateway asks for a list as itself, and takes every page of it or nothing.
func TestList(t *testing.T) {
	z := &zones{}
	for i := range 120 {
		z.ids = append(z.ids, fmt.Sprintf("%032x", i))
	}
	var head http.Header
	var target string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head, target = r.Header.Clone(), r.URL.Path
		z.ServeHTTP(w, r)
	}))
	t.Cleanup(upstream.Close)
	at, err := url.Parse(upstream.URL + "/base")
	if err != nil {
		t.Fatal(err)
	}
	world := edgetest.NewWorld(t)
	g := newGateway(t, Config{Guard: world.Guard, Upstreams: to(at)})
	op, _, _ := world.State.Catalog().Match("GET", "", "/client/v4/zones")
	name, err := catalog.ParsePointer("/name")
	if err != nil {
		t.Fatal(err)
	}

	var ids []string
	err = g.List(t.Context(), op, "dns.example", "/client/v4/zones?status=active", name, func(id, name string) {
		ids = append(ids, id)
		if name != "z<>" {
			t.Errorf("%s is called %q", id, name)
		}
	})
	if err != nil || !slices.Equal(ids, z.ids) {
		t.Errorf("%d items, %v; want %d", len(ids), err, len(z.ids))
	}
	if target != "/base/client/v4/zones" || !strings.HasPrefix(z.queries[0], "status=active&page=1&per_page=") {
		t.Errorf("asked for %s?%s", target, z.queries[0])
	}
	if got := head[edgetest.CredentialName]; !slices.Equal(got, []string{edgetest.CredentialValue}) {
		t.Errorf("asked with the keys %q", got)
	}
	for name := range head {
		if strings.HasPrefix(name, "Leastkey-") || name == "Authorization" {
			t.Errorf("asked with %s", name)
		}
	}

	shrink := func(page int) {
		if page == 2 {
			z.ids = z.ids[:len(z.ids)-1]
		}
	}
	again := func() error {
		return g.List(t.Context(), op, "", "/client/v4/zones", nil, func(string, string) {})
	}
	z.between = shrink
	if err := again(); err == nil {
		t.Error("a list that changes while it is read: no error")
	}
	upstream.Close()
	if err := again(); err == nil {
		t.Error("an upstream that is not there: no error")
	}
}
