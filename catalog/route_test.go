package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/catalog"
)

// What a host has as a fixed segment no parameter takes in another case, of a route without a host either.
func TestMatchAcrossHosts(t *testing.T) {
	c, err := catalog.Load("my.yaml", []byte(head+`operations:
  - {route: "GET dns.example.com/v1/sites/special", any_of: [Site Read], target: {list: site}, items: {at: "", id: /id}}
  - {route: "GET dns.example.com/v1/{word}/pages", any_of: [Site Read], target: {list: site}, items: {at: "", id: /id}}
  - {route: "GET /v1/sites/{id}", any_of: [Site Read], target: {site: path.id}}
  - {route: "GET /v1/{kind}/{id}/pages", any_of: [Site Read], target: {site: path.id}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ host, path, want string }{
		{"dns.example.com", "/v1/sites/special", "dns.example.com/v1/sites/special"},
		{"dns.example.com", "/v1/sites/other", "/v1/sites/{id}"},
		{"dns.example.com", "/v1/sites/Special", ""},
		{"dns.example.com", "/v1/sites/Special/pages", ""},
		{"dns.example.com", "/v1/SITES/a/pages", ""},
		{"dns.example.com", "/v1/things/PAGES/pages", ""},
		{"other.example.com", "/v1/sites/Special", "/v1/sites/{id}"},
		{"", "/v1/sites/SPECIAL", "/v1/sites/{id}"},
	} {
		got := ""
		if op, _, ok := c.Match("GET", test.host, test.path); ok {
			got = op.Host + op.Route
		}
		if got != test.want {
			t.Errorf("GET %s%s: %q; want %q", test.host, test.path, got, test.want)
		}
	}
}

func TestMatch(t *testing.T) {
	c := defaults(t)
	const zone = "023e105f4ecef8ad9ca31a8372d0c353"
	tests := []struct {
		method, path string
		route        string // "" for no match
		params       string
	}{
		{"GET", "/client/v4/zones", "/client/v4/zones", ""},
		{"PATCH", "/client/v4/zones/" + zone + "/dns_records/7", "/client/v4/zones/{zone_id}/dns_records/{dns_record_id}", "zone_id=" + zone + " dns_record_id=7"},
		{"GET", "/client/v4/user/tokens/verify", "/client/v4/user/tokens/verify", ""},
		{"GET", "/client/v4/user/tokens/verif", "/client/v4/user/tokens/{token_id}", "token_id=verif"},
		{"DELETE", "/client/v4/user/tokens/verify", "/client/v4/user/tokens/{token_id}", "token_id=verify"},
		{"GET", "/client/v4/zones/" + zone + "/dns_records/export", "/client/v4/zones/{zone_id}/dns_records/export", "zone_id=" + zone},
		{"GET", "/client/v4/zones/%7Bzone_id%7D", "/client/v4/zones/{zone_id}", "zone_id=%7Bzone_id%7D"},

		{"GET", "/client/v4/user/tokens/VERIFY", "", ""},
		{"DELETE", "/client/v4/user/tokens/Verify", "", ""},
		{"GET", "/client/v4/zones/" + zone + "/dns_records/Export", "", ""},
		{"GET", "/client/v4/Zones", "", ""},
		{"GET", "/client/v4/zones/", "", ""},
		{"GET", "/client/v4/zones//dns_records", "", ""},
		{"GET", "//client/v4/zones", "", ""},
		{"GET", "client/v4/zones", "", ""},
		{"GET", "/zones", "", ""},
		{"GET", "/", "", ""},
		{"GET", "", "", ""},
		{"get", "/client/v4/zones", "", ""},
		{"OPTIONS", "/client/v4/zones", "", ""},
		{"", "/client/v4/zones", "", ""},
		{"GET", "/client/v4/zones/" + zone + "/dns_records/7/more", "", ""},
		{"GET", "/client/v4/zones/" + zone + "/unknown", "", ""},
	}
	for _, test := range tests {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			op, params, ok := c.Match(test.method, "", test.path)
			if !ok {
				if test.route != "" {
					t.Fatal("no match")
				}
				return
			}
			if op.Method != test.method || op.Route != test.route {
				t.Fatalf("matched %v", op)
			}
			for pair := range strings.FieldsSeq(test.params) {
				name, want, _ := strings.Cut(pair, "=")
				if got, ok := params.Value(name); !ok || got != want {
					t.Errorf("%s = %q, %v", name, got, ok)
				}
			}
			if _, ok := params.Value("other"); ok {
				t.Error("a parameter that the route does not have")
			}
		})
	}
	if !c.HasPath("/client/v4/zones") || c.HasPath("/client/v4/zone") || c.HasPath("/client/v4") || c.HasPath("") {
		t.Error("HasPath")
	}
	if _, ok := (catalog.Params{}).Value("x"); ok {
		t.Error("the zero Params have a value")
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	c := defaults(t)
	allocs := testing.AllocsPerRun(100, func() {
		_, params, _ := c.Match("PATCH", "", "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/372e67954025e0ba6aaa6d586b9e0b59")
		params.Value("zone_id")
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkMatch(b *testing.B) {
	c := defaults(b)
	for b.Loop() {
		c.Match("PATCH", "", "/client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/372e67954025e0ba6aaa6d586b9e0b59")
	}
}

// Random sets of short routes over a small alphabet: whether they load, and what they match, is
// what a naive reading of the rules says.
func TestMatchAgreesWithNaiveMatcher(t *testing.T) {
	paths := everyPath([]string{"a", "b", "c"}, 3)
	loaded, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		routes := rapid.SliceOfNDistinct(rapid.Custom(drawRoute), 1, 6, func(r route) string { return r.String() }).Draw(t, "routes")
		c, err := catalog.Load("random.yaml", []byte(siteCatalogue(routes)))
		if want := naiveAmbiguous(routes, paths); want != (err != nil) {
			t.Fatalf("ambiguous: %v; the catalogue: %v", want, err)
		}
		if err != nil {
			refused++
			return
		}
		loaded++
		for _, method := range []string{"GET", "PUT"} {
			for _, path := range paths {
				want := naiveMatch(routes, method, path)
				op, _, ok := c.Match(method, "", "/"+strings.Join(path, "/"))
				switch {
				case ok != (want != nil):
					t.Fatalf("%s %v: matched %v, want %v", method, path, op, want)
				case ok && op.String() != want.String():
					t.Fatalf("%s %v: matched %v, want %v", method, path, op, want)
				}
			}
		}
	})
	if loaded == 0 || refused == 0 {
		t.Errorf("%d loaded, %d refused: the property saw one side only", loaded, refused)
	}
}

// route is a template as the naive matcher sees it: "" is a parameter.
type route struct {
	method   string
	segments []string
	nobody   bool
}

func drawRoute(t *rapid.T) route {
	return route{
		method:   rapid.SampledFrom([]string{"GET", "PUT"}).Draw(t, "method"),
		segments: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "", ""}), 1, 3).Draw(t, "segments"),
		nobody:   rapid.IntRange(0, 2).Draw(t, "nobody") == 0,
	}
}

func (r route) String() string {
	s := r.method + " "
	for i, segment := range r.segments {
		if segment == "" {
			segment = fmt.Sprintf("{p%d}", i)
		}
		s += "/" + segment
	}
	return s
}

func (r route) matches(method string, path []string) bool {
	if r.method != method || len(r.segments) != len(path) {
		return false
	}
	for i, s := range r.segments {
		if s != "" && s != path[i] {
			return false
		}
	}
	return true
}

// beats reports whether r is fixed wherever other is.
func (r route) beats(other route) bool {
	for i := range r.segments {
		if r.segments[i] == "" && other.segments[i] != "" {
			return false
		}
	}
	return true
}

// naiveMatch gives the route that beats all others that match, nil when it is for nobody. Where only
// routes for nobody are left, none may beat the others.
func naiveMatch(routes []route, method string, path []string) *route {
	for _, r := range routes {
		if r.matches(method, path) && !slices.ContainsFunc(routes, func(other route) bool { return other.matches(method, path) && !r.beats(other) }) {
			if r.nobody {
				return nil
			}
			return &r
		}
	}
	return nil
}

func naiveAmbiguous(routes []route, paths [][]string) bool {
	for i, x := range routes {
		for _, y := range routes[:i] {
			if slices.ContainsFunc(paths, func(p []string) bool {
				return x.matches(x.method, p) && y.matches(x.method, p) && !x.beats(y) && !y.beats(x) && !(x.nobody && y.nobody) &&
					!slices.ContainsFunc(routes, func(r route) bool { return r.matches(x.method, p) && r.beats(x) && r.beats(y) })
			}) {
				return true
			}
		}
	}
	return false
}

func everyPath(words []string, most int) [][]string {
	paths, longest := [][]string(nil), [][]string{nil}
	for range most {
		var longer [][]string
		for _, p := range longest {
			for _, w := range words {
				longer = append(longer, append(slices.Clone(p), w))
			}
		}
		longest = longer
		paths = append(paths, longer...)
	}
	return paths
}

// siteCatalogue is a catalogue with these routes.
func siteCatalogue(routes []route) string {
	var b strings.Builder
	b.WriteString(head + "operations:\n")
	for _, r := range routes {
		if r.nobody {
			fmt.Fprintf(&b, "  - {route: %q, access: nobody}\n", r)
			continue
		}
		fmt.Fprintf(&b, "  - {route: %q, any_of: [Site Read], target: {list: site}, items: {at: \"\", id: /id}}\n", r)
	}
	return b.String()
}

// A parameter beside a fixed segment takes nothing that some upstream could take for that one.
func TestParametersLeaveFixedSegments(t *testing.T) {
	c, err := catalog.Load("shops.yaml", []byte(`
namespace: com.example.shop
resources:
  shop: {}
permission_groups:
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c01, name: Shop Read, resource: shop}
operations:
  - {route: "DELETE /shops/{shop}/items/{item}", any_of: [Shop Read], target: {shop: path.shop}}
  - {route: "DELETE /shops/{shop}/items/all", access: nobody}
  - {route: "DELETE /shops/{shop}/items/v1.2", access: nobody}
`))
	if err != nil {
		t.Fatal(err)
	}
	for item, want := range map[string]bool{
		"7": true, "allow": true, "7.all": true, "al": true, "all-in": true, ".all": true, "v1": true, "%61ll-in": true,
		"all": false, "ALL": false, "all.json": false, "All.JSON": false, "all.": false, "all%20": false, "all+": false, "all%2Ejson": false, "all;v=1": false, "all*": false,
		"all,": false, "all:": false, "%61ll": false, "%41LL.x": false, "v1.2": false, "V1.2": false,
	} {
		if _, _, got := c.Match("DELETE", "", "/shops/s/items/"+item); got != want {
			t.Errorf("%s: %t; want %t", item, got, want)
		}
	}
}
