package guard

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// MiddlewareOptions say what is around the handler. The zero value is for a handler that faces its
// clients and only serves requests.
type MiddlewareOptions struct {
	// TrustedProxies are those whose X-Forwarded-For is believed: proxies in front, not networks
	// in which clients live.
	TrustedProxies []netip.Prefix

	// Can is what the handler does for operations that need it: Lists (it shows of a list only what
	// [Verdict.Sees]) and Effects (it has the registry told of what it made, renamed, moved and
	// deleted). Requests that need what is not here are answered with 501. Other abilities make no
	// difference: Bodies and Headers the middleware has itself, Upgrades and Control nothing here has.
	Can Ability

	// BodyLimit is in bytes; a handler that reads on gets an [http.MaxBytesError]. Zero means 100 MiB.
	BodyLimit int64
}

// Middleware decides every request before the handler sees it. What is refused is answered as the
// gateway would; [VerdictFrom] gives the handler the verdict on what is not.
//
// The handler gets the request that was decided: without credentials and whatever else [Identify]
// takes out, and says whose it is; with the path in its one spelling, without a slash at its end;
// with the host in lower case, and its port. So an [http.ServeMux] in it finds the route that was
// decided. It must be in front of whatever rewrites or routes: a request whose URL is no longer what
// came on the wire is refused.
//
// A request with a body of at most [Config.BodyLimit] bytes is decided when that is whole. With a
// longer one it is decided again at every read, which fails with [ErrNoLongerAllowed] from when the
// request is no longer allowed. Trailers are dropped.
//
// Connections are not upgraded. Answers are "Cache-Control: private" unless the handler says
// otherwise. The writer is the server's own, so that [http.ResponseController] works.
func (g *Guard) Middleware(o MiddlewareOptions) func(http.Handler) http.Handler {
	if o.BodyLimit == 0 {
		o.BodyLimit = 100 << 20
	}
	can := o.Can&(Lists|Effects) | Bodies | Headers
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if AsksUpgrade(r.Header) {
				// What comes behind was meant for another protocol.
				w.Header().Set("Connection", "close")
			}
			asked := Request{Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header, Can: can,
				Addr: ClientAddr(Peer(r), r.Header, o.TrustedProxies)}
			var body *requestBody
			if r.Body != nil && r.Body != http.NoBody {
				body = &requestBody{source: http.MaxBytesReader(w, r.Body, o.BodyLimit), most: g.bodyLimit}
				asked.Arrive, asked.Body = body.arrive, body.bytes
			}
			v := g.Check(r.Context(), asked)
			if v.Allowed() {
				v = oneRoute(v, r)
			}
			if d := v.Denial(); d != nil {
				d.Write(w)
				return
			}
			asked.Arrive = nil
			again := func() Verdict { return g.Recheck(r.Context(), asked) }
			decided, err := decidedRequest(r, v)
			if err != nil {
				unclear("the request target is no URL").Write(w)
				return
			}
			if body != nil {
				body.again = again
				decided.Body = body
				if body.whole {
					decided.ContentLength, decided.TransferEncoding = int64(len(body.ahead)), nil
				}
			}
			w.Header().Set("Cache-Control", "private")
			g.Warn(w.Header(), v)
			next.ServeHTTP(w, decided.WithContext(context.WithValue(r.Context(), passedKey{}, passed{v, again})))
		})
	}
}

// passedKey is where the context has what was passed on.
type passedKey struct{}

type passed struct {
	verdict Verdict
	again   func() Verdict
}

// VerdictFrom gives a handler behind [Guard.Middleware] the verdict on its request; false, and a
// verdict that refuses, where there is no middleware in front.
func VerdictFrom(ctx context.Context) (Verdict, bool) {
	p, ok := ctx.Value(passedKey{}).(passed)
	return p.verdict, ok
}

// VerdictNow decides the handler's request anew, by what holds now. It is for handlers that go on
// for long after the request came, such as one that sends events. Without a middleware in front it
// refuses.
func VerdictNow(ctx context.Context) Verdict {
	p, ok := ctx.Value(passedKey{}).(passed)
	if !ok {
		return Verdict{}
	}
	return p.again()
}

// oneRoute refuses what was decided when something in front would have it reach another handler:
// it rewrote the URL, or it chose a route by a spelling that is not the one that was decided.
func oneRoute(v Verdict, r *http.Request) Verdict {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	switch {
	case r.URL == nil || r.URL.EscapedPath() != path || r.URL.RawQuery != v.RawQuery:
		v.refuse(unclear("it was rewritten before it was decided; the guard must stand in front of what rewrites"))
	case r.Pattern != "" && (path != v.Path || hostWithPort(v.Host, r.Host) != r.Host):
		v.refuse(unclear("a route was chosen before it was decided, by another spelling of its host or path"))
	}
	return v
}

// decidedRequest is the request that was decided, for the handler. r stays as it is, for whoever is
// in front of the guard.
func decidedRequest(r *http.Request, v Verdict) (*http.Request, error) {
	target := v.Path
	if v.RawQuery != "" || r.URL.ForceQuery {
		target += "?" + v.RawQuery
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	out := *r
	out.URL, out.RequestURI, out.Host = u, target, hostWithPort(v.Host, r.Host)
	out.Header, out.Trailer = r.Header.Clone(), nil
	Identify(out.Header, v)
	for _, name := range []string{"Host", "Connection", "Proxy-Connection", "Keep-Alive", "Te", "Expect", "Upgrade", "Http2-Settings"} {
		delete(out.Header, name) // they are about the connection; h2c in a handler would go on without a guard
	}
	return &out, nil
}

// hostWithPort gives a canonical host the port that the client sent, and an address its brackets.
func hostWithPort(host, sent string) string {
	port := sent[strings.LastIndexByte(sent, ']')+1:]
	_, port, _ = strings.Cut(port, ":")
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return host
}
