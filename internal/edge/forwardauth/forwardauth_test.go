package forwardauth

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// None of these is decided: what the proxy says of the request is not clear, or it is no proxy.
func TestUnclear(t *testing.T) {
	type h = [][2]string
	nginx := h{{"X-Original-Method", "GET"}, {"X-Original-URI", "/a"}, {"X-Original-Host", "api.example"}}
	caddy := h{{"X-Forwarded-Method", "GET"}, {"X-Forwarded-Uri", "/a"}, {"X-Forwarded-Host", "api.example"}}
	const here, elsewhere = "127.0.0.1/32", "192.0.2.1/32"
	for name, c := range map[string]struct {
		proxies, path string
		header        h
		status, told  int
		says          string
	}{
		"nginx, in order":            {here, "/auth/nginx", nginx, 401, 401, ""},
		"caddy, in order":            {here, "/auth/caddy", caddy, 401, 0, ""},
		"traefik, in order":          {here, "/auth/traefik", caddy, 401, 0, ""},
		"no proxy":                   {elsewhere, "/auth/caddy", caddy, 403, 0, "forward_auth.proxies"},
		"no proxy, of nginx":         {elsewhere, "/auth/nginx", nginx, 403, 0, "forward_auth.proxies"},
		"another path":               {here, "/auth/", caddy, 404, 0, "/auth/traefik"},
		"a query":                    {here, "/auth/caddy?a", caddy, 401, 0, ""},
		"a query of another path":    {here, "/auth/?/auth/caddy", caddy, 404, 0, "/auth/caddy"},
		"a path in other spelling":   {here, "/auth/%63addy", caddy, 404, 0, "/auth/caddy"},
		"no method":                  {here, "/auth/caddy", caddy[1:], 400, 0, "X-Forwarded-Method must"},
		"no target":                  {here, "/auth/caddy", h{caddy[0], caddy[2]}, 400, 0, "X-Forwarded-Uri must"},
		"no host":                    {here, "/auth/traefik", caddy[:2], 400, 0, "X-Forwarded-Host must"},
		"no host, of nginx":          {here, "/auth/nginx", nginx[:2], 403, 400, "X-Original-Host must"},
		"two methods":                {here, "/auth/caddy", append(h{{"x-forwarded-method", "PUT"}}, caddy...), 400, 0, "X-Forwarded-Method must"},
		"two targets":                {here, "/auth/nginx", append(h{{"X-Original-Uri", "/a"}}, nginx...), 403, 400, "X-Original-Uri must"},
		"two hosts":                  {here, "/auth/traefik", append(h{{"X-Forwarded-Host", "b"}}, caddy...), 400, 0, "X-Forwarded-Host must"},
		"an empty host":              {here, "/auth/caddy", append(h{{"X-Forwarded-Host", ""}}, caddy[:2]...), 400, 0, "X-Forwarded-Host must"},
		"both conventions":           {here, "/auth/caddy", append(h{nginx[1]}, caddy...), 400, 0, "X-Original-Uri is of another"},
		"both conventions, of nginx": {here, "/auth/nginx", append(h{caddy[0]}, nginx...), 403, 400, "X-Forwarded-Method is of another"},
		"the other convention":       {here, "/auth/nginx", caddy, 403, 400, "is of another"},
		"other marks":                {here, "/auth/caddy", append(h{{"X_Forwarded_Method", "PUT"}}, caddy...), 400, 0, "marks"},
		"other marks, of nginx":      {here, "/auth/nginx", append(h{{"X-Original_Uri", "/b"}}, nginx...), 403, 400, "marks"},
		"a target of two readings":   {here, "/auth/caddy", h{caddy[0], {"X-Forwarded-Uri", "/a/../b"}, caddy[2]}, 400, 0, ""},
		"a target with a scheme":     {here, "/auth/caddy", h{caddy[0], {"X-Forwarded-Uri", "http://api.example/a"}, caddy[2]}, 400, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := ask(t, serve(t, newGuard(t), c.proxies), c.path, c.header)
			text := string(r.body) + r.Header.Get(bodyHeader)
			if got := read(t, r); r.StatusCode != c.status || c.told != 0 && got.Status != c.told || (c.told != 0) != (r.Header.Get(statusHeader) != "") || !strings.Contains(text, c.says) {
				t.Errorf("%d, told as %d, %s; want %d, %d, %s", r.StatusCode, got.Status, text, c.status, c.told, c.says)
			}
			if r.Header.Get("Cache-Control") != "no-store" || r.Header.Get(guard.TokenIDHeader)+r.Header.Get(guard.PrincipalHeader) != "" {
				t.Errorf("header %v", r.Header)
			}
		})
	}
}

// The header that nginx hands on is one line of ASCII, and never too long.
func TestOneLine(t *testing.T) {
	if got, want := oneLine([]api.Error{{Code: 1, Message: "\u00e9\n\U0001f511\x7f"}}), `\u00e9\n\ud83d\udd11\u007f`; !strings.Contains(got, want) {
		t.Errorf("%s; want %s", got, want)
	}
	long := oneLine([]api.Error{{Code: 7, Message: strings.Repeat("\u00e9", maxBody/6)}})
	if len(long) > maxBody || !strings.Contains(long, `"code":7`) || !strings.Contains(long, "too long") {
		t.Errorf("%d bytes: %s", len(long), long)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []Config{{}, {Guard: newGuard(t)}, {Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}} {
		if _, err := NewServer(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// newGuard knows no credential.
func newGuard(t *testing.T) *guard.Guard {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	s := guard.NewState(c)
	if err := s.Load(1, func(func(leastkey.Change) error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	g, err := guard.New(guard.Config{State: s, Brand: leastkey.DefaultBrand, Now: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return g
}
