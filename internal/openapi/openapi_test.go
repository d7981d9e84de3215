package openapi_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/openapi"
)

var update = flag.Bool("update", false, "write the golden file anew")

func importFile(t *testing.T, file string) ([]byte, openapi.Report) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	text, report, err := openapi.Import(data, openapi.Options{Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := openapi.Import(data, openapi.Options{Depth: 2})
	if err != nil || !bytes.Equal(text, again) {
		t.Fatalf("a second import differs: %v", err)
	}
	return text, report
}

// One document of our own, whole.
func TestGolden(t *testing.T) {
	text, report := importFile(t, "shop.yaml")
	golden := filepath.Join("testdata", "shop.golden.yaml")
	if *update {
		if err := os.WriteFile(golden, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || !bytes.Equal(text, want) {
		t.Errorf("%v; run with -update and look at the difference:\n%s", err, text)
	}
	if report.Decided+len(report.Undecided) != report.Operations {
		t.Errorf("%+v", report)
	}
}

// What a reader expects of the shop.
func TestShop(t *testing.T) {
	text, report := importFile(t, "shop.yaml")
	for _, want := range []string{
		`{list: shop}, items: {at: /shops, id: /id, name: /name}}`,
		`{create: shop, under: {account: caller}}, creates: {id: /shop/id, name: /shop/name}}`,
		`target: {shop: path.shop_id}, deletes: target}`,
		`{list: order, in: {shop: path.shop_id}}`,
		`"PUT /shops/{shop_id}/orders/{order_id}/lines/{line}", any_of: [Orders Write], target: {order: path.order_id, in: {shop: path.shop_id}}`,
		`target: {repo: path.owner/path.repo}`,
		`any_of: [Password Write]`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the catalogue does not have %s", want)
		}
	}
	reasons := map[string]string{}
	for _, u := range report.Undecided {
		reasons[u.Operation] = u.Reason
	}
	for operation, reason := range map[string]string{
		"GET /search": "no parameter", "GET /users/me": "no parameter",
		"GET /repos/{owner}/{repo}/files/{name}.{ext}": "neither plain text", "GET /notes": "several lists",
		"OPTIONS /notes/{note}": "method", "* /elsewhere/{id}": "not in the document",
	} {
		if !strings.Contains(reasons[operation], reason) {
			t.Errorf("%s: %q", operation, reasons[operation])
		}
	}
}

func TestSwagger(t *testing.T) {
	const doc = `{"swagger":"2.0","info":{"title":"Names"},"host":"dns.example.org","basePath":"/api","paths":{
"/zones":{"get":{"responses":{"200":{"schema":{"type":"array","items":{"$ref":"#/definitions/Zone"}}}}}},
"/zones/{zone_name}":{"get":{"responses":{}}}},
"definitions":{"Zone":{"properties":{"id":{"type":"string"},"name":{"type":"string"}}}}}`
	text, report, err := openapi.Import([]byte(doc), openapi.Options{Depth: 1})
	if err != nil {
		t.Fatal(err)
	}
	if report.Namespace != "org.example.dns" || report.Base != "/api" || !strings.Contains(string(text), `id: /name, name: /name`) {
		t.Errorf("%+v\n%s", report, text)
	}
}

func TestRefused(t *testing.T) {
	for doc, want := range map[string]string{
		"":                          "empty",
		"a: 1":                      "not an OpenAPI document",
		"openapi: 3.2.0\npaths: {}": "only 2.0, 3.0 and 3.1",
		"openapi: 3.0.0":            "no paths",
		"openapi: 3.0.0\npaths: {}": "no operation",
		`{"openapi":"3.0.0","paths":{"/a":{},"/a":{}}}`: "twice",
		"a: &a [*a]":      "contains itself",
		"a: {<<: {b: 1}}": "merge key",
		"openapi: 3.0.0\nservers: [{url: /a//b}]\npaths: {}": "cannot be a base",
	} {
		if _, _, err := openapi.Import([]byte(doc), openapi.Options{Depth: 2}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", doc, err)
		}
	}
}

// FuzzImport: nothing panics, what is accepted loads, every operation is decided or undecided, and no route of the
// catalogue matches the path of an undecided one.
func FuzzImport(f *testing.F) {
	shop, err := os.ReadFile(filepath.Join("testdata", "shop.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shop)
	f.Add([]byte(`{"swagger":"2.0","paths":{"/a/{b}":{"get":{}},"/a/b":{"get":{}},"/a/{c}/{d}":{"put":{"x-api-token-group":["A"]}}}}`))
	f.Add([]byte(`{"openapi":"3.0.0","paths":{"/accounts/{a}/b/{c}":{"delete":{"x-api-token-group":"A"}},"/{x}/{y}":{"get":{"tags":["null"]}}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, report, err := openapi.Import(data, openapi.Options{Depth: 2, Base: "/base"})
		if err != nil {
			if strings.HasPrefix(err.Error(), "the catalogue that was made:") {
				t.Fatalf("%v", err)
			}
			return
		}
		c, err := catalog.Load("made.yaml", text)
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if c.Own().Operations != report.Decided || report.Decided+len(report.Undecided) != report.Operations {
			t.Fatalf("%d rows, %+v", c.Own().Operations, report)
		}
		for _, u := range report.Undecided {
			method, path, _ := strings.Cut(u.Operation, " ")
			if strings.ContainsAny(path, "?# ") || !strings.HasPrefix(path, "/") || strings.Contains(u.Reason, "Leastkey") {
				continue
			}
			notTaken(t, c, method, strings.Split("/base"+strings.TrimSuffix(path, "/"), "/")[1:])
		}
	})
}

// notTaken makes requests that fit the undecided path, of everything that rows of the catalogue are fixed to. What
// matches one must be more exact than the path.
func notTaken(t *testing.T, c *catalog.Catalog, method string, path []string) {
	t.Helper()
	for _, op := range c.Operations() {
		row := strings.Split(op.Route[1:], "/")
		if op.Control || len(row) != len(path) {
			continue
		}
		request := ""
		for i, segment := range path {
			if !plain(segment) {
				segment = row[i]
			}
			if !plain(segment) {
				segment = "zz9"
			}
			request += "/" + segment
		}
		got, _, ok := c.Match(method, "", request)
		if !ok || got.Control {
			continue
		}
		won := strings.Split(got.Route[1:], "/")
		exact := false
		for i, segment := range path {
			if plain(segment) && !plain(won[i]) {
				t.Fatalf("%s %v is undecided, and %v takes %s", method, path, got, request)
			}
			exact = exact || !plain(segment) && plain(won[i])
		}
		if !exact {
			t.Fatalf("%s %v is undecided, and %v takes %s", method, path, got, request)
		}
	}
}

// plain reports whether a catalogue can have the segment as it is.
func plain(segment string) bool {
	return segment != "." && segment != ".." && regexp.MustCompile(`^[A-Za-z0-9._~:@$+!,=-]+$`).MatchString(segment)
}

// Paths that cross are both decided, but for the one request that fits both, and what is undecided keeps its requests.
func TestApart(t *testing.T) {
	const doc = `{"openapi":"3.1.0","info":{"title":"Sites"},"paths":{
"/sites/{id}":{"get":{"tags":["Site"]}},
"/{account}/sites":{"get":{"tags":["Site"]}},
"/sites/search":{"get":{"servers":[{"url":"https://elsewhere.example"}]}},
"/sites/{id}/{part}":{"put":{}},
"/sites/{id}/files":{"put":{"tags":["File"]}},
"/sites/{id}/{name}.{ext}":{"put":{}},
"/{account}/all/{x}":{"put":{}}}}`
	text, report, err := openapi.Import([]byte(doc), openapi.Options{Depth: 2})
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load("made.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"GET /sites/7": "/sites/{id}", "GET /acme/sites": "/{account}/sites", "GET /sites/sites": "", "GET /sites/search": "", "GET /sites/Search": "",
		"PUT /sites/7/files": "/sites/{id}/files", "PUT /sites/7/notes": "", "PUT /sites/all/a.b": "", "PUT /acme/all/x": "/{account}/all/{x}", "PUT /sites/all/x": "",
	} {
		method, path, _ := strings.Cut(request, " ")
		got := ""
		if op, _, ok := c.Match(method, "", path); ok {
			got = op.Route
		}
		if got != want {
			t.Errorf("%s: %q, not %q\n%s", request, got, want, text)
		}
	}
	if len(report.Undecided) != 3 {
		t.Errorf("%+v", report.Undecided)
	}
}

// What people choose is not taken for what the API gives out: whoever may name a project could else take
// another's.
func TestNamesAreNoIDs(t *testing.T) {
	for parameter, want := range map[string]string{"key": "", "uuid": "", "slug": "", "project_key": "", "project": "", "project_id": "", "name": "/name", "project_name": "/name", "identifier": "/identifier"} {
		text := strings.ReplaceAll(`{"openapi":"3.0.0","info":{"title":"T","version":"1"},"paths":{
"/projects":{"post":{"tags":["p"],"responses":{"201":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/P"}}}}}}},
"/projects/{ID}":{"get":{"tags":["p"],"parameters":[{"name":"ID","in":"path","required":true,"schema":{"type":"string"}}],"responses":{"200":{"description":"x"}}}}},
"components":{"schemas":{"P":{"type":"object","properties":{"id":{"type":"integer"},"identifier":{"type":"string"},"name":{"type":"string"}}}}}}`, "ID", parameter)
		out, _, err := openapi.Import([]byte(text), openapi.Options{Depth: 2})
		if err != nil {
			t.Fatal(err)
		}
		creates := strings.Contains(string(out), "creates: ")
		if creates != (want != "") || creates && !strings.Contains(string(out), "creates: {id: "+want) {
			t.Errorf("{%s}: want the id at %q:\n%s", parameter, want, out)
		}
	}
}
