package guard_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
)

// carrier is one way to fill a header field, and what that is.
type carrier struct {
	name   string
	values []string
}

// Every combination of what can stand in the four credential fields. The rule is written down
// here once more, in the plainest way: bearer wins, and what could be read in two ways is 400.
func TestCarriers(t *testing.T) {
	w := newWorld(t)
	token, unknown := secret(t, leastkey.UserTokenSecret, 1), secret(t, leastkey.UserTokenSecret, 2)
	w.apply(t, w.token(1, token, w.policy(t, leastkey.Allow, leastkey.PatternEvery("zone"), "Zone Read")))
	value, key := token.Reveal(), w.ada.key.Reveal()
	const (
		absent, good, bad, odd = "absent", "good", "bad", "odd" // odd: malformed; bad: well formed, and nobody's
	)
	kind := func(name string) string {
		word, _, _ := strings.Cut(name, ":")
		return word
	}
	authorizations := []carrier{
		{absent, nil},
		{good, []string{"Bearer " + value}},
		{"good: any case", []string{"bEaReR " + value}},
		{"good: spaces", []string{"Bearer   " + value + " "}},
		{"bad: unknown", []string{"Bearer " + unknown.Reveal()}},
		{"bad: mistyped", []string{"Bearer " + value[:48] + "x"}},
		{"bad: relabelled", []string{"Bearer lkat_" + value[5:]}},
		{"bad: somebody else's shape", []string{"Bearer abc-._~+/123="}},
		{"odd: key", []string{"Bearer " + key}},
		{"odd: quotes", []string{`Bearer "` + value + `"`}},
		{"odd: nothing", []string{""}},
		{"odd: no token", []string{"Bearer"}},
		{"odd: blank token", []string{"Bearer "}},
		{"odd: no scheme", []string{value}},
		{"odd: Basic", []string{"Basic " + value}},
		{"odd: tab", []string{"Bearer\t" + value}},
		{"odd: two tokens", []string{"Bearer " + value + " " + value}},
		{"odd: a list", []string{"Bearer " + value + ", Bearer " + value}},
		{"odd: long", []string{"Bearer " + strings.Repeat("a", 513)}},
		{"odd: not ASCII", []string{"Bearer " + value[:47] + "é"}},
		{"odd: control", []string{"Bearer " + value + "\x00"}},
		{"odd: two", []string{"Bearer " + value, "Bearer " + value}},
		{"odd: two, one empty", []string{"Bearer " + value, ""}},
	}
	emails := []carrier{
		{absent, nil}, {good, []string{w.ada.email}}, {"good: any case", []string{"ADA@Example.COM"}},
		{"bad: another's", []string{w.ben.email}}, {"bad: nobody's", []string{"x@y"}},
		{"odd: empty", []string{""}}, {"odd: no @", []string{"ada"}}, {"odd: space", []string{"ada @example.com"}}, {"odd: not ASCII", []string{"adä@example.com"}},
		{"odd: two", []string{w.ada.email, w.ada.email}},
	}
	keys := []carrier{
		{absent, nil}, {good, []string{key}}, {"bad: unknown", []string{strings.Repeat("0", 37)}},
		{"odd: token", []string{value}}, {"odd: empty", []string{""}}, {"odd: upper case", []string{strings.ToUpper(key)}},
		{"odd: short", []string{key[1:]}}, {"odd: quotes", []string{`"` + key + `"`}}, {"odd: space", []string{" " + key}}, {"odd: two", []string{key, key}},
	}
	services := []carrier{{absent, nil}, {"bad: unknown", []string{"v1.0-0-0"}}, {"bad: token", []string{value}}, {"odd: two", []string{"a", "b"}}}

	for _, a := range authorizations {
		for _, e := range emails {
			for _, k := range keys {
				for _, s := range services {
					want := 200
					twice := len(e.values) > 1 || len(k.values) > 1 || len(s.values) > 1
					switch {
					case twice || kind(a.name) == odd:
						want = 400
					case kind(a.name) == good:
					case kind(a.name) == bad:
						want = 401
					case kind(e.name) == absent && kind(k.name) == absent:
						want = 401 // nothing presented, or a service key, of which there are none
					case kind(e.name) == odd || kind(k.name) == odd || kind(e.name) == absent || kind(k.name) == absent:
						want = 400
					case kind(e.name) == bad || kind(k.name) == bad:
						want = 401
					}
					r := request("GET", "/zones", "")
					for name, values := range map[string][]string{"Authorization": a.values, "X-Auth-Email": e.values, "X-Auth-Key": k.values, "X-Auth-User-Service-Key": s.values} {
						if values != nil {
							r.Header[name] = values
						}
					}
					if got := w.status(r); got != want {
						t.Errorf("Authorization %q, e-mail %q, key %q, service key %q: %d, want %d", a.name, e.name, k.name, s.name, got, want)
					}
				}
			}
		}
	}
}

// Credentials anywhere else are none: not in cookies, the query, the body or other fields.
func TestOtherCarriers(t *testing.T) {
	w := newWorld(t)
	token := secret(t, leastkey.UserTokenSecret, 1)
	w.apply(t, w.token(1, token, w.policy(t, leastkey.Allow, leastkey.PatternEvery("zone"), "Zone Read")))
	for name, field := range map[string]string{
		"Cookie": "token=" + token.Reveal(), "Proxy-Authorization": "Bearer " + token.Reveal(), "X-Authorization": "Bearer " + token.Reveal(),
		"Sec-Websocket-Protocol": token.Reveal(), "X-Api-Key": token.Reveal(), "Www-Authenticate": "Bearer " + token.Reveal(),
		"authorization": "Bearer " + token.Reveal(), // not the canonical key: an adapter that forgot gets a no
	} {
		r := request("GET", "/zones", "")
		r.Header[name] = []string{field}
		if got := w.status(r); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
	for _, parameter := range []string{"access_token", "token", "key", "Authorization"} {
		r := request("GET", "/zones?"+parameter+"="+token.Reveal(), fmt.Sprintf(`{%q:%q}`, parameter, token.Reveal()))
		if got := w.status(r); got != 401 {
			t.Errorf("%s in query and body: %d", parameter, got)
		}
	}
}

// A key is its own user's, and a token is not a key, whatever the store of secrets says.
func TestKindsDoNotMix(t *testing.T) {
	w := newWorld(t)
	token := secret(t, leastkey.UserTokenSecret, 1)
	keyAsToken := w.token(1, w.ada.key, w.policy(t, leastkey.Allow, leastkey.PatternEvery("zone"), "Zone Read"))
	keyAsToken.Credential.Credential.ID = numbered('k', 0) // in place of Ada's key
	w.apply(t, keyAsToken)
	if got := w.status(request("GET", "/zones", "", w.ada.byKey()...)); got != 401 {
		t.Errorf("a token, sent as key with its owner's e-mail: %d", got)
	}
	tokenAsKey := w.token(2, token)
	tokenAsKey.Credential.Credential.Kind = leastkey.GlobalAPIKey
	w.apply(t, tokenAsKey)
	if got := w.status(request("GET", "/zones", "", bearer(token)...)); got != 401 {
		t.Errorf("a Global API Key, sent as bearer: %d", got)
	}
}
