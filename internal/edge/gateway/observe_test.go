package gateway

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// One request is one observation, however often it is looked at while its body passes, and
// whatever pages a list is made of.
func TestOneRequestIsOneObservation(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"result":[],"result_info":{"page":1,"per_page":50,"total_pages":0,"count":0,"total_count":0},"success":true}`)
	}))
	t.Cleanup(upstream.Close)
	at, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	l := &listing{World: edgetest.NewWorldOf(t, c, "DNS Write", "Zone Read")}
	var told, allowed atomic.Int32
	l.Guard, err = guard.New(guard.Config{State: l.State, Brand: leastkey.DefaultBrand, Now: time.Now, Observe: func(o guard.Observation) {
		told.Add(1)
		if o.Allowed {
			allowed.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	l.addr = serve(t, newGateway(t, Config{Guard: l.Guard, Upstreams: to(at)}))
	const records = "/client/v4/zones/{zone}/dns_records"
	for _, c := range []struct {
		name, method, target, body string
		headers                    []string
		status                     int
		told, allowed              int32
	}{
		{"no body", "GET", records, "", nil, 200, 1, 1},
		{"body that is there at once", "POST", records, `{}`, nil, 200, 1, 1},
		{"body that passes in parts", "POST", records, strings.Repeat(" ", 3*aheadMost), nil, 200, 1, 1},
		{"list", "GET", "/client/v4/zones", "", nil, 200, 1, 1},
		{"refused", "DELETE", "/client/v4/zones/{zone}", "", nil, 403, 1, 0},
		{"refused, with a body", "PATCH", "/client/v4/zones/{zone}", `{}`, nil, 403, 1, 0},
		{"nothing presented", "GET", records, "", []string{"Accept: */*"}, 401, 0, 0},
	} {
		told.Store(0)
		allowed.Store(0)
		got := l.send(t, c.method, c.target, c.body, c.headers...)
		if got.status != c.status || told.Load() != c.told || allowed.Load() != c.allowed {
			t.Errorf("%s: %d, told of %d, %d allowed; want %d, %d, %d", c.name, got.status, told.Load(), allowed.Load(), c.status, c.told, c.allowed)
		}
	}
}
