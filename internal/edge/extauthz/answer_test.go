package extauthz

import (
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// plainly is allow in few words: the header as the guard would have it, compared with the one that came.
func plainly(r request, v guard.Verdict) *auth.CheckResponse {
	want := r.Header.Clone()
	guard.Identify(want, v)
	want.Del("Upgrade")
	want.Del("Http2-Settings")
	if r.Addr.IsValid() {
		want.Set("X-Forwarded-For", r.Addr.String())
	}
	if r.scheme != "" {
		want.Set("X-Forwarded-Proto", r.scheme)
	}
	if r.Host != "" {
		want.Set("X-Forwarded-Host", r.Host)
	}
	ok := &auth.OkHttpResponse{}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if values := want[name]; !slices.Equal(values, r.Header[name]) {
			ok.Headers = append(ok.Headers, set(name, strings.Join(values, ", ")))
		}
	}
	out := map[string]bool{}
	known := credentials()
	for _, name := range slices.Concat(slices.Collect(maps.Keys(r.Header)), known[:]) {
		if _, stays := want[http.CanonicalHeaderKey(name)]; !stays {
			out[strings.ToLower(name)] = true
		}
	}
	ok.HeadersToRemove = slices.Sorted(maps.Keys(out))
	return &auth.CheckResponse{Status: &status.Status{Code: int32(codes.OK)}, HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: ok}}
}

// Whatever came, Envoy is told to make of it what the guard would.
func TestAllowIsIdentify(t *testing.T) {
	w := edgetest.NewWorld(t)
	v := w.Guard.Check(t.Context(), guard.Request{Method: "GET", Host: "api.example", Target: w.Fill("/client/v4/zones/{zone}"), Header: http.Header{"Authorization": {"Bearer " + w.Token.Reveal()}}, Can: guard.Headers})
	if !v.Allowed() {
		t.Fatal(v.Denial())
	}
	names := rapid.SampledFrom([]string{
		"Accept", "Authorization", "Cookie", "Upgrade", "Http2-Settings", "Leastkey-Token-Id", "Leastkey-Principal", "Leastkey-Other", "X-Forwarded-For", "X-Forwarded-Host",
		"X-Forwarded-Proto", "X-Real-Ip", "X-Envoy-Internal", "X-Auth-Key", "X-Auth-User-Service-Key", "X-Http-Method-Override", "Traceparent", "X-A", "Leastkey_token_id", "x-odd name",
	})
	values := rapid.SampledFrom([]string{
		"", "a", "a=b; __Host-leastkey=x", "leastkey=x", "a=b; c=d", "https", "http", "api.example", "192.0.2.7", w.TokenID.String(), "user " + w.UserID.String(), "h2c",
	})
	rapid.Check(t, func(t *rapid.T) {
		r := request{Request: guard.Request{Header: http.Header(rapid.MapOf(names, rapid.SliceOfN(values, 1, 3)).Draw(t, "header"))}}
		r.Addr = rapid.SampledFrom([]netip.Addr{{}, netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")}).Draw(t, "address")
		r.scheme = rapid.SampledFrom([]string{"", "http", "https"}).Draw(t, "scheme")
		r.Host = rapid.SampledFrom([]string{"", "api.example", "other"}).Draw(t, "host")
		before := r.Header.Clone()
		if got, want := allow(r, v), plainly(r, v); !proto.Equal(got, want) {
			t.Fatalf("%v\nwant %v", got, want)
		}
		if !maps.EqualFunc(before, r.Header, slices.Equal) {
			t.Fatal("the header that came was changed")
		}
	})
}
