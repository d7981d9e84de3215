package demo_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/demo"
)

// TestOnlyTheGateway: without exactly the upstream key, every route answers 403 and does nothing.
func TestOnlyTheGateway(t *testing.T) {
	w := start(t)
	for _, c := range []struct {
		keys []string
		want int
	}{{nil, 403}, {[]string{""}, 403}, {[]string{"x"}, 403}, {[]string{key + "x"}, 403}, {[]string{key, key}, 403}, {[]string{key, "x"}, 403}, {[]string{key}, 200}} {
		req := httptest.NewRequest("POST", "/client/v4/zones", strings.NewReader(fmt.Sprintf(`{"name":"made%d.example","account":{"id":%q}}`, c.want, account)))
		for _, k := range c.keys {
			req.Header.Add("Upstream-Key", k)
		}
		rec := httptest.NewRecorder()
		w.p.Handler().ServeHTTP(rec, req)
		if rec.Code != c.want || !json.Valid(rec.Body.Bytes()) {
			t.Errorf("%q: %d %s", c.keys, rec.Code, rec.Body)
		}
		if strings.Contains(rec.Body.String(), key) {
			t.Error("the key is in the answer")
		}
	}
	zones, err := w.p.Zones(t.Context())
	if err != nil || len(zones) != 2 {
		t.Errorf("%v %v", zones, err)
	}
	if _, err := demo.Open(t.Context(), demo.Config{Dir: t.TempDir()}); err == nil {
		t.Error("a product without an upstream key opens")
	}
}

func TestRouting(t *testing.T) {
	w := start(t)
	for _, path := range []string{"/zone", "/zones/staging.example", "/zones/" + strings.ToUpper(account), "/zones//dns_records", "{z}/dns_records/nope",
		"{z}/DNS_RECORDS", "{z}/dns_records/export/x", "{z}/%64ns_records", "{z}/settings/../dns_records", "/user/tokens/verify", "{z}//", "{z}/settings/SSL", "/"} {
		r := w.fails("GET", path, "", 404, 7003)
		if len(r.Errors) != 2 || r.Errors[1].Code != 7000 || r.Errors[1].Message != "No route for that URI" || !strings.HasPrefix(r.Errors[0].Message, "Could not route to /client/v4") {
			t.Errorf("%s: %s", path, r.raw)
		}
	}
	req := httptest.NewRequest("GET", "/zones", nil) // without the base path
	req.Header.Set("Upstream-Key", key)
	rec := httptest.NewRecorder()
	if w.p.Handler().ServeHTTP(rec, req); rec.Code != 404 {
		t.Error(rec.Body)
	}
	w.ok("GET", "/zones/", "", nil)
	w.ok("GET", "{z}/dns_records/", "", nil)
	w.ok("GET", "{z}/dns_records", "{}", nil)
	if r := w.do("HEAD", "{z}", ""); r.status != 200 || r.raw != "" {
		t.Error(r)
	}
	if r := w.fails("PUT", "/zones", `{}`, 405, 10405); r.header.Get("Allow") != "GET, POST" {
		t.Error(r.header)
	}
	w.fails("OPTIONS", "/zones", ``, 405, 10405)
	if r := w.fails("GET", "/zones/"+absent, "", 404, 1001); r.Errors[0].Message != "Invalid zone identifier" {
		t.Error(r.raw)
	}
	w.fails("GET", "/zones/"+absent+"/dns_records", "", 404, 1001)
	big := `{"type":"TXT","name":"x","content":"` + strings.Repeat("x", 5<<20) + `"}`
	w.fails("POST", "{z}/dns_records", big, http.StatusRequestEntityTooLarge, 10413)
}

// TestEveryRouteAnswers: each route of the table is served; none panics on an empty request.
func TestEveryRouteAnswers(t *testing.T) {
	w := start(t)
	seen := map[string]bool{}
	for _, r := range demo.Routes() {
		method, path, ok := strings.Cut(r, " ")
		if !ok || seen[r] {
			t.Errorf("route %q is malformed or comes twice", r)
		}
		seen[r] = true
		path = strings.NewReplacer("{zone_id}", w.zone.ID, "{account_id}", account, "{setting_id}", "ssl", "{certificate_id}", "12345678901234567890").Replace(path)
		for strings.Contains(path, "{") {
			i := strings.Index(path, "{")
			path = path[:i] + absent + path[i+strings.Index(path[i:], "}")+1:]
		}
		if method == "DELETE" && strings.Count(path, "/") == 2 {
			path = "/zones/" + absent
		}
		for _, body := range []string{"", "{}", "[]", "null", `"x"`, `[{}]`, `{"id":1,"name":2,"content":3}`} {
			if got := w.do(method, path, body); got.status >= 500 || got.status == 405 || len(got.Errors) > 0 && got.Errors[0].Code == 7003 {
				t.Errorf("%s with %q: %d %s", r, body, got.status, got.raw)
			}
		}
	}
}

func TestZones(t *testing.T) {
	w := start(t)
	var made struct {
		ID, Name, Status, Type string
		Paused                 bool
		Account                struct{ ID, Name string }
		NameServers            []string `json:"name_servers"`
	}
	r := w.ok("POST", "/zones", `{"name":"Production.Example.","account":{"id":"`+account+`","name":"junk"},"type":"full","jump_start":false}`, &made)
	if made.Name != "production.example" || made.Status != "active" || made.Account.ID != account || made.Account.Name != "Acme" || len(made.NameServers) != 2 {
		t.Errorf("%s", r.raw)
	}
	if raw := compact(t, r.Result); !strings.HasPrefix(raw, `{"id":"`+made.ID+`","name":"production.example"`) {
		t.Error(raw)
	}
	w.fails("POST", "/zones", `{"name":"production.example","account":{"id":"`+account+`"}}`, 400, 1061)
	w.fails("POST", "/zones", `{"name":"production.example","account":{"id":"`+account2+`"}}`, 400, 1061)
	for _, body := range []string{`{"account":{"id":"` + account + `"}}`, `{"name":"x.example"}`, `{"name":"x.example","account":{"id":"short"}}`,
		`{"name":"single","account":{"id":"` + account + `"}}`, `{"name":"a b.example","account":{"id":"` + account + `"}}`,
		`{"name":"x.example","account":"` + account + `"}`, `{"name":"x.example","account":{"id":"` + account + `"},"type":"odd"}`,
		`{"name":"x.example","Account":{"id":"` + account + `"}}`} {
		w.fails("POST", "/zones", body, 400, 1004)
	}
	w.fails("POST", "/zones", `{"name":"x.example","account":{"id":"`+account+`","id":"`+account2+`"}}`, 400, 6007)
	w.fails("POST", "/zones", `{"name":"x.example","account":{"id":"`+account+`"},"organization":{"id":"`+account2+`"}}`, 400, 1004)
	var old object
	w.ok("POST", "/zones", `{"name":"old.example","organization":{"id":"`+account+`","name":"","created_on":"0001-01-01T00:00:00Z"}}`, &old)
	w.ok("DELETE", "/zones/"+old["id"].(string), "", nil)
	// A zone inside another account's zone, or around it, would take its names over.
	for name, code := range map[string]int{"www.production.example": 1116, "example.com": 0, "a.b.staging.example": 1116} {
		body := `{"name":"` + name + `","account":{"id":"` + account2 + `"}}`
		if code == 0 {
			w.ok("POST", "/zones", body, nil)
			continue
		}
		w.fails("POST", "/zones", body, 400, code)
	}
	w.fails("POST", "/zones", `{"name":"www.example.com","account":{"id":"`+account+`"}}`, 400, 1116)
	w.ok("POST", "/zones", `{"name":"sub.staging.example","account":{"id":"`+account+`"}}`, nil)
	w.fails("POST", "/zones", `{"name":"notstaging","account":{"id":"`+account2+`"}}`, 400, 1004)
	w.ok("POST", "/zones", `{"name":"notstaging.example","account":{"id":"`+account2+`"}}`, nil)

	for query, want := range map[string]int{"": 5, "name=staging.example": 1, "name=staging.example.": 1, "name=STAGING.example": 1, "name=_acme-challenge.www.staging.example": 0,
		"status=active": 5, "status=pending": 0, "account.id=" + account: 3, "account.id=" + account + "&name=example.com": 0, "account.name=Acme": 3,
		"match=any&name=example.com&account.id=" + account: 4, "per_page=2": 2, "per_page=2&page=3": 1, "per_page=2&page=4": 0, "per_page=1000": 5, "order=name&direction=desc": 5} {
		var zones []struct{ Name string }
		r := w.ok("GET", "/zones?"+query, "", &zones)
		if len(zones) != want || r.Info.Count != want {
			t.Errorf("%s: %s", query, r.raw)
		}
		if query == "order=name&direction=desc" && zones[0].Name != "sub.staging.example" {
			t.Errorf("order: %v", zones)
		}
		if query == "per_page=2&page=3" && (r.Info.TotalCount != 5 || r.Info.TotalPages != 3) {
			t.Errorf("%+v", r.Info)
		}
	}

	w.ok("PATCH", "/zones/"+made.ID, `{"paused":true,"plan":{"id":"junk"},"name":"ignored.example","vanity_name_servers":[]}`, &made)
	if !made.Paused || made.Name != "production.example" {
		t.Errorf("%+v", made)
	}
	w.fails("PATCH", "/zones/"+made.ID, `{"vanity_name_servers":["ns.example"]}`, 400, 1004)
	w.fails("PATCH", "/zones/"+made.ID, `{"paused":"yes"}`, 400, 1004)

	w.ok("PATCH", "/zones/"+made.ID+"/settings/ssl", `{"value":"strict"}`, nil)
	w.ok("POST", "/zones/"+made.ID+"/dns_records", `{"type":"A","name":"@","content":"192.0.2.1"}`, nil)
	w.ok("POST", "/zones/"+made.ID+"/filters", `[{"expression":"true"}]`, nil)
	if r := w.ok("DELETE", "/zones/"+made.ID, "", nil); compact(t, r.Result) != `{"id":"`+made.ID+`"}` {
		t.Error(r.raw)
	}
	w.fails("GET", "/zones/"+made.ID, "", 404, 1001)
	if got := w.query("production.example", "A"); got.Rcode != 5 {
		t.Errorf("a deleted zone is still served: %v", got)
	}
	w.ok("POST", "/zones", `{"name":"production.example","account":{"id":"`+account+`"}}`, &made)
}

// TestRestart: what was answered is there after a restart, and the files are the owner's alone.
func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	p := open(t, dir)
	five := 5
	records := []demo.Record{{Type: "A", Name: "www", Content: "192.0.2.1", TTL: 300}, {Type: "MX", Name: "@", Content: "www", Priority: &five}}
	first, err := p.SeedZone(t.Context(), account, "Staging.Example", records)
	if err != nil || first.Name != "staging.example" || first.AccountID != account {
		t.Fatal(first, err)
	}
	if again, err := p.SeedZone(t.Context(), account2, "staging.example", nil); err != nil || again.ID != first.ID || again.AccountID != account {
		t.Errorf("seeding again: %v %v", again, err)
	}
	if _, err := p.SeedZone(t.Context(), account, "bad.example", []demo.Record{{Type: "A", Name: "www", Content: "nope"}}); err == nil {
		t.Error("a bad seed is accepted")
	}
	if err := p.PutAccount(t.Context(), "short", "x"); err == nil {
		t.Error("a bad account id is accepted")
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "demo.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	p = open(t, dir)
	defer p.Close()
	zones, err := p.Zones(t.Context())
	if err != nil || len(zones) != 1 || zones[0].ID != first.ID {
		t.Fatal(zones, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "demo.db")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	server := httptest.NewServer(p.Handler())
	defer server.Close()
	w := &world{TB: t, p: p, url: server.URL + "/client/v4", zone: zones[0]}
	var found []demo.Record
	w.ok("GET", "{z}/dns_records", "", &found)
	if len(found) != 2 || found[0].Name != "www.staging.example" || found[1].Content != "www" {
		t.Errorf("%+v", found)
	}
}

// TestConcurrentWrites: of many who make the same record at once, one succeeds, and no answer is an internal error.
func TestConcurrentWrites(t *testing.T) {
	w := start(t)
	results := make(chan int, 16)
	for range cap(results) {
		go func() {
			req, _ := http.NewRequest("POST", w.url+"/zones/"+w.zone.ID+"/dns_records", strings.NewReader(`{"type":"A","name":"a","content":"192.0.2.1"}`))
			req.Header.Set("Upstream-Key", key)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				results <- 0
				return
			}
			resp.Body.Close()
			results <- resp.StatusCode
		}()
	}
	var got []int
	for range cap(results) {
		got = append(got, <-results)
	}
	slices.Sort(got)
	if got[0] != 200 || got[1] != 400 || got[len(got)-1] != 400 {
		t.Error(got)
	}
}
