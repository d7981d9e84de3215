// Package oidc asks an OpenID provider who somebody is: authorization code flow with PKCE, state and
// nonce. It believes what the provider signed for this client, in answer to what this browser asked, now.
// Who that person is here, and what they may do, is decided elsewhere.
package oidc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Config is what a Provider is made of. Every field but Scopes and Transport is needed.
type Config struct {
	Issuer   string // exactly as the provider names itself
	ClientID string
	Secret   string
	Redirect string   // the address of the callback
	Scopes   []string // besides openid, email and profile
	// Claims are asked for at the provider's userinfo endpoint when the ID token is without one of them.
	Claims    []string
	Transport http.RoundTripper // nil: http.DefaultTransport
	Now       func() time.Time
	Random    io.Reader // crypto/rand.Reader outside tests
}

// Provider is the relation to one OpenID provider. It asks the provider nothing until somebody signs in.
type Provider struct {
	Config
	client  *http.Client
	pending *pending

	asking chan struct{} // holds a token while somebody asks for what the provider is like
	known  *metadata     // nil until it answered; read and written by whoever holds the token
	failed time.Time     // when it last did not answer
}

// metadata is what a provider says of itself.
type metadata struct {
	oauth    oauth2.Config
	verifier *gooidc.IDTokenVerifier
	userinfo string // address; empty: none
	namesIss bool   // its answers name the issuer (RFC 9207)
}

// New makes a Provider.
func New(c Config) (*Provider, error) {
	if err := checkAddress(c.Issuer); err != nil {
		return nil, fmt.Errorf("oidc: issuer: %w", err)
	}
	p := &Provider{Config: c, client: newClient(c.Transport), pending: newPending(c.Now), asking: make(chan struct{}, 1)}
	return p, nil
}

// ErrUnavailable is the error when the provider does not answer, or not as a provider does.
var ErrUnavailable = errors.New("oidc: the provider cannot be asked now")

// retry is how long a provider that did not answer is left alone, so that those who sign in do not each
// wait for it.
const retry = 5 * time.Second

// metadata is what the provider says of itself. It is asked once it is needed, until it answers.
func (p *Provider) metadata(ctx context.Context) (*metadata, error) {
	select {
	case p.asking <- struct{}{}:
		defer func() { <-p.asking }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
	if p.known != nil {
		return p.known, nil
	}
	if since := p.Now().Sub(p.failed); !p.failed.IsZero() && since >= 0 && since < retry {
		return nil, fmt.Errorf("%w: it did not answer a moment ago", ErrUnavailable)
	}
	m, err := p.discover(ctx)
	if err != nil {
		p.failed = p.Now()
		return nil, fmt.Errorf("%w: %s", ErrUnavailable, printable(err.Error()))
	}
	p.known = m
	return m, nil
}

// signatures are the algorithms by which a provider may sign. With those of shared secrets, whoever knows
// the client's secret could sign; "none" is no signature.
func signatures() []string {
	return []string{gooidc.RS256, gooidc.RS384, gooidc.RS512, gooidc.PS256, gooidc.PS384, gooidc.PS512, gooidc.ES256, gooidc.ES384, gooidc.ES512, gooidc.EdDSA}
}

func (p *Provider) discover(ctx context.Context) (*metadata, error) {
	// Whoever asks first may hang up; others wait for the answer too.
	ctx = gooidc.ClientContext(context.WithoutCancel(ctx), p.client)
	found, err := gooidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return nil, err
	}
	var says struct {
		Keys        string   `json:"jwks_uri"`
		Methods     []string `json:"token_endpoint_auth_methods_supported"`
		IssuerNamed bool     `json:"authorization_response_iss_parameter_supported"`
	}
	if err := found.Claims(&says); err != nil {
		return nil, err
	}
	endpoint := found.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // what a provider that does not say takes
	if len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	at := map[string]string{"authorization_endpoint": endpoint.AuthURL, "token_endpoint": endpoint.TokenURL, "jwks_uri": says.Keys}
	if found.UserInfoEndpoint() != "" {
		at["userinfo_endpoint"] = found.UserInfoEndpoint()
	}
	for name, address := range at {
		if err := checkAddress(address); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return &metadata{
		oauth: oauth2.Config{
			ClientID: p.ClientID, ClientSecret: p.Secret, Endpoint: endpoint, RedirectURL: p.Redirect,
			Scopes: append([]string{gooidc.ScopeOpenID, "email", "profile"}, p.Scopes...),
		},
		verifier: found.VerifierContext(ctx, &gooidc.Config{ClientID: p.ClientID, SupportedSigningAlgs: signatures(), Now: p.Now}),
		userinfo: found.UserInfoEndpoint(), namesIss: says.IssuerNamed,
	}, nil
}

// checkAddress refuses addresses at which somebody on the wire could answer, or listen.
func checkAddress(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q is not an address", text)
	case u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	default:
		return fmt.Errorf("%q is neither https nor on this machine", text)
	}
}
