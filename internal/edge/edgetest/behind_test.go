package edgetest

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/guard"
)

// proxy is a proxy in few lines that asks the guard; breaks are what it forgets, or does wrong.
type proxy struct {
	world            *World
	to               *httputil.ReverseProxy
	upstream, breaks string
}

func newProxy(w *World, upstream, breaks string) *proxy {
	return &proxy{w, &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: upstream})
	}, ErrorLog: log.New(io.Discard, "", 0)}, upstream, breaks}
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.RequestURI
	if p.breaks == "asks about another path" {
		before, query, _ := strings.Cut(target, "?")
		target = strings.ReplaceAll(path.Clean(before), "%2e%2e/", "") + "?" + query
	}
	v := p.world.Guard.Check(r.Context(), guard.Request{Method: r.Method, Host: r.Host, Target: target, Header: r.Header, Addr: guard.Peer(r), Can: guard.Headers})
	if v.Denial() != nil && p.breaks != "asks nobody" {
		v.Denial().Write(w)
		return
	}
	switch p.breaks {
	case "answers by itself":
		return
	case "leaves the credential":
		credential := r.Header.Get("Authorization")
		guard.Identify(r.Header, v)
		r.Header.Set("Authorization", credential)
	case "says nothing of whose it is":
		guard.Strip(r.Header)
	case "believes the client's identity":
		if r.Header.Get(guard.PrincipalHeader) == "" {
			guard.Identify(r.Header, v)
		}
	case "says twice whose it is":
		guard.Identify(r.Header, v)
		r.Header.Add(guard.TokenIDHeader, v.Credential.ID.String())
	case "says that it is somebody else's":
		guard.Identify(r.Header, v)
		r.Header.Set(guard.PrincipalHeader, "user "+p.world.AccountID.String())
	case "leaves an override":
		override := r.Header.Get("X-HTTP-Method-Override")
		guard.Identify(r.Header, v)
		r.Header.Set("X-HTTP-Method-Override", override)
	case "leaves cookies":
		cookie := r.Header.Get("Cookie")
		guard.Identify(r.Header, v)
		r.Header.Set("Cookie", cookie)
	default:
		guard.Identify(r.Header, v)
	}
	for name := range r.Header {
		if name != "Content-Length" && guard.Framing(name) || strings.ContainsAny(name, "_.") {
			delete(r.Header, name)
		}
	}
	if p.breaks != "forgets the upstream's credential" {
		r.Header.Set(CredentialName, CredentialValue)
	}
	switch p.breaks {
	case "decodes the path":
		r.URL.RawPath = ""
		r.URL.Path = strings.ReplaceAll(r.URL.Path, " ", "")
	case "shows the upstream's credential":
		r.Header.Set("X-A", strings.ReplaceAll(r.Header.Get("X-A"), "{env.API_KEY}", CredentialValue))
	case "loses the query":
		r.URL.RawQuery = ""
	case "reaches the other zone":
		r.URL.Path = strings.ReplaceAll(r.URL.Path, p.world.Zone.ID, p.world.Other.ID)
	case "changes the method":
		if r.Method == http.MethodPost {
			r.Method = http.MethodPut
		}
	case "loses the body":
		r = r.WithContext(r.Context())
		r.Body, r.ContentLength = http.NoBody, 0
	}
	if p.breaks == "asks once for a connection" {
		p.connect(w, r)
		return
	}
	p.to.ServeHTTP(w, r)
	if p.breaks == "sends twice" && r.ContentLength == 0 {
		p.to.ServeHTTP(nowhere{http.Header{}}, r)
	}
}

// connect hands on one request, and whatever follows it as it comes.
func (p *proxy) connect(w http.ResponseWriter, r *http.Request) {
	to, err := net.Dial("tcp", p.upstream)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer to.Close()
	if err := r.Write(to); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	c, more, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer c.Close()
	go func() { _, _ = io.Copy(to, more) }()
	_, _ = io.Copy(c, to)
}

// nowhere is where the answer to a second request goes.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(int)             {}

// The judge finds nothing wrong with a proxy that does what it must, and something with every one
// that does not.
func TestTryCanFail(t *testing.T) {
	for _, c := range []struct{ breaks, fault string }{
		{"does what it must", ""},
		{"asks nobody", "the token may not do that"},
		{"asks about another path", "the token may not do that"},
		{"answers by itself", "and the upstream saw 0 requests"},
		{"leaves the credential", "a credential of the caller"},
		{"says nothing of whose it is", "leastkey-principal is there 0 times"},
		{"believes the client's identity", "something forged"},
		{"says twice whose it is", "leastkey-token-id is there 2 times"},
		{"says that it is somebody else's", `Leastkey-Principal is "user `},
		{"leaves an override", "X-Http-Method-Override: DELETE"},
		{"leaves cookies", "something forged"},
		{"forgets the upstream's credential", "x-upstream-key is there 0 times"},
		{"decodes the path", `path "`},
		{"shows the upstream's credential", "the upstream's own credential is there 2 times"},
		{"loses the query", `query ""`},
		{"reaches the other zone", "the token may not do that"},
		{"changes the method", "PUT"},
		{"loses the body", `body ""`},
		{"asks once for a connection", "behind=it: leastkey-principal is there 0 times"},
		{"sends twice", "the upstream saw 2 requests"},
	} {
		t.Run(c.breaks, func(t *testing.T) {
			t.Parallel()
			w, r := NewWorld(t), &Reporter{}
			addr := startServer(t, newProxy(w, r.Start(t), c.breaks), func(l net.Listener) net.Listener { return l })
			tally, err := w.Try(Arrangement{Addr: addr, Take: r.Take, Keyed: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(tally)
			if c.fault == "" {
				for _, find := range tally.Finds {
					t.Error(find)
				}
				if tally.Forwarded < 40 || tally.Refused < 200 {
					t.Errorf("%v: that is not what an honest proxy does", tally)
				}
				return
			}
			if !slices.ContainsFunc(tally.Finds, func(f Find) bool { return strings.Contains(strings.Join(f.Faults, "; "), c.fault) }) {
				t.Errorf("a proxy that %s is not found: %d finds", c.breaks, len(tally.Finds))
			}
		})
	}
}
