package gateway

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// What goes on of a client's header, and what is said beside it, is what Identify makes of a copy, less
// what is about the connection and what stands where the credential of the upstream will.
func TestCarriedIsIdentified(t *testing.T) {
	u, err := newUpstream(Upstream{URL: &url.URL{Scheme: "http", Host: "api.internal"}, Credential: Header{"X-Upstream-Key", "key"}})
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{}
	names := rapid.SampledFrom([]string{"Accept", "User-Agent", "Authorization", "X-Auth-Email", "X-Auth-Key", "Cookie", "Connection", "Keep-Alive", "Te", "Upgrade", "Content-Length",
		"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Leastkey-Token-Id", "Leastkey-Principal", "X-Upstream-Key", "X-Http-Method-Override", "X-Real-Ip", "X-Custom", "X_custom"})
	values := rapid.SampledFrom([]string{"", "a", "leastkey=1; b=2", "a=1;b=2 ;__Host-leastkey=x", "close, te"})
	rapid.Check(t, func(t *rapid.T) {
		in := httptest.NewRequest(http.MethodGet, "/", nil)
		for range rapid.IntRange(0, 12).Draw(t, "fields") {
			name := names.Draw(t, "name")
			in.Header[name] = append(in.Header[name], values.Draw(t, "value"))
		}
		came := in.Header.Clone()
		v := guard.Verdict{Operation: &catalog.Operation{}, Path: "/"}
		out := in.WithContext(t.Context())
		g.address(out, in, u, v, netip.MustParseAddr("203.0.113.7"))
		want := maps.Clone(in.Header)
		guard.Identify(want, v)
		for name := range want {
			if guard.Framing(name) || strings.EqualFold(name, "X-Upstream-Key") {
				delete(want, name)
			}
		}
		want["X-Forwarded-For"], want["X-Forwarded-Host"], want["X-Forwarded-Proto"] = []string{"203.0.113.7"}, []string{"example.com"}, []string{"http"}
		want["X-Upstream-Key"] = []string{"key"}
		if diff := cmp.Diff(want, out.Header); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
		for name := range out.Header { // one value must not grow into the next field's
			out.Header.Add(name, "more")
		}
		for name, values := range out.Header {
			if values[len(values)-1] != "more" || strings.Contains(strings.Join(values[:len(values)-1], ""), "more") {
				t.Fatalf("%s: %q", name, values)
			}
		}
		if diff := cmp.Diff(came, in.Header); diff != "" {
			t.Fatalf("what came was changed:\n%s", diff)
		}
	})
}

// What some program takes for a field of framing does not reach the client beside the real one.
func TestAnswersHaveOneFraming(t *testing.T) {
	h := http.Header{"Content-Length": {"2"}, "Content_length": {"9"}, "Transfer_Encoding": {"chunked"}, "Content-Type": {"text/plain"}, "X_custom": {"x"}}
	(&Gateway{}).cleanAnswer(h, &upstream{})
	if want := (http.Header{"Content-Length": {"2"}, "Content-Type": {"text/plain"}, "Cache-Control": {"private"}, "X_custom": {"x"}}); !maps.EqualFunc(h, want, slices.Equal) {
		t.Errorf("the client is given %v; want %v", h, want)
	}
}
