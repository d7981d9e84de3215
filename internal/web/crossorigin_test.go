package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/web"
)

// revision counts what was done at the node.
func revision(t *testing.T, n *nodetest.Node) (rev leastkey.Revision) {
	t.Helper()
	err := n.Store.View(t.Context(), func(r control.Reader) (err error) {
		rev, err = r.Revision()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

// TestForgery sends every form from where it may not come, and in every way in which a page of
// another site can send one without asking. Nothing is done, whoever is signed in.
func TestForgery(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	here := placesOf(t, n)
	b := n.SignIn(t, n.Ada)
	const json = `{"name":"x","do":"summary","id":"x"}`
	body := func(r *http.Request, contentType, text string) {
		with := b.Request(r.Method, r.URL.Path, url.Values{"x": {text}})
		r.Body, r.ContentLength = with.Body, with.ContentLength
		r.Header.Del("Content-Type")
		if contentType != "" {
			r.Header.Set("Content-Type", contentType)
		}
	}
	const evil = "https://evil.example"
	for _, c := range []struct {
		name   string
		forge  func(*http.Request)
		status int
	}{
		{"another site", func(r *http.Request) { set(r, "Sec-Fetch-Site", "cross-site", "Origin", evil) }, http.StatusForbidden},
		{"another site that hides its origin", func(r *http.Request) { set(r, "Sec-Fetch-Site", "cross-site", "Origin", "null") }, http.StatusForbidden},
		{"a host beside ours", func(r *http.Request) {
			set(r, "Sec-Fetch-Site", "same-site", "Origin", "http://evil.dashboard.example")
		}, http.StatusForbidden},
		{"another port of our host", func(r *http.Request) {
			set(r, "Sec-Fetch-Site", "same-site", "Origin", "http://dashboard.example:8081")
		}, http.StatusForbidden},
		{"a value that nobody knows", func(r *http.Request) { set(r, "Sec-Fetch-Site", "surely-ours") }, http.StatusForbidden},
		{"an old browser at another site", func(r *http.Request) { set(r, "Sec-Fetch-Site", "", "Origin", evil) }, http.StatusForbidden},
		{"an old browser at a host beside ours", func(r *http.Request) { set(r, "Sec-Fetch-Site", "", "Origin", "http://evil.dashboard.example") }, http.StatusForbidden},
		{"an old browser in a sandbox", func(r *http.Request) { set(r, "Sec-Fetch-Site", "", "Origin", "null") }, http.StatusForbidden},
		{"htmx, said another site", func(r *http.Request) { set(r, "Sec-Fetch-Site", "cross-site", "Origin", evil, "HX-Request", "true") }, http.StatusForbidden},
		{"JSON as text", func(r *http.Request) { body(r, "text/plain", json) }, http.StatusUnsupportedMediaType},
		{"JSON as text from another site", func(r *http.Request) {
			body(r, "text/plain", json)
			set(r, "Sec-Fetch-Site", "cross-site", "Origin", evil)
		}, http.StatusForbidden},
		{"JSON", func(r *http.Request) { body(r, "application/json", json) }, http.StatusUnsupportedMediaType},
		{"a multipart form", func(r *http.Request) { body(r, "multipart/form-data; boundary=x", "--x--") }, http.StatusUnsupportedMediaType},
		{"a body of no type", func(r *http.Request) { body(r, "", "a=b") }, http.StatusUnsupportedMediaType},
		{"a type of no sense", func(r *http.Request) { body(r, "application/x-www-form-urlencoded; =", "a=b") }, http.StatusUnsupportedMediaType},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := revision(t, n)
			for _, route := range n.Site.Routes() {
				if route.Method != http.MethodPost {
					continue
				}
				r := b.Request(http.MethodPost, here.fill(route.Path), willing(t, n))
				c.forge(r)
				a := b.Send(r)
				if a.Status != c.status {
					t.Errorf("POST %s answered %d, want %d", route.Path, a.Status, c.status)
				}
				if set := a.Header["Set-Cookie"]; set != nil {
					t.Errorf("POST %s set %q", route.Path, set)
				}
			}
			if after := revision(t, n); after != before {
				t.Errorf("%d things were done", after-before)
			}
		})
	}
	if !isSignedIn(t, b.Send(b.Request(http.MethodGet, sessionsPath, nil))) {
		t.Error("the person is not signed in any more")
	}
}

// willing are the fields of every form at once.
func willing(t *testing.T, n *nodetest.Node) url.Values {
	t.Helper()
	once, err := leastkey.NewID(nodetest.NewRandom(byte(revision(t, n))))
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{
		"once": {once.String()}, "status": {"disabled"}, "overlap": {"0"}, "id": {once.String()}, "name": {"own"},
		"new": {password}, "again": {password}, "do": {"summary"},
	}
}

// TestFormsOfOurs is the other side of TestForgery: what the pages themselves send is acted on.
func TestFormsOfOurs(t *testing.T) {
	for name, from := range map[string]func(*http.Request){
		"a browser":                  func(*http.Request) {},
		"an old browser":             func(r *http.Request) { set(r, "Sec-Fetch-Site", "") },
		"a program that says little": func(r *http.Request) { set(r, "Sec-Fetch-Site", "", "Origin", "") },
	} {
		t.Run(name, func(t *testing.T) {
			n := nodetest.Start(t, nodetest.Config{})
			here := placesOf(t, n)
			var acted []string
			for _, route := range n.Site.Routes() {
				if route.Method != http.MethodPost {
					continue
				}
				b := n.SignIn(t, n.Ada)
				before := revision(t, n)
				r := b.Request(http.MethodPost, here.fill(route.Path), willing(t, n))
				from(r)
				if a := b.Send(r); strings.Contains(string(a.Body), "from another site") {
					t.Errorf("POST %s answered %d %s", route.Path, a.Status, a.Body)
				}
				if revision(t, n) > before {
					acted = append(acted, route.Path)
				}
			}
			for _, want := range []string{"/sign-out", "/profile/sessions/end-others", "/profile/password", "/profile/api-tokens/{id}/status", "/profile/api-tokens/{id}/roll", "/profile/global-api-key/change"} {
				if !slices.Contains(acted, want) {
					t.Errorf("POST %s did nothing, so that TestForgery shows nothing of it; %q did", want, acted)
				}
			}
		})
	}
}

// set sets header fields, and removes those that are empty.
func set(r *http.Request, pairs ...string) {
	for pair := range slices.Chunk(pairs, 2) {
		r.Header.Set(pair[0], pair[1])
		if pair[1] == "" {
			r.Header.Del(pair[0])
		}
	}
}

// TestLoadingChangesNothing is why the cookie may be Lax: a link from another site only loads.
func TestLoadingChangesNothing(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	here := placesOf(t, n)
	b := n.SignIn(t, n.Ada)
	code := signInLink(t, n, n.Ben.ID)
	before := revision(t, n)
	for _, route := range n.Site.Routes() {
		query := "?" + url.Values{"code": {code}, "status": {"disabled"}, "do": {"summary"}, "id": {n.Ada.ID.String()}, "new": {password}}.Encode()
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			r := b.Request(method, here.fill(route.Path)+query, nil)
			set(r, "Sec-Fetch-Site", "cross-site")
			a := b.Send(r)
			if a.Status >= 500 {
				t.Errorf("%s %s answered %d", method, route.Path, a.Status)
			}
			if set := a.Header["Set-Cookie"]; set != nil {
				t.Errorf("%s %s set %q", method, route.Path, set)
			}
		}
	}
	if after := revision(t, n); after != before {
		t.Errorf("%d things were done", after-before)
	}
	keyOf(t, b.Send(b.Request(http.MethodPost, "/sign-in/link", url.Values{"code": {code}}))) // was not used up
}

// TestClickjacking shows that no answer of any route can be put into a frame, kept, or made to run
// what is not ours.
func TestClickjacking(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	here := placesOf(t, n)
	routes := append(n.Site.Routes(),
		web.Route{Method: "GET", Path: "/profile/no-such-page"}, web.Route{Method: "DELETE", Path: sessionsPath},
		web.Route{Method: "GET", Path: "/dashboard/0000000000000000/style.css"}, web.Route{Method: "GET", Path: "//profile/"})
	for who, open := range map[string]func() *nodetest.Browser{
		"somebody": func() *nodetest.Browser { return n.SignIn(t, n.Ada) },
		"nobody":   func() *nodetest.Browser { return n.Browser(t) },
	} {
		b := open()
		for _, route := range routes {
			for _, site := range []string{"same-origin", "cross-site"} {
				r := b.Request(route.Method, here.fill(route.Path), url.Values{})
				set(r, "Sec-Fetch-Site", site, "Sec-Fetch-Dest", "iframe")
				a := b.Send(r)
				for header, want := range map[string]string{
					"X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
					"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
				} {
					if is := a.Header.Values(header); len(is) != 1 || is[0] != want {
						t.Errorf("%s at %s %s (%d): %s is %q", who, route.Method, route.Path, a.Status, header, is)
					}
				}
				policy := a.Header.Values("Content-Security-Policy")
				if len(policy) != 1 || !strings.Contains(policy[0], "frame-ancestors 'none'") || !strings.Contains(policy[0], "default-src 'none'") || strings.Contains(policy[0], "unsafe") {
					t.Errorf("%s at %s %s (%d): the policy is %q", who, route.Method, route.Path, a.Status, policy)
				}
			}
			if route.Path == "/sign-out" || route.Path == sessionsPath+"/end" {
				b = open()
			}
		}
	}
}
