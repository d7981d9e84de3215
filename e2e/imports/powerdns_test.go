package imports

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/leastkeytest"
)

// PowerDNS's own document, Swagger 2.0, as Debian's pdns_server hands it out.
func TestPowerDNS(t *testing.T) {
	c := importDocument(t, powerDNSDocument(t))
	c.whole(t)

	w := leastkeytest.New(t, c.Catalog)
	acme := w.Account("acme")
	ada := w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	server := w.Resource("server", "localhost", acme.Resource())
	w.Resource("server", "second", acme.Resource())
	zone := w.Resource("zone", "example.org.", server)
	w.Resource("zone", "example.net.", server)
	tokens := map[string]*leastkeytest.Credential{
		"editor":     w.Token(ada, leastkeytest.Allow("Zones Write").On(leastkey.PatternOne(zone))),
		"reader":     w.Token(ada, leastkeytest.Allow("Zones Read", "Zonemetadata Read").On(leastkey.PatternOne(zone))),
		"host":       w.Token(ada, leastkeytest.Allow("Zones Write").On(leastkey.PatternUnder("zone", server))),
		"monitor":    w.Token(ada, leastkeytest.Allow("Stats Read").On(leastkey.PatternOne(server))),
		"everything": everything(w, acme),
	}
	c.expect(t, w, tokens, []ask{
		{"editor", "PATCH /servers/localhost/zones/example.org.", allowed},
		{"editor", "GET /servers/localhost/zones/example.org.", allowed},
		{"editor", "PUT /servers/localhost/zones/example.org./notify", allowed},
		{"editor", "GET /servers/localhost/zones", allowed}, // and cut to the one
		{"editor", "PATCH /servers/localhost/zones/example.net.", refused},
		{"editor", "PATCH /servers/second/zones/example.org.", refused}, // it is not there
		{"editor", "POST /servers/localhost/zones", refused},
		{"editor", "GET /servers/localhost/zones/example.org./cryptokeys/1", refused},
		{"editor", "GET /servers/localhost/config", refused},
		{"editor", "PUT /servers/localhost/cache/flush", refused},
		{"editor", "GET /servers/localhost/search-data?q=*", refused},

		{"reader", "GET /servers/localhost/zones/example.org./export", allowed},
		{"reader", "GET /servers/localhost/zones/example.org./metadata/ALLOW-AXFR-FROM", allowed},
		{"reader", "PATCH /servers/localhost/zones/example.org.", refused},
		{"reader", "DELETE /servers/localhost/zones/example.org.", refused},
		{"reader", "PUT /servers/localhost/zones/example.org./metadata/ALLOW-AXFR-FROM", refused},

		{"host", "POST /servers/localhost/zones", allowed},
		{"host", "DELETE /servers/localhost/zones/example.net.", allowed},
		{"host", "POST /servers/second/zones", refused},

		{"monitor", "GET /servers/localhost/statistics", allowed},
		{"monitor", "GET /servers/second/statistics", refused},
		{"monitor", "GET /servers/localhost/zones", refused},

		{"everything", "GET /servers/localhost/tsigkeys", allowed},
		{"everything", "GET /error", unplaced},
	})
}

// powerDNSDocument starts PowerDNS on loopback with an empty database, and keeps what it says of itself.
func powerDNSDocument(t *testing.T) string {
	t.Helper()
	const key = "for this test alone"
	web := harness.StartPowerDNS(t, key).API
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+web+"/api/docs", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("X-API-Key", key)
	request.Header.Set("Accept", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	document, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", response.Status, err, document)
	}
	file := filepath.Join(t.TempDir(), "powerdns.json")
	if err := os.WriteFile(file, document, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
