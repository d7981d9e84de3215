package oidc_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/oidc"
	"github.com/leastkey/leastkey/internal/oidc/oidctest"
)

const redirect = "https://tokens.example.com/sign-in/oidc/callback"

// world is a provider, and a client of it.
type world struct {
	*oidctest.Provider
	clock  *nodetest.Clock
	client *oidc.Provider
}

func start(t *testing.T, change ...func(*oidc.Config)) *world {
	t.Helper()
	w := &world{clock: nodetest.NewClock()}
	w.Provider = oidctest.Start(t, w.clock.Now)
	w.Claims = map[string]any{"sub": "248289761001", "email": "ada@example.com", "email_verified": true, "given_name": "Ada", "family_name": "Lovelace", "groups": []any{"dns-team", 7, nil}}
	c := oidc.Config{Issuer: w.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret, Redirect: redirect, Claims: []string{"groups"},
		Now: w.clock.Now, Random: nodetest.NewRandom(1)}
	for _, f := range change {
		f(&c)
	}
	var err error
	if w.client, err = oidc.New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

// begin sends a browser to the provider, and gives what it brings back.
func (w *world) begin(t *testing.T, asked oidc.Asked) (browser string, brought url.Values) {
	t.Helper()
	address, browser, err := w.client.Begin(t.Context(), asked)
	if err != nil {
		t.Fatal(err)
	}
	return browser, w.Visit(t, address)
}

func kindOf(err error) string {
	refusal, ok := errors.AsType[*oidc.Refusal](err)
	switch {
	case err == nil:
		return "believed"
	case errors.Is(err, oidc.ErrUnavailable):
		return "unavailable"
	case ok:
		return [...]string{"forged", "stale", "declined", "unverified", "not again"}[refusal.Kind]
	default:
		return "fault: " + err.Error()
	}
}

func TestSignInAtAProvider(t *testing.T) {
	w := start(t)
	asked := oidc.Asked{Next: "/profile/audit"}
	browser, brought := w.begin(t, asked)
	person, was, err := w.client.Finish(t.Context(), browser, brought)
	if err != nil || was != asked {
		t.Fatal(err, was)
	}
	want := oidc.Person{Issuer: w.URL, Subject: "248289761001", Email: "ada@example.com", FirstName: "Ada", LastName: "Lovelace", ProvedOn: nodetest.Epoch}
	if diff := cmp.Diff(person, want, cmpopts.IgnoreUnexported(oidc.Person{}), cmpopts.EquateApproxTime(0)); diff != "" {
		t.Error(diff)
	}
	for claim, want := range map[string]bool{"groups=dns-team": true, "groups=": false, "groups=7": false, "groups=dns": false, "email=ada@example.com": true, "groups=null": false, "none=": false} {
		name, text, _ := strings.Cut(claim, "=")
		if is := person.Has(name, text); is != want {
			t.Errorf("%s: %v", claim, is)
		}
	}
}

// TestForgedAnswers: what comes back is believed when the provider signed it for this client, in answer
// to what this browser asked, and not otherwise.
func TestForgedAnswers(t *testing.T) {
	claim := func(name string, value any) func(*world) {
		return func(w *world) {
			w.Lie = func(_, claims map[string]any) {
				if value == nil {
					delete(claims, name)
				} else {
					claims[name] = value
				}
			}
		}
	}
	alg := func(name string, sign func(string) []byte) func(*world) {
		return func(w *world) {
			w.Lie, w.Sign = func(header, _ map[string]any) { header["alg"] = name }, sign
		}
	}
	epoch := nodetest.Epoch
	for name, c := range map[string]struct {
		lie   func(*world)
		bring func(brought url.Values)
		want  string
	}{
		"the truth":                      {nil, nil, "believed"},
		"another state":                  {nil, func(b url.Values) { b.Set("state", strings.Repeat("A", 43)) }, "stale"},
		"no state":                       {nil, func(b url.Values) { b.Del("state") }, "stale"},
		"two states":                     {nil, func(b url.Values) { b.Add("state", b.Get("state")) }, "forged"},
		"two codes":                      {nil, func(b url.Values) { b.Add("code", "x") }, "forged"},
		"no code":                        {nil, func(b url.Values) { b.Del("code") }, "forged"},
		"another code":                   {nil, func(b url.Values) { b.Set("code", "x") }, "forged"},
		"an answer of another issuer":    {nil, func(b url.Values) { b.Set("iss", "https://evil.example") }, "forged"},
		"an answer of an issuer without": {nil, func(b url.Values) { b.Set("iss", "") }, "forged"},
		"an answer that names no issuer": {nil, func(b url.Values) { b.Del("iss") }, "believed"},
		"an answer that must name it":    {func(w *world) { w.NamesIssuer = true }, func(b url.Values) { b.Del("iss") }, "forged"},
		"the provider says no":           {func(w *world) { w.Decline = "access_denied" }, nil, "declined"},
		"an error beside a code":         {nil, func(b url.Values) { b.Set("error", "") }, "declined"},
		"another nonce":                  {claim("nonce", "x"), nil, "forged"},
		"no nonce":                       {claim("nonce", nil), nil, "forged"},
		"expired":                        {claim("exp", epoch.Unix()-1), nil, "forged"},
		"without an end":                 {claim("exp", nil), nil, "forged"},
		"issued tomorrow":                {claim("iat", epoch.Unix()+86400), nil, "forged"},
		"not issued":                     {claim("iat", nil), nil, "forged"},
		"not valid yet":                  {claim("nbf", epoch.Unix()+86400), nil, "forged"},
		"another audience":               {claim("aud", "another"), nil, "forged"},
		"no audience":                    {claim("aud", nil), nil, "forged"},
		"several audiences":              {claim("aud", []string{oidctest.ClientID, "another"}), nil, "forged"},
		"several, and for us": {func(w *world) {
			w.Lie = func(_, claims map[string]any) {
				claims["aud"], claims["azp"] = []string{"another", oidctest.ClientID}, oidctest.ClientID
			}
		}, nil, "believed"},
		"for another party":              {claim("azp", "another"), nil, "forged"},
		"for no party":                   {claim("azp", ""), nil, "forged"},
		"another issuer":                 {claim("iss", "https://evil.example"), nil, "forged"},
		"nearly the issuer":              {func(w *world) { claim("iss", w.URL+"/")(w) }, nil, "forged"},
		"no issuer":                      {claim("iss", nil), nil, "forged"},
		"no subject":                     {claim("sub", nil), nil, "forged"},
		"a subject of 256 bytes":         {claim("sub", strings.Repeat("s", 256)), nil, "forged"},
		"another access token":           {claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), nil, "forged"},
		"an e-mail address not verified": {claim("email_verified", false), nil, "unverified"},
		"one that is said in words":      {claim("email_verified", "true"), nil, "unverified"},
		"one of which nothing is said":   {claim("email_verified", nil), nil, "unverified"},
		"no e-mail address":              {claim("email", nil), nil, "unverified"},
		"a signature of another key":     {func(w *world) { w.Sign = oidctest.ByAnother }, nil, "forged"},
		"no signature":                   {func(w *world) { w.Sign = func(string) []byte { return nil } }, nil, "forged"},
		"alg none":                       {alg("none", func(string) []byte { return nil }), nil, "forged"},
		"alg none, and signed":           {alg("none", oidctest.ByAnother), nil, "forged"},
		"HS256 with the client's secret": {alg("HS256", oidctest.BySecret), nil, "forged"},
		"HS256 under another name":       {alg("hs256", oidctest.BySecret), nil, "forged"},
		"another key's name": {func(w *world) {
			w.Lie = func(header, _ map[string]any) { header["kid"] = "two" }
		}, nil, "forged"},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			if c.lie != nil {
				c.lie(w)
			}
			browser, brought := w.begin(t, oidc.Asked{})
			if c.bring != nil {
				c.bring(brought)
			}
			person, _, err := w.client.Finish(t.Context(), browser, brought)
			if is := kindOf(err); is != c.want || (err == nil) != (person.Subject != "") {
				t.Errorf("%s (%v), want %s; it is %q", is, err, c.want, person.Subject)
			}
			if err != nil && (strings.Contains(err.Error(), brought.Get("code")) && brought.Get("code") != "" && brought.Get("code") != "x" || strings.Contains(err.Error(), "script")) {
				t.Errorf("the error repeats what came: %v", err)
			}
			if _, _, err := w.client.Finish(t.Context(), browser, brought); kindOf(err) == "believed" && c.want != "stale" {
				t.Error("it is believed once more")
			}
		})
	}
}

// TestReplayedAnswers: an answer counts once, in the browser that asked for it, for ten minutes.
func TestReplayedAnswers(t *testing.T) {
	w := start(t)
	finish := func(what, browser string, brought url.Values, want string) {
		t.Helper()
		if _, _, err := w.client.Finish(t.Context(), browser, brought); kindOf(err) != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
	browser, brought := w.begin(t, oidc.Asked{})
	finish("the first time", browser, brought, "believed")
	finish("the second time", browser, brought, "stale")

	browser, brought = w.begin(t, oidc.Asked{})
	other, _ := w.begin(t, oidc.Asked{})
	exchanged := w.Exchanged()
	finish("in another browser", other, brought, "stale")
	finish("in its own after that", browser, brought, "stale")
	_, brought = w.begin(t, oidc.Asked{})
	finish("in a browser without a key", "", brought, "stale")

	browser, brought = w.begin(t, oidc.Asked{})
	w.clock.Advance(10 * time.Minute)
	finish("too late", browser, brought, "stale")
	if w.Exchanged() != exchanged {
		t.Error("the provider was asked about what is stale")
	}

	// The code of one sign-in in the answer to another: the proof of PKCE does not fit.
	_, stolen := w.begin(t, oidc.Asked{})
	browser, brought = w.begin(t, oidc.Asked{})
	brought.Set("code", stolen.Get("code"))
	finish("a code of another sign-in", browser, brought, "forged")
}

// TestPendingIsBounded: however many begin, the memory is that of ten thousand.
func TestPendingIsBounded(t *testing.T) {
	w := start(t)
	browser, first := w.begin(t, oidc.Asked{})
	for range 9_999 {
		if _, _, err := w.client.Begin(t.Context(), oidc.Asked{}); err != nil {
			t.Fatal(err)
		}
	}
	last, brought := w.begin(t, oidc.Asked{})
	if _, _, err := w.client.Finish(t.Context(), browser, first); kindOf(err) != "stale" {
		t.Errorf("the oldest: %v", err)
	}
	if _, _, err := w.client.Finish(t.Context(), last, brought); err != nil {
		t.Errorf("the newest: %v", err)
	}
}

// TestUserinfo: what the ID token leaves out is asked for, of the same person.
func TestUserinfo(t *testing.T) {
	for name, c := range map[string]struct {
		userinfo map[string]any
		token    map[string]any
		want     string
		groups   bool
	}{
		"everything else":          {map[string]any{"sub": "1", "email": "ada@example.com", "email_verified": true, "groups": "dns-team"}, map[string]any{}, "believed", true},
		"the groups":               {map[string]any{"sub": "1", "groups": "dns-team"}, map[string]any{"email": "ada@example.com", "email_verified": true}, "believed", true},
		"not what is there":        {map[string]any{"sub": "1", "groups": "dns-team"}, map[string]any{"email": "ada@example.com", "email_verified": true, "groups": "other"}, "believed", false},
		"somebody else":            {map[string]any{"sub": "2", "email": "ada@example.com", "email_verified": true}, map[string]any{}, "forged", false},
		"nobody":                   {map[string]any{"email": "ada@example.com", "email_verified": true}, map[string]any{}, "forged", false},
		"another address verified": {map[string]any{"sub": "1", "email_verified": true}, map[string]any{"email": "ada@example.com"}, "unverified", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t)
			w.Claims, w.Userinfo = c.token, c.userinfo
			w.Claims["sub"] = "1"
			browser, brought := w.begin(t, oidc.Asked{})
			person, _, err := w.client.Finish(t.Context(), browser, brought)
			if is := kindOf(err); is != c.want || person.Has("groups", "dns-team") != c.groups {
				t.Errorf("%s (%v), want %s; %+v", is, err, c.want, person)
			}
		})
	}
}

// TestProviderDown: nothing is asked before it is needed, and a provider that comes back is asked again.
func TestProviderDown(t *testing.T) {
	w := start(t)
	if w.Asked() != 0 {
		t.Error("the provider was asked at the start")
	}
	w.Broken = true
	for range 3 {
		if _, _, err := w.client.Begin(t.Context(), oidc.Asked{}); kindOf(err) != "unavailable" {
			t.Errorf("down: %v", err)
		}
	}
	if w.Asked() != 1 {
		t.Errorf("it was asked %d times at once", w.Asked())
	}
	w.Broken = false
	w.clock.Advance(time.Minute)
	browser, brought := w.begin(t, oidc.Asked{})
	w.Broken = true
	if _, _, err := w.client.Finish(t.Context(), browser, brought); kindOf(err) != "unavailable" {
		t.Errorf("down in between: %v", err)
	}
}

// TestStrangeProviders: what does not answer as the provider of this issuer is not used.
func TestStrangeProviders(t *testing.T) {
	for name, says := range map[string]string{
		"another issuer": `{"issuer": "https://evil.example", "authorization_endpoint": "https://a.example", "token_endpoint": "https://a.example", "jwks_uri": "https://a.example"}`,
		"in clear":       `{"issuer": "ISSUER", "authorization_endpoint": "https://a.example", "token_endpoint": "http://a.example/token", "jwks_uri": "https://a.example"}`,
		"a script":       `{"issuer": "ISSUER", "authorization_endpoint": "javascript:alert(1)", "token_endpoint": "https://a.example", "jwks_uri": "https://a.example"}`,
		"no keys":        `{"issuer": "ISSUER", "authorization_endpoint": "https://a.example", "token_endpoint": "https://a.example"}`,
		"not JSON":       `<html>`,
		"far too much":   `{"issuer": "` + strings.Repeat("x", 2<<20) + `"}`,
		"elsewhere":      "",
	} {
		t.Run(name, func(t *testing.T) {
			var issuer string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if says == "" {
					http.Redirect(w, r, "https://evil.example", http.StatusFound)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprint(w, strings.ReplaceAll(says, "ISSUER", issuer))
			}))
			defer server.Close()
			issuer = server.URL
			w := start(t, func(c *oidc.Config) { c.Issuer = issuer })
			_, _, err := w.client.Begin(t.Context(), oidc.Asked{})
			if kindOf(err) != "unavailable" || len(err.Error()) > 500 {
				t.Error(err)
			}
		})
	}
	for _, issuer := range []string{"", "http://login.example.com", "ftp://login.example.com", "https://ada@login.example.com", "https://login.example.com#x", "login.example.com"} {
		if _, err := oidc.New(oidc.Config{Issuer: issuer}); err == nil {
			t.Errorf("%q is taken for an issuer", issuer)
		}
	}
}
