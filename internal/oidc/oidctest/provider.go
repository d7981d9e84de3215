// Package oidctest runs an OpenID provider in a test, which signs with keys of its own, and says what the
// test has it say: the truth, unless it is told to lie.
package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The client that the provider knows.
const (
	ClientID = "leastkey"
	Secret   = "the client's secret"
)

// Provider is a running provider. Its fields may be changed between requests.
type Provider struct {
	URL string // its issuer
	Now func() time.Time

	// Claims of whoever signs in; sub, email, email_verified and so on.
	Claims map[string]any
	// Userinfo is what the userinfo endpoint says; nil: there is none.
	Userinfo map[string]any
	// SignedInOn is when the person signed in there; zero: just now.
	SignedInOn time.Time
	// Lie changes an ID token before it is signed; Sign replaces the signature.
	Lie  func(header, claims map[string]any)
	Sign func(input string) []byte
	// Decline is the error that the provider answers instead of a code.
	Decline string
	// NamesIssuer has it say that its answers name the issuer; they do in any case.
	NamesIssuer bool
	// Broken has every request answered with 500.
	Broken bool

	key *ecdsa.PrivateKey

	mu       sync.Mutex
	grants   map[string]grant // by code
	asked    int
	exchange int
}

type grant struct{ nonce, challenge, redirect string }

// Start starts a provider that stops with the test.
func Start(t testing.TB, now func() time.Time) *Provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{Now: now, Claims: map[string]any{}, key: key, grants: map[string]grant{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.configuration)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked++
		p.mu.Unlock()
		if p.Broken {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

// Asked counts the requests that came.
func (p *Provider) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// Exchanged counts the codes that were exchanged.
func (p *Provider) Exchanged() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exchange
}

func (p *Provider) configuration(w http.ResponseWriter, _ *http.Request) {
	says := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		// More than it should: the client is not to believe in the last two.
		"id_token_signing_alg_values_supported": []string{"ES256", "HS256", "none"},
		"code_challenge_methods_supported":      []string{"S256"},
	}
	if p.Userinfo != nil {
		says["userinfo_endpoint"] = p.URL + "/userinfo"
	}
	if p.NamesIssuer {
		says["authorization_response_iss_parameter_supported"] = true
	}
	answer(w, says)
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	point, err := p.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	answer(w, map[string]any{"keys": []any{map[string]any{
		"kty": "EC", "crv": "P-256", "use": "sig", "kid": "one", "alg": "ES256", "x": b64(point[1:33]), "y": b64(point[33:]),
	}}})
}

// authorize signs in whoever comes, at once.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, want := range map[string]string{"client_id": ClientID, "response_type": "code", "code_challenge_method": "S256"} {
		if q.Get(name) != want {
			http.Error(w, fmt.Sprintf("%s is %q", name, q.Get(name)), http.StatusBadRequest)
			return
		}
	}
	if !slices.Contains(strings.Fields(q.Get("scope")), "openid") || q.Get("state") == "" || q.Get("nonce") == "" {
		http.Error(w, "no openid, state or nonce", http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {q.Get("state")}, "iss": {p.URL}}
	if p.Decline != "" {
		back.Set("error", p.Decline)
		back.Set("error_description", "<script>alert(1)</script>")
	} else {
		code := rand.Text()
		back.Set("code", code)
		p.mu.Lock()
		p.grants[code] = grant{q.Get("nonce"), q.Get("code_challenge"), q.Get("redirect_uri")}
		p.mu.Unlock()
		if q.Get("prompt") == "login" {
			p.SignedInOn = time.Time{}
		}
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound) //nolint:gosec // to the test's own client
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, _ := r.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	code := r.PostFormValue("code")
	p.mu.Lock()
	g, known := p.grants[code]
	delete(p.grants, code)
	p.exchange++
	p.mu.Unlock()
	proof := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if id != ClientID || secret != Secret || !known || b64(proof[:]) != g.challenge || r.PostFormValue("redirect_uri") != g.redirect {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error": "invalid_grant", "error_description": %q}`, "the code "+code+" is not good") //nolint:gosec // as JSON, to a program
		return
	}
	answer(w, map[string]any{"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": p.idToken(g)})
}

func (p *Provider) idToken(g grant) string {
	now, signedIn := p.Now(), p.SignedInOn
	if signedIn.IsZero() {
		signedIn = now
	}
	header := map[string]any{"alg": "ES256", "kid": "one", "typ": "JWT"}
	claims := map[string]any{
		"iss": p.URL, "aud": ClientID, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": g.nonce, "auth_time": signedIn.Unix(),
	}
	maps.Copy(claims, p.Claims)
	if p.Lie != nil {
		p.Lie(header, claims)
	}
	input := b64JSON(header) + "." + b64JSON(claims)
	if p.Sign != nil {
		return input + "." + b64(p.Sign(input))
	}
	return input + "." + b64(sign(p.key, input))
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer access" {
		http.Error(w, "no token", http.StatusUnauthorized)
		return
	}
	answer(w, p.Userinfo)
}

// sign gives an ES256 signature.
func sign(key *ecdsa.PrivateKey, input string) []byte {
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return nil
	}
	return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
}

// BySecret signs by HS256, with the secret that the client knows too.
func BySecret(input string) []byte {
	mac := hmac.New(sha256.New, []byte(Secret))
	mac.Write([]byte(input))
	return mac.Sum(nil)
}

// ByAnother signs by ES256, with a key that is not the provider's.
func ByAnother(input string) []byte {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil
	}
	return sign(key, input)
}

// Visit is what the browser brings back from an address of the provider.
func (p *Provider) Visit(t testing.TB, address string) url.Values {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	a, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	back, err := a.Location()
	if err != nil {
		t.Fatalf("the provider answered %d: %v", a.StatusCode, err)
	}
	return back.Query()
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func b64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func b64JSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return b64(text)
}
