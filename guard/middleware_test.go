package guard_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

const shopsYAML = `
namespace: com.example.shop
resources:
  shop: {}
permission_groups:
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c01, name: Shop Read, resource: shop}
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c02, name: Shop Write, resource: shop}
operations:
  - {route: "GET /shops/{shop}", any_of: [Shop Read], target: {shop: path.shop}}
  - {route: "GET /shops/{shop}/{a}/{b}", any_of: [Shop Read], target: {shop: path.shop}}
  - {route: "GET admin.example/shops/{shop}", any_of: [Shop Write], target: {shop: path.shop}}
  - {route: "PUT /shops/{shop}", any_of: [Shop Write], target: {shop: path.shop}}
  - {route: "POST /orders", any_of: [Shop Write], target: {shop: body./shop}}
`

// shop is a world of one shop that is the token's, and one that is not.
type shop struct {
	*leastkeytest.World
	token *leastkeytest.Credential
}

func newShop(t testing.TB, groups ...string) shop {
	t.Helper()
	c, err := catalog.Load("shops.yaml", []byte(shopsYAML))
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	acme, ada := w.Account("acme"), w.User("ada@example.com")
	w.Join(ada, acme, "Super Administrator")
	seven := w.Resource("shop", "7", acme.Resource())
	w.Resource("shop", "8", acme.Resource())
	return shop{w, w.Token(ada, leastkeytest.Allow(groups...).On(leastkey.PatternOne(seven)))}
}

func (s shop) header() string { return "Authorization: Bearer " + s.token.Secret.Reveal() + "\r\n" }

// What a ServeMux behind the guard routes is what was decided, however the host and the path come.
func TestMiddlewareRoutesWhatWasDecided(t *testing.T) {
	w := newShop(t, "Shop Read")
	mux := http.NewServeMux()
	tell := func(route string) {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s|%s|%s|%s|%s", route, r.Host, r.RequestURI, r.URL.RequestURI(), r.PathValue("shop"))
		})
	}
	tell("GET /shops/{shop}")
	tell("GET admin.example/shops/{shop}")
	tell("GET /shops/{shop}/{a}/{b}")
	tell("/")
	server := httptest.NewServer(w.Guard.Middleware(guard.MiddlewareOptions{})(mux))
	t.Cleanup(server.Close)
	for _, c := range []struct {
		host, target string
		status       int
		says         string
	}{
		{"a.example", "/shops/7", 200, "GET /shops/{shop}|a.example|/shops/7|/shops/7|7"},
		{"a.example", "/shops/7/", 200, "GET /shops/{shop}|a.example|/shops/7|/shops/7|7"},
		{"A.Example:8080", "/shops/7/?", 200, "GET /shops/{shop}|a.example:8080|/shops/7?|/shops/7?|7"},
		{"a.example.", "/shops/7?a=b&c=%2F", 200, "GET /shops/{shop}|a.example|/shops/7?a=b&c=%2F|/shops/7?a=b&c=%2F|7"},
		{"a.example:", "/shops/7", 200, "GET /shops/{shop}|a.example|/shops/7|/shops/7|7"},
		{"[2001:DB8::1]:80", "/shops/7", 200, "GET /shops/{shop}|[2001:db8::1]:80|/shops/7|/shops/7|7"},
		{"[2001:DB8::1]", "/shops/7", 200, "GET /shops/{shop}|[2001:db8::1]|/shops/7|/shops/7|7"},
		{"a.example", "/shops/7/%20/!$&'()*+,=:@", 200, "GET /shops/{shop}/{a}/{b}|a.example|/shops/7/%20/!$&'()*+,=:@|/shops/7/%20/!$&'()*+,=:@|7"},
		{"admin.example", "/shops/7", 403, ""},  // needs Shop Write
		{"ADMIN.example", "/shops/7", 403, ""},  // and would be another route to a ServeMux
		{"admin.example.", "/shops/7", 403, ""}, // as this
		{"admin.example:1", "/shops/7", 403, ""},
		{"a.example", "/shops/8", 403, ""},
		{"a.example", "//shops/7", 400, ""},
		{"a.example", "/shops//7", 400, ""},
		{"a.example", "/shops/8/../7", 400, ""},
		{"a.example", "/shops/8/%2E%2E/7", 400, ""},
		{"a.example", "/shops/7%2F", 400, ""},
		{"a.example", "/shops/%37", 400, ""},
		{"a.example", "http://b.example/shops/7", 400, ""},
		{"a.example", "/Shops/7", 404, ""},
		{"a.example", "/", 404, ""},
		{"a.example", "*", 400, ""},
	} {
		answer, body := sendRaw(t, server.Listener.Addr().String(), "GET", "GET "+c.target+" HTTP/1.1\r\nHost: "+c.host+"\r\n"+w.header()+"\r\n")
		if answer.StatusCode != c.status || c.status == 200 && string(body) != c.says {
			t.Errorf("%s %s: %d %q; want %d %q", c.host, c.target, answer.StatusCode, body, c.status, c.says)
		}
		if c.status == 200 && answer.Header.Get("Cache-Control") != "private" {
			t.Errorf("%s %s: Cache-Control %q", c.host, c.target, answer.Header.Get("Cache-Control"))
		}
	}
}

// No path that is let through looks another way to a ServeMux, which would redirect it or decode it
// to something else.
func TestMiddlewarePathsAreAsDecided(t *testing.T) {
	w := newShop(t, "Shop Read")
	segment := rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("ab7.%2EeF5c/\\;:@!~-_+ #[]")), 1, 6, -1),
		rapid.SampledFrom([]string{"%20", "a%5B", "%22b", "[c]", "%7B%7D", "~", "a+b", "...", "%2E"}))
	passed := 0
	rapid.Check(t, func(t *rapid.T) {
		target := "/shops/7/" + segment.Draw(t, "a") + "/" + segment.Draw(t, "b")
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return // no server lets it come this far
		}
		var decided string
		mux := http.NewServeMux()
		mux.HandleFunc("GET /shops/{shop}/{a}/{b}", func(http.ResponseWriter, *http.Request) {})
		h := w.Guard.Middleware(guard.MiddlewareOptions{})(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			v, _ := guard.VerdictFrom(r.Context())
			decided, passed = v.Path, passed+1
			if _, pattern := mux.Handler(r); pattern != "GET /shops/{shop}/{a}/{b}" || r.URL.EscapedPath() != v.Path {
				t.Errorf("%q was decided as %q; the handler has %q, routed to %q", target, v.Path, r.URL.EscapedPath(), pattern)
			}
			mux.ServeHTTP(out, r)
		}))
		r := w.token.Request("GET", "/", "")
		r.URL, r.RequestURI = u, target
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if decided != "" && rec.Code != http.StatusOK {
			t.Errorf("%q was decided as %q, and answered %d", target, decided, rec.Code)
		}
	})
	if passed == 0 {
		t.Error("nothing was let through: this shows nothing")
	}
}

// What chose a route, or rewrote the URL, before the guard decided has it refuse rather than decide
// something else than what is served.
func TestMiddlewareRefusesWhatWasRewritten(t *testing.T) {
	w := newShop(t, "Shop Read")
	serves := w.Guard.Middleware(guard.MiddlewareOptions{})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	routed := http.NewServeMux()
	routed.Handle("GET /shops/{shop}", serves)
	routed.Handle("GET /shops/", serves)
	for _, c := range []struct {
		name         string
		h            http.Handler
		host, target string
		want         int
	}{
		{"nothing in front", serves, "a.example", "/shops/7", 200},
		{"a prefix that was taken away", http.StripPrefix("/v1", serves), "a.example", "/v1/shops/7", 404},
		{"a prefix of what is a route", http.StripPrefix("/shops/7", serves), "a.example", "/shops/7/a/b", 400},
		{"another query", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.RawQuery = "x=y"
			serves.ServeHTTP(w, r)
		}), "a.example", "/shops/7", 400},
		{"no URL", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL = nil
			serves.ServeHTTP(w, r)
		}), "a.example", "/shops/7", 400},
		{"routed as it is decided", routed, "a.example:80", "/shops/7", 200},
		{"routed by a slash at the end", routed, "a.example", "/shops/7/", 400},
		{"routed by a host in another case", routed, "A.example", "/shops/7", 400},
	} {
		r := w.token.Request("GET", c.target, "")
		r.Host = c.host
		rec := httptest.NewRecorder()
		c.h.ServeHTTP(rec, r)
		if rec.Code != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, rec.Code, rec.Body, c.want)
		}
	}
}

// The handler hears whose request it is from the guard alone, and nothing of the credential; whoever
// is in front of the guard still has the request as it came.
func TestMiddlewareIdentifies(t *testing.T) {
	w := newShop(t, "Shop Read")
	var seen http.Header
	var verdict guard.Verdict
	h := w.Guard.Middleware(guard.MiddlewareOptions{})(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.Header
		verdict, _ = guard.VerdictFrom(r.Context())
		if r.Trailer != nil || strings.Contains(fmt.Sprint(r.Header), w.token.Secret.Reveal()) {
			t.Errorf("the handler gets %v, trailers %v", r.Header, r.Trailer)
		}
	}))
	r := w.token.Request("GET", "/shops/7", "")
	for _, name := range []string{"Leastkey-Principal", "Leastkey-Token-Id", "X-Leastkey-Role", "X-Auth-Key", "X-Forwarded-For", "X-Remote-User", "X-Http-Method-Override"} {
		r.Header.Set(name, "forged")
	}
	r.Header.Set("Connection", "keep-alive, Upgrade")
	r.Header.Set("Upgrade", "h2c")
	r.Header.Set("Http2-Settings", "forged")
	r.Header.Set("Host", "forged.example") // beside :authority, in HTTP/2
	r.Header.Set("X-Own", "kept")
	r.Trailer = http.Header{"Leastkey-Principal": {"forged"}}
	before := r.Header.Clone()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	want := http.Header{
		"Leastkey-Token-Id": {w.token.ID.String()}, "Leastkey-Principal": {verdict.Credential.Principal.String()}, "X-Own": {"kept"},
	}
	if rec.Code != 200 || fmt.Sprint(seen) != fmt.Sprint(want) {
		t.Errorf("%d; the handler sees %v, want %v", rec.Code, seen, want)
	}
	if fmt.Sprint(r.Header) != fmt.Sprint(before) {
		t.Errorf("in front of the guard the header became %v", r.Header)
	}
	if !verdict.Allowed() || verdict.Addr.String() != "192.0.2.1" || verdict.Operation.String() != "GET /shops/{shop}" {
		t.Errorf("verdict %+v", verdict)
	}
}

// Where there is no middleware there is no verdict that allows.
func TestNoVerdictWithoutMiddleware(t *testing.T) {
	if v, ok := guard.VerdictFrom(context.Background()); ok || v.Allowed() {
		t.Errorf("%+v, %t", v, ok)
	}
	if v := guard.VerdictNow(context.Background()); v.Allowed() || v.Denial().Status != 503 {
		t.Errorf("%+v", v)
	}
}

// pieces is a body that comes in pieces; before the last it does something.
type pieces struct {
	left   []string
	before func()
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	if len(p.left) == 1 && p.before != nil {
		p.before()
		p.before = nil
	}
	n := copy(b, p.left[0])
	if p.left[0] = p.left[0][n:]; p.left[0] == "" {
		p.left = p.left[1:]
	}
	return n, nil
}

// A body that comes slowly is decided by what holds when it is there, and the handler gets it whole.
func TestMiddlewareBodies(t *testing.T) {
	long := strings.Repeat(" ", 1<<20)
	for _, c := range []struct {
		name          string
		method, path  string
		body          []string
		options       guard.MiddlewareOptions
		revoke        bool // before the last piece
		want          int
		fails         error // when the handler reads
		length, reads int64
	}{
		{name: "decided by", method: "POST", path: "/orders", body: []string{`{"shop":`, `"7"}`}, want: 200, length: 12, reads: 12},
		{name: "decided by, and not the token's", method: "POST", path: "/orders", body: []string{`{"shop":`, `"8"}`}, want: 403},
		{name: "decided by, revoked meanwhile", method: "POST", path: "/orders", body: []string{`{"shop":`, `"7"}`}, revoke: true, want: 401},
		{name: "decided by, too long", method: "POST", path: "/orders", body: []string{`{"shop":"7"}`, long}, want: 413},
		{name: "longer than it may be", method: "PUT", path: "/shops/7", body: []string{"ab", "cd"}, options: guard.MiddlewareOptions{BodyLimit: 3}, want: 413},
		{name: "revoked meanwhile", method: "PUT", path: "/shops/7", body: []string{"a", "b"}, revoke: true, want: 401},
		{name: "long", method: "PUT", path: "/shops/7", body: []string{long, "abc"}, want: 200, length: -1, reads: 1<<20 + 3},
		{name: "long, revoked meanwhile", method: "PUT", path: "/shops/7", body: []string{long, "abc", "def"}, revoke: true, want: 200, length: -1, reads: 1<<20 + 3, fails: guard.ErrNoLongerAllowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newShop(t, "Shop Write")
			body := &pieces{left: c.body}
			if c.revoke {
				body.before = w.token.Revoke
			}
			r := w.token.Request(c.method, c.path, "")
			r.Header.Set("Content-Type", "application/json")
			r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(body), -1, []string{"chunked"}
			rec := httptest.NewRecorder()
			w.Guard.Middleware(c.options)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				data, err := io.ReadAll(r.Body)
				if int64(len(data)) != c.reads || !errors.Is(err, c.fails) || r.ContentLength != c.length {
					t.Errorf("the handler reads %d bytes, %v, of %d", len(data), err, r.ContentLength)
				}
				if c.fails != nil {
					if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, c.fails) || guard.VerdictNow(r.Context()).Allowed() {
						t.Errorf("it reads on: %v", err)
					}
				}
			})).ServeHTTP(rec, r)
			if rec.Code != c.want {
				t.Errorf("%d %s, want %d", rec.Code, rec.Body, c.want)
			}
		})
	}
}

// A handler can flush, and ask again whether it may still tell.
func TestMiddlewareKeepsTheWriter(t *testing.T) {
	w := newShop(t, "Shop Read")
	told, revoked := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(w.Guard.Middleware(guard.MiddlewareOptions{})(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(out, guard.VerdictNow(r.Context()).Allowed())
		if err := http.NewResponseController(out).Flush(); err != nil {
			t.Error(err)
		}
		close(told)
		<-revoked
		fmt.Fprintln(out, guard.VerdictNow(r.Context()).Allowed())
	})))
	t.Cleanup(server.Close)
	go func() {
		<-told
		w.token.Revoke()
		close(revoked)
	}()
	answer, body := sendRaw(t, server.Listener.Addr().String(), "GET", "GET /shops/7 HTTP/1.1\r\nHost: a.example\r\n"+w.header()+"\r\n")
	if answer.StatusCode != 200 || string(body) != "true\nfalse\n" {
		t.Errorf("%d %q", answer.StatusCode, body)
	}
}

// Over HTTP/2 all is the same.
func TestMiddlewareHTTP2(t *testing.T) {
	w := newShop(t, "Shop Read", "Shop Write")
	server := httptest.NewUnstartedServer(w.Guard.Middleware(guard.MiddlewareOptions{})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%d %s %s %s %v %s", r.ProtoMajor, r.Host, r.RequestURI, body, err, r.Header.Get("Authorization"))
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/shops/7/?a=b", "", "2 a.example:1 /shops/7?a=b  <nil> "},
		{"POST", "/orders", `{"shop":"7"}`, `2 a.example:1 /orders {"shop":"7"} <nil> `},
		{"POST", "/orders", `{"shop":"8"}`, "403"},
		{"GET", "//shops/7", "", "400"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, server.URL+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "A.example:1"
		w.token.Present(r.Header)
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if got := string(body); err != nil || answer.StatusCode == 200 && got != c.want || answer.StatusCode != 200 && fmt.Sprint(answer.StatusCode) != c.want {
			t.Errorf("%s %s: %d %q, want %q", c.method, c.path, answer.StatusCode, got, c.want)
		}
	}
}

// Whoever asks for another protocol is refused, and what comes behind is not read as a request.
func TestMiddlewareUpgradesNothing(t *testing.T) {
	w := newShop(t, "Shop Read")
	server := httptest.NewServer(w.Guard.Middleware(guard.MiddlewareOptions{Can: guard.AllAbilities})(http.NotFoundHandler()))
	t.Cleanup(server.Close)
	answer, body := sendRaw(t, server.Listener.Addr().String(), "GET",
		"GET /shops/7 HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+w.header()+"\r\n")
	if answer.StatusCode != http.StatusNotImplemented || !answer.Close || !strings.Contains(string(body), fmt.Sprint(api.CodeUnsupported)) {
		t.Errorf("%d, closes %t, %s", answer.StatusCode, answer.Close, body)
	}
}
