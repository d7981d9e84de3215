package login

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey/internal/control"
)

// The browser takes a cookie whose name begins with __Host- only over TLS, for all paths and from
// this very host: a host beside it, or somebody on the wire, cannot put another in its place. On
// plain HTTP, which is for loopback, there is no such name.
const (
	secureCookie = "__Host-leastkey"
	plainCookie  = "leastkey"
)

// cookie is that of the scheme by which the browser came; the other is not looked at. It is Lax and
// not Strict because links from other sites prefill forms here; what changes anything is a POST,
// with which such a cookie does not come from another site. With an age of 0 it goes with the
// browser, with -1 at once.
func (l *Login) cookie(r *http.Request, key string, age int) *http.Cookie {
	name, secure := plainCookie, l.secure(r)
	if secure {
		name = secureCookie
	}
	return &http.Cookie{ //nolint:gosec // Secure wherever there is TLS; without it, a browser would not keep the cookie
		Name: name, Value: key, Path: "/", MaxAge: age, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// SetCookie hands the key of a session just begun to the browser.
func (l *Login) SetCookie(w http.ResponseWriter, r *http.Request, begun control.SignedIn) {
	http.SetCookie(w, l.cookie(r, begun.Key, 0))
}

// ClearCookie takes the key away from the browser.
func (l *Login) ClearCookie(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, l.cookie(r, "", -1))
}

// Resume finds the session of the browser, and whose it is. It is Refused when there is none.
func (l *Login) Resume(r *http.Request, addr netip.Addr) (control.Session, control.User, error) {
	key, ok := l.key(r)
	if !ok {
		return control.Session{}, control.User{}, &control.Error{Kind: control.Refused, Message: "nobody is signed in"}
	}
	return l.control.Resume(r.Context(), key, addr)
}

// key is what the cookie holds. Of two cookies one may be somebody else's, and which one the
// browser sends first is no sign of which: then it is neither.
func (l *Login) key(r *http.Request) (string, bool) {
	found := r.CookiesNamed(l.cookie(r, "", 0).Name)
	if len(found) != 1 || found[0].Quoted || !looksLikeKey(found[0].Value) {
		return "", false
	}
	return found[0].Value, true
}

// looksLikeKey reports whether s has the shape of a session's key: 256 bits in base64url.
func looksLikeKey(s string) bool {
	const length = 43
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return len(s) == length && strings.Trim(s, digits) == ""
}
