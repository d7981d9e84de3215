package extauthz

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	envoytype "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"

	"github.com/leastkey/leastkey/guard"
)

// credentials are taken out of every request, so that a proxy that does not show them leaves none in.
func credentials() []string {
	return []string{"Authorization", "X-Auth-Email", "X-Auth-Key", "X-Auth-User-Service-Key"}
}

// allow says what the request is to be like when Envoy forwards it: without what is not the client's
// to say, and with whose it is. A field is set or taken out, never both: the order is Envoy's.
func allow(r request, v guard.Verdict) *auth.CheckResponse {
	want := r.Header.Clone()
	guard.Identify(want, v)
	want.Del("Upgrade") // h2c: what else there is was refused
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
	for _, name := range slices.Concat(slices.Collect(maps.Keys(r.Header)), credentials()) {
		if _, stays := want[name]; !stays {
			out[strings.ToLower(name)] = true
		}
	}
	ok.HeadersToRemove = slices.Sorted(maps.Keys(out))
	return &auth.CheckResponse{
		Status:       &status.Status{Code: int32(codes.OK)},
		HttpResponse: &auth.CheckResponse_OkResponse{OkResponse: ok},
	}
}

func set(name, value string) *core.HeaderValueOption {
	return &core.HeaderValueOption{
		Header:       &core.HeaderValue{Key: strings.ToLower(name), Value: value},
		AppendAction: core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD,
	}
}

// refuse has Envoy answer with the refusal of the contract.
func refuse(d *guard.Denial) *auth.CheckResponse {
	a := answer{header: http.Header{"Cache-Control": {"no-store"}}}
	d.Write(&a)
	denied := &auth.DeniedHttpResponse{Status: &envoytype.HttpStatus{Code: envoytype.StatusCode(a.status)}, Body: a.body.String()}
	for _, name := range slices.Sorted(maps.Keys(a.header)) {
		denied.Headers = append(denied.Headers, set(name, strings.Join(a.header[name], ", ")))
	}
	return &auth.CheckResponse{
		Status:       &status.Status{Code: int32(codeOf(a.status)), Message: d.Errors[0].Message},
		HttpResponse: &auth.CheckResponse_DeniedResponse{DeniedResponse: denied},
	}
}

// answer is a http.ResponseWriter that keeps what is written.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header            { return a.header }
func (a *answer) WriteHeader(status int)         { a.status = status }
func (a *answer) Write(body []byte) (int, error) { return a.body.Write(body) }
