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
func credentials() [4]string {
	return [...]string{"authorization", "x-auth-email", "x-auth-key", "x-auth-user-service-key"}
}

// allow says what the request is to be like when Envoy forwards it: without what is not the client's
// to say, and with whose it is. A field is set or taken out, never both: the order is Envoy's.
func allow(r request, v guard.Verdict) *auth.CheckResponse {
	p := &permission{}
	known := credentials()
	p.ok.HeadersToRemove = append(p.out[:0], known[:]...)
	if !v.Owns("Cookie") {
		p.cookies(r.Header)
	}
	p.say(r.Header, guard.PrincipalHeader, "leastkey-principal", v.Credential.Principal.String())
	p.say(r.Header, guard.TokenIDHeader, "leastkey-token-id", v.Credential.ID.String())
	if r.Addr.IsValid() {
		p.say(r.Header, "X-Forwarded-For", "x-forwarded-for", r.Addr.String())
	}
	if r.Host != "" {
		p.say(r.Header, "X-Forwarded-Host", "x-forwarded-host", r.Host)
	}
	if r.scheme != "" {
		p.say(r.Header, "X-Forwarded-Proto", "x-forwarded-proto", r.scheme)
	}
	for name := range r.Header {
		upgrade := name == "Upgrade" || name == "Http2-Settings" // h2c: what else there is was refused
		if (upgrade || v.Owns(name)) && !slices.Contains(p.said[:], name) {
			p.remove(name)
		}
	}
	return p.answer()
}

// permission is the answer that allows, all of it in one piece of memory.
type permission struct {
	response auth.CheckResponse
	status   status.Status
	http     auth.CheckResponse_OkResponse
	ok       auth.OkHttpResponse

	options [maxSaid]core.HeaderValueOption // in the order of their names
	values  [maxSaid]core.HeaderValue
	fields  [maxSaid]*core.HeaderValueOption
	said    [maxSaid]string // names of fields that stay, set or as they came
	n, told int             // names, and fields
	out     [8]string       // names of those that are taken out, when they are no more
}

// maxSaid is how many fields Envoy may be told of: the identity, the origin and the cookies.
const maxSaid = 6

// say has the request have a field once, with this value. Envoy names it in lower case.
func (p *permission) say(h http.Header, name, lower, value string) {
	p.said[p.n] = name
	p.n++
	if values := h[name]; len(values) == 1 && values[0] == value {
		return
	}
	at := p.told
	p.told++
	p.values[at].Key, p.values[at].Value = lower, value
	p.options[at].Header, p.options[at].AppendAction = &p.values[at], core.HeaderValueOption_OVERWRITE_IF_EXISTS_OR_ADD
	p.fields[at] = &p.options[at]
}

// cookies has the request have the cookies that are not the dashboard's.
func (p *permission) cookies(h http.Header) {
	came, there := h["Cookie"]
	if !there {
		return
	}
	kept := http.Header{"Cookie": came}
	guard.Strip(kept)
	switch {
	case len(kept["Cookie"]) > 0:
		p.say(h, "Cookie", "cookie", kept["Cookie"][0])
	default:
		p.remove("Cookie")
	}
}

func (p *permission) remove(name string) {
	p.ok.HeadersToRemove = append(p.ok.HeadersToRemove, strings.ToLower(name))
}

func (p *permission) answer() *auth.CheckResponse {
	slices.Sort(p.ok.HeadersToRemove)
	p.ok.HeadersToRemove = slices.Compact(p.ok.HeadersToRemove)
	p.ok.Headers = p.fields[:p.told]
	p.status.Code = int32(codes.OK)
	p.http.OkResponse = &p.ok
	p.response.Status, p.response.HttpResponse = &p.status, &p.http
	return &p.response
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
