package nodetest

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/control"
)

// Browser is somebody at the dashboard: it keeps cookies, and goes where it is sent.
type Browser struct {
	site http.Handler
	jar  http.CookieJar
	From string // the client's address; empty: 192.0.2.1
}

// origin is where the dashboard seems to be. It is plain HTTP, as on loopback.
const origin = "http://dashboard.example"

// Browser opens a browser that is signed in to nothing.
func (n *Node) Browser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{site: n.Site, jar: jar}
}

// SignIn opens a browser in which the person is signed in, by a link. Passwords are slow, and
// people of a test have none.
func (n *Node) SignIn(t testing.TB, p Person) *Browser {
	t.Helper()
	begun := n.Session(t, p)
	b := n.Browser(t)
	w := httptest.NewRecorder()
	n.Login.SetCookie(w, httptest.NewRequest(http.MethodGet, origin+"/", nil), begun)
	b.keep(w.Result())
	return b
}

// Session begins a session of the person, by a link.
func (n *Node) Session(t testing.TB, p Person) control.SignedIn {
	t.Helper()
	code, _, err := n.Control.MakeSignInLink(context.Background(), control.Operator(), p.ID, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := n.Control.BeginSessionByLink(context.Background(), code, control.Visit{})
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// Request makes a request as a browser sends it from a page of the dashboard itself.
func (b *Browser) Request(method, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, origin+path, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method != http.MethodGet {
		r.Header.Set("Origin", origin)
	}
	if b.From != "" {
		r.RemoteAddr = b.From + ":40000"
	}
	return r
}

// Send sends a request with the browser's cookies, and goes nowhere from there.
func (b *Browser) Send(r *http.Request) Answer {
	at := &url.URL{Scheme: "http", Host: "dashboard.example", Path: r.URL.Path}
	for _, c := range b.jar.Cookies(at) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	b.keep(w.Result())
	return Answer{w.Code, w.Header(), w.Body.Bytes()}
}

func (b *Browser) keep(r *http.Response) {
	b.jar.SetCookies(&url.URL{Scheme: "http", Host: "dashboard.example", Path: "/"}, r.Cookies())
}

// Get loads a page, and follows where it sends the browser.
func (b *Browser) Get(path string) Answer {
	return b.follow(b.Send(b.Request(http.MethodGet, path, nil)))
}

// Post sends a form, and follows where that sends the browser.
func (b *Browser) Post(path string, form url.Values) Answer {
	return b.follow(b.Send(b.Request(http.MethodPost, path, form)))
}

// mostRedirects is far more than there are.
const mostRedirects = 10

func (b *Browser) follow(a Answer) Answer {
	for range mostRedirects {
		if a.Status != http.StatusSeeOther {
			return a
		}
		a = b.Send(b.Request(http.MethodGet, a.Header.Get("Location"), nil))
	}
	return a
}
