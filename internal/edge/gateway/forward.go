package gateway

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// forward sends the request that was decided, and its answer back.
func (g *Gateway) forward(w http.ResponseWriter, r *http.Request, u *upstream, v guard.Verdict, addr netip.Addr, body *requestBody) {
	ctx := r.Context()
	if guard.Needs(v.Operation)&guard.Effects != 0 {
		// A caller who goes away must not leave something that nobody knows of.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), g.Limits.Time)
		defer cancel()
	}
	flow := newStream(u.Timeouts.Idle, body.again)
	out := r.WithContext(ctx)
	out.RequestURI, out.Close = "", false
	if out.ContentLength == 0 {
		out.Body = nil
	}
	g.address(out, r, u, v, addr)
	answer, err := roundTrip(u.Transport, out)
	if err == nil {
		defer body.leave(w)
		defer answer.Body.Close()
		body.goOn(w)
		err = g.receive(ctx, answer, u, v)
	}
	if err != nil {
		body.leave(w)
		g.failed(w, v, body, err)
		return
	}
	g.pass(w, answer, flow)
}

// roundTrip asks the upstream. What the client does not say of itself nobody says for it.
func roundTrip(t http.RoundTripper, out *http.Request) (*http.Response, error) {
	if len(out.Header["User-Agent"]) == 0 {
		out.Header["User-Agent"] = []string{""} // or net/http gives its own
	}
	return t.RoundTrip(out)
}

// failed answers for an upstream that gave no answer, or none that can be passed on.
func (g *Gateway) failed(w http.ResponseWriter, v guard.Verdict, body *requestBody, err error) {
	f, ours := errors.AsType[*failure](err)
	denial, broken := body.failure()
	switch {
	case ours:
	case denial != nil:
		denial.Write(w)
		return
	case broken != nil:
		f = badBody(broken)
	default:
		f = unreachable(err)
	}
	g.fail(w, v, f)
}

// address makes out the request that goes to the upstream: in is what came from the client.
func (g *Gateway) address(out, in *http.Request, u *upstream, v guard.Verdict, addr netip.Addr) {
	said := saying{h: u.carried(in.Header, v), values: make([]string, 0, 6)}
	said.set(guard.TokenIDHeader, v.Credential.ID.String())
	said.set(guard.PrincipalHeader, v.Credential.Principal.String())
	u.aim(out, v.Path, v.RawQuery)
	if v.Operation.Items != nil || v.Operation.Creates != nil || v.Operation.Renames != nil {
		// What is to be read here must come whole and plain.
		for _, name := range []string{"Range", "If-Range", "If-None-Match", "If-Modified-Since"} {
			delete(said.h, name)
		}
		said.set("Accept-Encoding", "identity")
	}
	if addr.IsValid() {
		said.set("X-Forwarded-For", addr.String())
	}
	said.set("X-Forwarded-Host", in.Host)
	said.set("X-Forwarded-Proto", scheme(in, g.TrustedProxies))
	out.Header = said.h
	u.authenticate(out.Header)
}

// saying puts fields into a header that it says once each. Their values share one list.
type saying struct {
	h      http.Header
	values []string
}

func (s *saying) set(name, value string) {
	s.values = append(s.values, value)
	n := len(s.values)
	s.h[name] = s.values[n-1 : n : n] // one more goes elsewhere
}

// aim points a request at the upstream.
func (u *upstream) aim(out *http.Request, path, query string) {
	// Opaque goes out as it is, where Path would be encoded anew.
	out.URL = &url.URL{Scheme: u.URL.Scheme, Host: u.URL.Host, Opaque: u.base + path, RawQuery: query}
	out.Host = u.URL.Host
}

// authenticate says, last of all, that a request comes from the gateway.
func (u *upstream) authenticate(h http.Header) {
	if u.Credential.Name != "" {
		h.Set(u.Credential.Name, u.Credential.Value)
	}
}

// receive looks at an answer before the client does.
func (g *Gateway) receive(ctx context.Context, answer *http.Response, u *upstream, v guard.Verdict) error {
	switch {
	case answer.StatusCode == http.StatusUnauthorized:
		return refusedUs()
	case answer.StatusCode == http.StatusSwitchingProtocols:
		return brokenAnswer("upstream switches protocols unasked")
	}
	dropHops(answer.Header)
	g.cleanAnswer(answer.Header, u)
	if answer.StatusCode/100 != 2 {
		return nil
	}
	if v.Operation.Creates != nil {
		return g.registerCreated(ctx, answer, v)
	}
	if v.Operation.Deletes {
		return g.registerDeleted(ctx, v)
	}
	// The move first: it is what takes rights away.
	if v.Operation.Moves != nil {
		if err := g.Registry.Moved(ctx, v, v.Target.Resource, v.MovesTo); err != nil {
			return notNoted("moved", v, err)
		}
	}
	if v.Operation.Renames != nil {
		return g.registerRenamed(ctx, answer, v)
	}
	return nil
}

// registerRenamed reads the new name from the answer.
func (g *Gateway) registerRenamed(ctx context.Context, answer *http.Response, v guard.Verdict) error {
	data, err := wholeAnswer(answer, g.Limits.Answer)
	if err != nil {
		return notNoted("renamed", v, err)
	}
	name, err := textAt(data, v.Operation.Renames)
	if err == nil {
		err = g.Registry.Renamed(ctx, v, v.Target.Resource, name)
	}
	if err != nil {
		return notNoted("renamed", v, err)
	}
	replaceAnswer(answer, data)
	return nil
}

// notNoted is for what was done upstream and is not in the registry.
func notNoted(done string, v guard.Verdict, cause error) *failure {
	return &failure{status: http.StatusBadGateway, code: codeUnregistered, cause: cause,
		message: "The API behind this gateway " + done + " " + v.Target.Resource.String() + ", and the registry could not take note: ask the operator to put it right"}
}

// cleanAnswer takes out what the upstream cannot say in our name, and where it is.
func (g *Gateway) cleanAnswer(h http.Header, u *upstream) {
	delete(h, "Www-Authenticate")
	if g.Throttle != nil { // ours are set already
		delete(h, "Ratelimit")
		delete(h, "Ratelimit-Policy")
	}
	for name := range h {
		// Nor a field of framing in another spelling ("Content_length"), which some program takes for that.
		if beginsPlainly(name, "leastkey") || guard.Framing(name) && !guard.Plain(name) {
			delete(h, name)
		}
	}
	if set := h["Set-Cookie"]; len(set) > 0 {
		var cookies []string
		for _, cookie := range set {
			if name, _, _ := strings.Cut(cookie, "="); !strings.Contains(strings.ToLower(name), sessionCookie) {
				cookies = append(cookies, cookie)
			}
		}
		delete(h, "Set-Cookie")
		if len(cookies) > 0 {
			h["Set-Cookie"] = cookies
		}
	}
	if location := h.Get("Location"); location != "" {
		if to, err := url.Parse(location); err == nil && to.Host == u.URL.Host && to.Host != "" {
			h.Set("Location", strings.TrimPrefix(to.RequestURI(), u.base))
		}
	}
	// Caches in front share answers unless told, when the credential is not in Authorization.
	if len(h["Cache-Control"]) == 0 {
		h.Set("Cache-Control", "private")
	}
}

// registerCreated makes the new resource known before its maker hears of it.
func (g *Gateway) registerCreated(ctx context.Context, answer *http.Response, v guard.Verdict) error {
	data, err := wholeAnswer(answer, g.Limits.Answer)
	if err != nil {
		return notRegistered("", err)
	}
	id, err := textAt(data, v.Operation.Creates.ID)
	if err != nil {
		return notRegistered("", err)
	}
	name := ""
	if v.Operation.Creates.Name != nil {
		if name, err = textAt(data, v.Operation.Creates.Name); err != nil {
			return notRegistered(id, err)
		}
	}
	made, parent := leastkey.Resource{Type: v.Operation.Creates.Type, ID: id}, v.Target.Resource
	if made.Type == "" { // the target is what is made
		made.Type, parent = v.Target.Resource.Type, leastkey.Resource{}
		if on := v.Decided(); len(on.Ancestors) > 0 {
			parent = on.Ancestors[0]
		}
	}
	if err := g.Registry.Created(ctx, v, made, name, parent); err != nil {
		return notRegistered(id, err)
	}
	replaceAnswer(answer, data)
	return nil
}

func notRegistered(id string, cause error) *failure {
	what := "the new resource"
	if id != "" {
		what = "the new resource " + clip(id)
	}
	return &failure{status: http.StatusBadGateway, code: codeUnregistered, cause: cause,
		message: "The API behind this gateway made " + what + ", and it could not be registered: no token reaches it yet. Do not repeat the request; ask the operator to register it"}
}

// clip keeps what the upstream says out of messages at full length.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

func (g *Gateway) registerDeleted(ctx context.Context, v guard.Verdict) error {
	if err := g.Registry.Deleted(ctx, v, v.Target.Resource); err != nil {
		return notNoted("deleted", v, err)
	}
	return nil
}
