package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"pgregory.net/rapid"
)

// behind is a gateway in front of a handler, with what it registers and logs.
type behind struct {
	*listing
	registry *registry
	log      *strings.Builder
}

func newBehind(t *testing.T, upstream http.HandlerFunc) *behind {
	t.Helper()
	server := httptest.NewServer(upstream)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	b := &behind{listing: &listing{World: edgetest.NewWorld(t)}, registry: &registry{}, log: &strings.Builder{}}
	b.addr = serve(t, newGateway(t, Config{Guard: b.Guard, Upstreams: to(at), Registry: b.registry,
		Log: slog.New(slog.NewTextHandler(b.log, nil))}))
	return b
}

const newZone = "fedcba9876543210fedcba9876543210"

// creates answers the creation of a zone.
func creates(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Upstream", "1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestCreateIsRegisteredBeforeItIsAnswered(t *testing.T) {
	const said = `{"result": {"id": "` + newZone + `", "name": "new.example"}, "success": true}`
	b := newBehind(t, creates(http.StatusOK, said))
	got := b.send(t, http.MethodPost, "/client/v4/zones", b.Fill(`{"name":"new.example","account":{"id":"{account}"}}`), byKey...)
	if got.status != http.StatusOK || got.body != said || got.header.Get("X-Upstream") != "1" {
		t.Fatalf("%d %v %s; want the upstream's own answer", got.status, got.header, got.body)
	}
	want := []created{{leastkey.Resource{Type: "zone", ID: newZone}, "new.example", leastkey.AccountOf(b.AccountID).Resource()}}
	if !reflect.DeepEqual(b.registry.created, want) {
		t.Errorf("registered %v; want %v", b.registry.created, want)
	}
}

func TestCreateThatCannotBeRegistered(t *testing.T) {
	good := `{"result":{"id":"` + newZone + `","name":"new.example"}}`
	for name, c := range map[string]struct {
		body  string
		fails error
	}{
		"registry fails":  {good, errors.New("zone is known under another account")},
		"no id":           {`{"result":{"name":"new.example"}}`, nil},
		"no name":         {`{"result":{"id":"` + newZone + `"}}`, nil},
		"no JSON":         {`made`, nil},
		"nothing":         {``, nil},
		"two ids":         {`{"result":{"id":"` + newZone + `","id":"0","name":"a"}}`, nil},
		"id is an object": {`{"result":{"id":{},"name":"a"}}`, nil},
		"too long":        {`{"result":{"id":"` + newZone + `","name":"` + strings.Repeat("a", 33<<20) + `"}}`, nil},
	} {
		b := newBehind(t, creates(http.StatusOK, c.body))
		b.registry.fails = c.fails
		got := b.send(t, http.MethodPost, "/client/v4/zones", b.Fill(`{"name":"new.example","account":{"id":"{account}"}}`), byKey...)
		if got.status != http.StatusBadGateway || !strings.Contains(got.body, "could not be registered") || len(b.registry.created) > 0 {
			t.Errorf("%s: %d %.200s; want 502", name, got.status, got.body)
		}
		if c.fails != nil && (!strings.Contains(got.body, newZone) || strings.Contains(got.body, c.fails.Error()) || !strings.Contains(b.log.String(), c.fails.Error())) {
			t.Errorf("%s: %s; want the id, and the cause in the log alone: %s", name, got.body, b.log)
		}
	}
}

func TestCreateThatTheUpstreamRefusesIsNotRegistered(t *testing.T) {
	const said = `{"result":{"id":"` + newZone + `","name":"a"},"success":false}`
	b := newBehind(t, creates(http.StatusBadRequest, said))
	got := b.send(t, http.MethodPost, "/client/v4/zones", b.Fill(`{"account":{"id":"{account}"}}`), byKey...)
	if got.status != http.StatusBadRequest || got.body != said || len(b.registry.created) > 0 {
		t.Errorf("%d %s, registered %v", got.status, got.body, b.registry.created)
	}
}

func TestCreateGoesOnWhenTheCallerLeaves(t *testing.T) {
	ctx, leave := context.WithCancel(context.Background())
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		leave()
		_, _ = io.WriteString(w, `{"result":{"id":"`+newZone+`","name":"a"}}`)
	}))
	defer upstream.Close()
	at, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	world, known := edgetest.NewWorld(t), &registry{}
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/client/v4/zones", strings.NewReader(world.Fill(`{"account":{"id":"{account}"}}`)))
	r.Header.Set("X-Auth-Key", world.Key.Reveal())
	r.Header.Set("X-Auth-Email", edgetest.Email)
	newGateway(t, Config{Guard: world.Guard, Upstreams: to(at), Registry: known}).ServeHTTP(httptest.NewRecorder(), r)
	if len(known.created) != 1 {
		t.Errorf("registered %v; want the zone that was made", known.created)
	}
}

func TestDeleteIsRegistered(t *testing.T) {
	status := http.StatusOK
	b := newBehind(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	if got := b.send(t, http.MethodDelete, "/client/v4/zones/{zone}", "", byKey...); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if !slices.Equal(b.registry.deleted, []leastkey.Resource{b.Zone}) {
		t.Errorf("deleted %v", b.registry.deleted)
	}
	status = http.StatusNotFound
	if got := b.send(t, http.MethodDelete, "/client/v4/zones/{other}", "", byKey...); got.status != http.StatusNotFound || len(b.registry.deleted) != 1 {
		t.Errorf("%d, deleted %v; want what the upstream kept to stay registered", got.status, b.registry.deleted)
	}
	status, b.registry.fails = http.StatusOK, errors.New("disk full")
	if got := b.send(t, http.MethodDelete, "/client/v4/zones/{other}", "", byKey...); got.status != http.StatusBadGateway || strings.Contains(got.body, "disk") {
		t.Errorf("%d %s; want 502", got.status, got.body)
	}
}

func TestUpstreamAnswers(t *testing.T) {
	var reply http.HandlerFunc
	b := newBehind(t, func(w http.ResponseWriter, r *http.Request) { reply(w, r) })
	const target = "/client/v4/zones/{zone}/dns_records"

	reply = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", "Basic")
		w.WriteHeader(http.StatusUnauthorized)
	}
	if got := b.get(t, target); got.status != http.StatusBadGateway || got.header.Get("WWW-Authenticate") != "" || !strings.Contains(got.body, "your credential is in order") {
		t.Errorf("401 of the upstream: %d %v %s", got.status, got.header, got.body)
	}

	reply = func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Location", "http://"+r.Host+"/client/v4/other?a=b%2F")
		h.Add("Set-Cookie", "__Host-leastkey=forged")
		h.Add("Set-Cookie", "Leastkey=forged")
		h.Add("Set-Cookie", "own=1")
		h.Set("Leastkey-Principal", "forged")
		h.Set("WWW-Authenticate", "Basic")
		h.Set("Connection", "X-Hop")
		h.Set("X-Hop", "1")
		w.WriteHeader(http.StatusFound)
	}
	got := b.get(t, target)
	for name, want := range map[string]string{"Location": "/client/v4/other?a=b%2F", "Set-Cookie": "own=1", "Leastkey-Principal": "",
		"Www-Authenticate": "", "X-Hop": "", "Cache-Control": "private"} {
		if values := got.header.Values(name); got.status != http.StatusFound || strings.Join(values, "|") != want {
			t.Errorf("%d %s: %q; want %q", got.status, name, values, want)
		}
	}

	reply = func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
	}
	if got := b.get(t, target); got.status != http.StatusBadGateway {
		t.Errorf("101 unasked: %d %s; want 502", got.status, got.body)
	}

	reply = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	if got := b.get(t, target); got.status != http.StatusBadGateway || got.header.Get("Retry-After") == "" {
		t.Errorf("no answer: %d %s; want 502", got.status, got.body)
	}
}

func TestUpstreamIsDown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := &url.URL{Scheme: "http", Host: l.Addr().String()}
	l.Close()
	w := &listing{World: edgetest.NewWorld(t)}
	w.addr = serve(t, newGateway(t, Config{Guard: w.Guard, Upstreams: to(at)}))
	for _, target := range []string{"/client/v4/zones/{zone}", "/client/v4/zones"} {
		got := w.get(t, target)
		if got.status != http.StatusBadGateway || got.header.Get("Retry-After") != "1" || strings.Contains(got.body, at.Host) || strings.Contains(got.body, "127.0.0.1") {
			t.Errorf("%s: %d %v %s; want 502 without the address", target, got.status, got.header, got.body)
		}
	}
}

func TestRequestBodies(t *testing.T) {
	var got string
	w := &listing{World: edgetest.NewWorld(t)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		got = fmt.Sprint(len(data), r.ContentLength, err)
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.addr = serve(t, newGateway(t, Config{Guard: w.Guard, Upstreams: to(at), Limits: Limits{Body: 1000}}))
	if a := w.send(t, http.MethodPost, "/client/v4/zones/{zone}/dns_records", strings.Repeat("a", 1000)); a.status != http.StatusOK || got != "1000 1000 <nil>" {
		t.Errorf("%d, the upstream got %s", a.status, got)
	}
	if a := w.send(t, http.MethodPost, "/client/v4/zones/{zone}/dns_records", strings.Repeat("a", 1001)); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s; want 413", a.status, a.body)
	}
}

func TestControlPlane(t *testing.T) {
	b := newBehind(t, func(http.ResponseWriter, *http.Request) { t.Error("the upstream was asked") })
	const body = `{"name":"x"}`
	got := b.send(t, http.MethodPost, "/client/v4/user/tokens", body, byKey...)
	if got.status != http.StatusOK || got.header.Get("X-Operation") != "POST /client/v4/user/tokens" || got.body != body {
		t.Errorf("%d %v %s", got.status, got.header, got.body)
	}
	if got := b.send(t, http.MethodPost, "/client/v4/user/tokens", body); got.status != http.StatusForbidden {
		t.Errorf("%d %s; want 403 for a token without the permission", got.status, got.body)
	}
}

// Law 8: a node that cannot be sure answers 503, not 401 and not 200.
func TestLaw8UnsureGuard(t *testing.T) {
	b := newBehind(t, func(http.ResponseWriter, *http.Request) { t.Error("the upstream was asked") })
	b.State.Doubt()
	for _, target := range []string{"/client/v4/zones/{zone}", "/client/v4/zones", "/client/v4/user/tokens/verify"} {
		if got := b.get(t, target); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %s; want 503", target, got.status, got.body)
		}
	}
}

func TestUpstreamPathPrefix(t *testing.T) {
	u := edgetest.StartUpstream(t)
	w := edgetest.NewWorld(t)
	at := *u.URL
	at.Path = "/base/"
	l := &listing{World: w, addr: serve(t, newGateway(t, Config{Guard: w.Guard, Upstreams: to(&at)}))}
	l.get(t, "/client/v4/zones/{zone}/?a=%2f")
	if requests, _ := u.Take(); len(requests) != 1 || requests[0].Line() != w.Fill("GET /base/client/v4/zones/{zone}?a=%2f HTTP/1.1") {
		t.Errorf("the upstream saw %v", requests)
	}
}

// No spelling of an owned header reaches the upstream with what the client put in it.
func TestLaw5NoSpellingOfAnOwnedHeaderPasses(t *testing.T) {
	g := &Gateway{}
	u, err := newUpstream(Upstream{URL: &url.URL{Scheme: "http", Host: "upstream.example"}, Credential: Header{"X-Upstream-Key", "right"}})
	if err != nil {
		t.Fatal(err)
	}
	names := rapid.SampledFrom([]string{"authorization", "x-auth-key", "x-auth-email", "x-auth-user-service-key", "leastkey-token-id", "leastkey-principal",
		"x-leastkey-principal", "x-forwarded-for", "x-forwarded-proto", "forwarded", "x-upstream-key", "x-http-method-override", "x-original-url", "transfer-encoding", "content-length"})
	rapid.Check(t, func(t *rapid.T) {
		plain := names.Draw(t, "name")
		var spelled strings.Builder
		for i := range len(plain) {
			c := plain[i : i+1]
			switch {
			case c == "-":
				c = rapid.SampledFrom([]string{"-", "_", ".", "~", "!", "$", "'", "*", "+", "^", "`", "|", "%", "&", "#"}).Draw(t, "mark")
			case rapid.Bool().Draw(t, "upper"):
				c = strings.ToUpper(c)
			}
			spelled.WriteString(c)
		}
		in := httptest.NewRequest(http.MethodGet, "/", nil)
		in.Header.Add(spelled.String(), "forged")
		out := in.Clone(context.Background())
		g.address(out, in, u, guard.Verdict{Operation: &catalog.Operation{}, Path: "/"}, netip.Addr{})
		for name, values := range out.Header {
			if plainName(name) == plainName(plain) && slices.Contains(values, "forged") {
				t.Fatalf("%s reached the upstream as %s", spelled.String(), name)
			}
		}
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	w := edgetest.NewWorld(t)
	good := Config{Guard: w.Guard, Upstreams: to(&url.URL{Scheme: "http", Host: "a"}), Control: answers{}, Registry: &registry{}, Log: slog.Default()}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Config){
		"no guard":                         func(c *Config) { c.Guard = nil },
		"no URL":                           func(c *Config) { c.Upstreams = []Upstream{{}} },
		"a prefix without a slash":         func(c *Config) { c.Upstreams[0].Prefix = "v1" },
		"a prefix with a slash at its end": func(c *Config) { c.Upstreams[0].Prefix = "/v1/" },
		"another scheme":                   func(c *Config) { c.Upstreams[0].URL = &url.URL{Scheme: "ftp", Host: "a"} },
		"a user":                           func(c *Config) { c.Upstreams[0].URL = &url.URL{Scheme: "http", Host: "a", User: url.User("a")} },
		"half a credential":                func(c *Config) { c.Upstreams[0].Credential.Name = "X-Key" },
		"a credential of bytes":            func(c *Config) { c.Upstreams[0].Credential = Header{"X-Key", "a\r\nb"} },
		"a name with a space":              func(c *Config) { c.Upstreams[0].Credential = Header{"X Key", "a"} },
		"our own header":                   func(c *Config) { c.Upstreams[0].Credential = Header{"leastkey-principal", "a"} },
	} {
		c := good
		c.Upstreams = slices.Clone(good.Upstreams)
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestServerTakesOnlyFilteredListeners(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	server := NewServer(http.NotFoundHandler(), slog.Default())
	if server.ReadHeaderTimeout == 0 || server.ReadTimeout == 0 || server.WriteTimeout == 0 || server.IdleTimeout == 0 || server.MaxHeaderBytes == 0 || !server.DisableGeneralOptionsHandler {
		t.Error("the server lacks a time-out or a bound")
	}
	defer func() {
		if recover() == nil {
			t.Error("served a listener without the filter")
		}
	}()
	_ = server.Serve(l)
}
