package login_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/login"
)

func TestSetCookie(t *testing.T) {
	d := open(t, login.Limits{})
	begun := d.signIn(t, from(1))
	for _, c := range []struct {
		name      string
		tls       bool
		set, gone string
	}{
		{"over TLS", true, "__Host-leastkey=" + begun.Key + "; Path=/; HttpOnly; Secure; SameSite=Lax", "__Host-leastkey=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{"plain", false, "leastkey=" + begun.Key + "; Path=/; HttpOnly; SameSite=Lax", "leastkey=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := withCookies("")
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			d.SetCookie(w, r, begun)
			if is := w.Header()["Set-Cookie"]; len(is) != 1 || is[0] != c.set {
				t.Errorf("set %q, want %q", is, c.set)
			}
			w = httptest.NewRecorder()
			d.ClearCookie(w, r)
			if is := w.Header()["Set-Cookie"]; len(is) != 1 || is[0] != c.gone {
				t.Errorf("cleared with %q, want %q", is, c.gone)
			}
		})
	}
}

// TestResumeReadsOneCookie shows what is looked up at all.
func TestResumeReadsOneCookie(t *testing.T) {
	d := open(t, login.Limits{})
	key := d.signIn(t, from(1)).Key
	other := strings.Repeat("A", len(key))
	for _, c := range []struct {
		name, cookies string
		tls, want     bool
	}{
		{"the key", "leastkey=" + key, false, true},
		{"the key over TLS", "__Host-leastkey=" + key, true, true},
		{"among others", "a=b; leastkey=" + key + "; c=d", false, true},
		{"beside the other scheme's", "leastkey=" + key + "; __Host-leastkey=" + other, false, true},
		{"none", "", false, false},
		{"the plain name over TLS", "leastkey=" + key, true, false},
		{"the secure name without TLS", "__Host-leastkey=" + key, false, false},
		{"another case", "LeastKey=" + key, false, false},
		{"twice", "leastkey=" + key + "; leastkey=" + key, false, false},
		{"two, ours first", "leastkey=" + key + "; leastkey=" + other, false, false},
		{"two, ours last", "leastkey=" + other + "; leastkey=" + key, false, false},
		{"two, one not a key", "leastkey=x; leastkey=" + key, false, false},
		{"quoted", `leastkey="` + key + `"`, false, false},
		{"one character less", "leastkey=" + key[1:], false, false},
		{"one character more", "leastkey=" + key + "A", false, false},
		{"padded", "leastkey=" + key + "=", false, false},
		{"another character", "leastkey=" + key[:20] + "." + key[21:], false, false},
		{"another key", "leastkey=" + other, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := withCookies(c.cookies)
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			_, user, err := d.Resume(r, from(1).Addr)
			if c.want && (err != nil || user.Email != email) {
				t.Errorf("%v", err)
			}
			if !c.want && (!refused(err) || user.Email != "") {
				t.Errorf("resumed for %q: %v", user.Email, err)
			}
		})
	}
	r := withCookies("")
	r.Header = http.Header{"Cookie": {"leastkey=" + key, "leastkey=" + key}}
	if _, _, err := d.Resume(r, from(1).Addr); !refused(err) {
		t.Errorf("in two header fields: %v", err)
	}
}
