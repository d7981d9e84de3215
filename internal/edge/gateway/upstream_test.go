package gateway

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/vectors"
)

// several has operations for two hosts and for none, below several prefixes.
const several = `namespace: com.example.several
resources: {zone: {}}
permission_groups: [{id: 00000000000000000000000000000001, name: DNS Write, resource: zone}]
operations:
  - {route: "GET /v1/zones/{id}", any_of: [DNS Write], target: {zone: path.id}}
  - {route: "GET /v1/zones/{id}/x", any_of: [DNS Write], target: {zone: path.id}}
  - {route: "GET /v1x/zones/{id}", any_of: [DNS Write], target: {zone: path.id}}
  - {route: "GET /v2/zones/{id}", any_of: [DNS Write], target: {zone: path.id}}
  - {route: "GET dns.example.com/v1/zones/{id}", any_of: [DNS Write], target: {zone: path.id}}
  - {route: "GET dns.example.com/keys/{id}", any_of: [DNS Write], target: {zone: path.id}}
  - {route: "GET box.example.com/v1/zones/{id}", any_of: [DNS Write], target: {zone: path.id}}
`

func TestEachRequestGoesToTheUpstreamOfItsOperation(t *testing.T) {
	c, err := catalog.Load("several.yaml", []byte(several))
	if err != nil {
		t.Fatal(err)
	}
	w := edgetest.NewWorldOf(t, c, "DNS Write")
	apis := map[string]*edgetest.Upstream{}
	var upstreams []Upstream
	for _, u := range []Upstream{{Name: "rest"}, {Name: "one", Prefix: "/v1"}, {Name: "dns", Hosts: []string{"dns.example.com", "dns.example.net"}}, {Name: "keys", Hosts: []string{"dns.example.com"}, Prefix: "/keys"}} {
		apis[u.Name] = edgetest.StartUpstream(t)
		u.URL = apis[u.Name].URL
		upstreams = append(upstreams, u)
	}
	if err := Leads(c, upstreams); err != nil {
		t.Fatal(err)
	}
	config := Config{Guard: w.Guard, Upstreams: upstreams}
	g := newGateway(t, config)
	for i := range g.upstreams {
		g.upstreams[i].Credential = Header{edgetest.CredentialName, "key of " + g.upstreams[i].Name}
	}
	addr := serve(t, g)
	for _, test := range []struct{ host, path, want string }{
		{"api.example", "/v1/zones/{zone}", "one"},
		{"api.example", "/v1/zones/{zone}/x", "one"},
		{"api.example", "/v1x/zones/{zone}", "rest"},
		{"api.example", "/v2/zones/{zone}", "rest"},
		{"dns.example.com", "/v1/zones/{zone}", "dns"},
		{"DNS.Example.Com.", "/v1/zones/{zone}", "dns"},
		{"dns.example.com:8443", "/v1/zones/{zone}", "dns"},
		{"dns.example.com", "/keys/{zone}", "keys"},
		{"dns.example.com", "/v2/zones/{zone}", "rest"}, // an operation of any host is not the host's
		{"dns.example.net", "/v1/zones/{zone}", "one"},
		{"box.example.com", "/v1/zones/{zone}", "one"},
		{"dns.example.com.evil.example", "/v1/zones/{zone}", "one"},
		{"keys", "/v1/zones/{zone}", "one"},
		{"api.example", "/keys/{zone}", ""},
		{"dns.example.com", "/keys/../v1/zones/{zone}", ""},
		{"dns.example.com", "/V1/zones/{zone}", ""},
		{"dns.example.com", "//v1/zones/{zone}", ""},
		{"dns.example.com", "/keys%2f..%2fv1/zones/{zone}", ""},
		{"api.example", "/v1/zones/{other}", ""},
	} {
		answer, _ := send(t, addr, vectors.Sent{Method: "GET", Target: w.Fill(test.path), Host: test.host,
			Header: [][2]string{{"X-Forwarded-Host", "dns.example.com"}, {"Authorization", "Bearer " + w.Token.Reveal()}, {"Connection", "close"}}})
		seen := ""
		for name, api := range apis {
			requests, broken := api.Take()
			for _, r := range requests {
				seen += name
				if got := r.Values(edgetest.CredentialName); !slices.Equal(got, []string{"key of " + name}) {
					t.Errorf("%s%s: %s was given %q", test.host, test.path, name, got)
				}
				if got := r.Values("Host"); !slices.Equal(got, []string{api.URL.Host}) {
					t.Errorf("%s%s: %s was asked as %q", test.host, test.path, name, got)
				}
			}
			if len(broken) > 0 {
				t.Errorf("%s%s: %s got %q", test.host, test.path, name, broken)
			}
		}
		if seen != test.want || (answer.StatusCode == http.StatusOK) != (test.want != "") {
			t.Errorf("%s%s: %d, seen by %q; want %q", test.host, test.path, answer.StatusCode, seen, test.want)
		}
	}
}

func TestOperationsThatLeadNowhereOrToTwo(t *testing.T) {
	c, err := catalog.Load("several.yaml", []byte(several+`  - {route: "GET /{word}/zones/{id}/y", any_of: [DNS Write], target: {zone: path.id}}
`))
	if err != nil {
		t.Fatal(err)
	}
	at := &url.URL{Scheme: "http", Host: "a"}
	for name, test := range map[string]struct {
		upstreams []Upstream
		want      string
	}{
		"one for all": {[]Upstream{{URL: at}}, ""},
		"a prefix for some": {[]Upstream{{Name: "a", Prefix: "/v1"}},
			"GET /v1x/zones/{id} leads to no upstream: give one the prefix and the host of its route, or no hosts and no prefix"},
		"a host for some": {[]Upstream{{Name: "a", Hosts: []string{"dns.example.com"}}},
			"GET /v1/zones/{id} leads to no upstream: give one the prefix and the host of its route, or no hosts and no prefix"},
		"two alike": {[]Upstream{{Name: "a"}, {Name: "b"}},
			"the upstreams a and b take the same requests: give one of them another host or prefix"},
		"two for one host": {[]Upstream{{Name: "a", Hosts: []string{"x", "y"}, Prefix: "/v1"}, {Name: "b", Hosts: []string{"y"}, Prefix: "/v1"}},
			"the upstreams a and b take the same requests: give one of them another host or prefix"},
		"a parameter that chooses": {[]Upstream{{Name: "a"}, {Name: "b", Prefix: "/v3/zones"}},
			"GET /{word}/zones/{id}/y leads to the upstream a or b, as a parameter of its path has it: write a route for each, without that parameter"},
	} {
		got := ""
		if err := Leads(c, test.upstreams); err != nil {
			got, _, _ = strings.Cut(err.Error(), "\n")
		}
		if got != test.want {
			t.Errorf("%s: %s; want %s", name, got, test.want)
		}
	}
}

// Where a catalogue goes with its upstreams, every request that an operation matches lies under the
// prefix of the upstream that the operation leads to, and under no longer one of the same hosts.
func TestAnUpstreamGetsWhatLiesUnderItsPrefix(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "ab", "{p}"})
	rapid.Check(t, func(t *rapid.T) {
		template, seen := "/x", 0 // where Leastkey itself has nothing
		for _, s := range rapid.SliceOfN(segment, 1, 4).Draw(t, "route") {
			if s == "{p}" {
				seen++
				s = fmt.Sprintf("{p%d}", seen)
			}
			template += "/" + s
		}
		if seen == 0 {
			template += "/{p1}"
		}
		c, err := catalog.Load("my.yaml", []byte(`namespace: com.example.api
resources: {zone: {}}
permission_groups: [{id: 00000000000000000000000000000001, name: DNS Write, resource: zone}]
operations: [{route: "GET `+template+`", any_of: [DNS Write], target: {zone: path.p1}}]
`))
		if err != nil {
			t.Fatal(err)
		}
		fixed := rapid.SampledFrom([]string{"a", "b", "ab", "c"})
		var upstreams []Upstream
		for i, p := range rapid.SliceOfN(rapid.SliceOfN(fixed, 0, 3), 1, 4).Draw(t, "prefixes") {
			prefix := ""
			if len(p) > 0 {
				prefix = "/x/" + strings.Join(p, "/")
			}
			upstreams = append(upstreams, Upstream{Name: fmt.Sprint(i), Prefix: prefix})
		}
		if Leads(c, upstreams) != nil {
			t.Skip("they do not go together")
		}
		path := ""
		for _, s := range strings.Split(template, "/")[1:] {
			if s[0] == '{' {
				s = fixed.Draw(t, "value")
			}
			path += "/" + s
		}
		op, _, ok := c.Match("GET", "", path)
		if !ok {
			t.Skip("a parameter does not take that")
		}
		best := -1
		for i, u := range upstreams {
			if (path + "/")[:min(len(path)+1, len(u.Prefix)+1)] == u.Prefix+"/" && (best < 0 || len(u.Prefix) > len(upstreams[best].Prefix)) {
				best = i
			}
		}
		if got := route(upstreams, op); got != best {
			t.Fatalf("%s of %s goes to %d of %v; want %d", path, template, got, upstreams, best)
		}
	})
}
