package powerdns

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

const api = "/api/v1/servers/localhost"

// A token for the records of one zone: they come, change and go, and nothing else does.
func TestOneZone(t *testing.T) {
	w := newWorld(t)
	token := w.Token(t, w.owner, "--name", "org", "--template", "Edit zone records", "--on", "zone:example.org.")
	zone := api + "/zones/example.org."
	for _, step := range []struct{ body, want string }{
		{rrset("REPLACE", "www.example.org.", "192.0.2.7"), "192.0.2.7"},
		{rrset("REPLACE", "www.example.org.", "192.0.2.8", "192.0.2.9"), "192.0.2.8\n192.0.2.9"},
		{rrset("DELETE", "www.example.org."), ""},
	} {
		if status, answer := w.ask(t, token, http.MethodPatch, zone, step.body); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, answer)
		}
		lines := strings.Split(w.dig(t, "www.example.org", "A"), "\n")
		slices.Sort(lines)
		if got := strings.Join(lines, "\n"); got != step.want {
			t.Errorf("dig says %q; want %q", got, step.want)
		}
	}
	if status, _ := send(t, http.MethodGet, w.URL+zone, "", "Authorization", "Bearer "+token); status != http.StatusOK {
		t.Errorf("as a bearer token it is answered with %d", status)
	}
	if seen := w.hop.take(t, token); len(seen) != 4 {
		t.Errorf("PowerDNS saw %q; want three changes and a look", seen)
	}

	for _, asked := range []struct {
		request, body string
		status        int
		says          string
	}{
		{"PATCH /api/v1/servers/localhost/zones/example.net.", rrset("REPLACE", "www.example.net.", "192.0.2.7"), 403, "needs DNS Write on zone example.net."},
		{"GET /api/v1/servers/localhost/zones/example.net.", "", 403, "zone example.net."},
		{"GET /api/v1/servers/localhost/zones/example.net./export", "", 403, "zone example.net."},
		{"GET /api/v1/servers/localhost/zones/example.org./cryptokeys", "", 403, "needs one of DNSSEC Keys Read, DNSSEC Keys Write on zone example.org."},
		{"GET /api/v1/servers/localhost/zones/example.org./cryptokeys/1", "", 403, "DNSSEC Keys Read"},
		{"POST /api/v1/servers/localhost/zones/example.org./cryptokeys", `{"keytype": "ksk", "active": true}`, 403, "DNSSEC Keys Write"},
		{"PUT /api/v1/servers/localhost/zones/example.org./metadata/ALLOW-AXFR-FROM", `{"metadata": ["0.0.0.0/0"]}`, 403, "Metadata Write"},
		{"PUT /api/v1/servers/localhost/zones/example.org.", `{"kind": "Master"}`, 403, "needs Zone Write on zone example.org."},
		{"DELETE /api/v1/servers/localhost/zones/example.org.", "", 403, "Zone Write"},
		{"POST /api/v1/servers/localhost/zones", `{"name": "new.example.", "kind": "Native", "nameservers": []}`, 403, "needs Zone Create on every zone of server localhost"},
		{"GET /api/v1/servers/localhost/config", "", 403, "Server Read"},
		{"GET /api/v1/servers/localhost/statistics", "", 403, "Server Read"},
		{"PUT /api/v1/servers/localhost/cache/flush?domain=example.org.", "", 403, "Server Write"},
		{"GET /api/v1/servers/localhost/tsigkeys", "", 403, "TSIG Keys Read"},
		{"GET /api/v1/servers/localhost/autoprimaries", "", 403, "Server Read"},
		{"GET /api/v1/servers/other/zones/example.org.", "", 403, ""},
		{"GET /api/v1/error", "", 404, ""},
		{"GET /api/docs", "", 404, ""},
		{"GET /metrics", "", 404, ""},

		// PowerDNS would take each of these for a zone; they are not how it writes them.
		{"GET /api/v1/servers/localhost/zones/example.net", "", 403, ""},
		{"GET /api/v1/servers/localhost/zones/EXAMPLE.NET.", "", 403, ""},
		{"GET /api/v1/servers/localhost/zones/=65xample.net.", "", 403, ""},
		{"GET /api/v1/servers/localhost/zones/example.org", "", 403, ""},
		{"GET /api/v1/servers/localhost/zones/Example.org.", "", 403, ""},
		{"GET /api/v1/servers/localhost/zones/example.org.=2E", "", 403, ""},
		{"GET /api/v1/servers/localhost/zones/example.org./../example.net.", "", 400, ""},
		{"GET /api/v1/servers/localhost/zones/example.org.%2F..%2Fexample.net.", "", 400, ""},
		{"GET /api/v1/servers/localhost/zones//example.net.", "", 400, ""},
		{"GET /api/v1/servers/LOCALHOST/zones", "", 403, ""},
	} {
		method, path, _ := strings.Cut(asked.request, " ")
		status, answer := w.ask(t, token, method, path, asked.body)
		var refusal struct {
			Success bool
			Errors  []struct{ Message string }
		}
		if err := json.Unmarshal([]byte(answer), &refusal); err != nil || refusal.Success || len(refusal.Errors) == 0 ||
			status != asked.status || !strings.Contains(refusal.Errors[0].Message, asked.says) {
			t.Errorf("%s: %d %s; want %d that says %q", asked.request, status, answer, asked.status, asked.says)
		}
	}
	if seen := w.hop.take(t, token); len(seen) > 0 {
		t.Errorf("PowerDNS saw %q of what was refused", seen)
	}
	if status, _ := w.ask(t, godKey, http.MethodGet, api+"/zones", ""); status != http.StatusUnauthorized {
		t.Errorf("the key of PowerDNS itself is answered with %d", status)
	}
}

// A record of another zone is none that a token for one zone can make through it.
func TestRecordsOutsideTheZone(t *testing.T) {
	w := newWorld(t)
	token := w.Token(t, w.owner, "--name", "org", "--template", "Edit zone records", "--on", "zone:example.org.")
	for _, name := range []string{"www.example.net.", "example.net.", "www.example.org.example.net.", "xexample.org."} {
		if status, answer := w.ask(t, token, http.MethodPatch, api+"/zones/example.org.", rrset("REPLACE", name, "192.0.2.66")); status/100 == 2 {
			t.Errorf("%s: %d %s", name, status, answer)
		}
		if got := w.dig(t, name, "A"); got != "" {
			t.Errorf("%s is %s", name, got)
		}
	}
}

func TestListsShowWhatTheTokenIsFor(t *testing.T) {
	w := newWorld(t)
	token := w.Token(t, w.owner, "--name", "org", "--template", "Read zone", "--on", "zone:example.org.")
	for path, least := range map[string]int{
		"/zones": 1, "/zones?dnssec=false": 1, "/zones?zone=example.org.": 1, "/zones?zone=example.net.": 0,
		"/search-data?q=*example*&max=100": 3, "/search-data?q=*example.net*&max=100": 0, // a zone, and its records
	} {
		status, answer := w.ask(t, token, http.MethodGet, api+path, "")
		var items []map[string]any
		if err := json.Unmarshal([]byte(answer), &items); err != nil || status != http.StatusOK || len(items) < least || least == 0 && len(items) > 0 || strings.Contains(answer, "example.net") {
			t.Errorf("%s: %d %s; want %d items or more, and none of the other zone", path, status, answer, least)
		}
	}
}

// Zones that are made and removed, through Leastkey and behind its back.
func TestZonesComeAndGo(t *testing.T) {
	w := newWorld(t)
	maker := w.Token(t, w.owner, "--name", "maker", "--allow", "Zone Create on every zone of account:DNS", "--allow", "Zone Write on every zone of account:DNS")
	status, answer := w.ask(t, maker, http.MethodPost, api+"/zones", `{"name": "new.example.", "kind": "Native", "nameservers": ["ns.new.example."]}`)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	editor := w.Token(t, w.owner, "--name", "editor", "--allow", "DNS Write on zone:new.example.", "--allow", "DNS Write on zone:example.org.")
	if status, answer := w.ask(t, editor, http.MethodPatch, api+"/zones/new.example.", rrset("REPLACE", "a.new.example.", "192.0.2.1")); status != http.StatusNoContent {
		t.Errorf("at once: %d %s", status, answer)
	}
	if got := w.dig(t, "a.new.example", "A"); got != "192.0.2.1" {
		t.Errorf("dig says %q", got)
	}
	if status, answer := w.ask(t, maker, http.MethodDelete, api+"/zones/new.example.", ""); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, answer)
	}
	w.direct(t, http.MethodPost, "/zones", `{"name": "new.example.", "kind": "Native", "nameservers": ["ns.new.example."]}`)
	w.known(t, "new.example.", true)
	for zone, want := range map[string]int{"new.example.": 403, "example.org.": 200} { // what came back is another zone
		if status, answer := w.ask(t, editor, http.MethodGet, api+"/zones/"+zone, ""); status != want {
			t.Errorf("%s: %d %s; want %d", zone, status, answer, want)
		}
	}
	w.direct(t, http.MethodDelete, "/zones/example.org.", "")
	w.known(t, "example.org.", false)
	w.direct(t, http.MethodPost, "/zones", `{"name": "example.org.", "kind": "Native", "nameservers": ["ns.example.org."]}`)
	w.known(t, "example.org.", true)
	if status, answer := w.ask(t, editor, http.MethodGet, api+"/zones/example.org.", ""); status == http.StatusOK {
		t.Errorf("a zone that came back behind Leastkey's back: %d %s", status, answer)
	}
}
