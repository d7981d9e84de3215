package browser

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

const (
	clientID     = "leastkey"
	clientSecret = "client-secret-of-this-test-alone"
	passwordThat = "very secure at the provider"
)

// provider is an OpenID provider with one person, Eve.
type provider struct {
	*storage.Storage
	URL string

	mu     sync.Mutex
	groups []string
}

// startProvider runs it on loopback. It sends people back to the dashboard alone.
func startProvider(t *testing.T, dashboard string) *provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	// By another name than the dashboard, it is another site to the browser, as providers are.
	p := &provider{URL: "http://localhost:" + port}
	p.Storage = storage.NewStorageWithClients(known{}, map[string]*storage.Client{
		clientID: storage.WebClient(clientID, clientSecret, dashboard+"/sign-in/oidc/callback"),
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.Handle("/", exampleop.SetupServer(p.URL, p, slog.New(slog.DiscardHandler), false))
	server.Config.Handler = mux
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// puts has the provider say that Eve is in these groups and no others.
func (p *provider) puts(groups ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.groups = groups
}

// SetUserinfoFromToken adds the groups to what the provider says of a person, which it says at its userinfo endpoint.
func (p *provider) SetUserinfoFromToken(ctx context.Context, userinfo *oidc.UserInfo, token, subject, origin string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	userinfo.AppendClaims("groups", p.groups)
	return p.Storage.SetUserinfoFromToken(ctx, userinfo, token, subject, origin)
}

var _ op.Storage = (*provider)(nil)

// known is who the provider knows.
type known struct{}

func (known) eve() *storage.User {
	return &storage.User{ID: "subject-of-eve", Username: "eve", Password: passwordThat, FirstName: "Eve", LastName: "Example", Email: "eve@example.com", EmailVerified: true}
}

func (k known) GetUserByID(id string) *storage.User {
	if id == k.eve().ID {
		return k.eve()
	}
	return nil
}

func (k known) GetUserByUsername(name string) *storage.User {
	if name == k.eve().Username {
		return k.eve()
	}
	return nil
}

func (known) ExampleClientID() string { return "nobody" }

// freeAddress is one at which nobody listens: where people come back to is known to the provider beforehand.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// startWithProvider is `leastkey serve` at which people sign in with a provider, and whose group "dns-team"
// administers the account Main.
func startWithProvider(t *testing.T) (*harness.Demo, *harness.Server, *provider) {
	t.Helper()
	at := freeAddress(t)
	who := startProvider(t, "http://"+at)
	s := harness.Serve(t, harness.Files{"leastkey.yaml": fmt.Sprintf(`
listen: %[1]s
url: http://%[1]s
data: data
upstream: {url: "http://127.0.0.1:1", credential: {header: X-Api-Key, env: API_KEY}}
sign_in:
  oidc:
    issuer: %[2]s
    client_id: %[3]s
    client_secret: {env: CLIENT_SECRET}
    name: Example ID
    create_users: true
    accounts:
      - {account: Main, roles: [Super Administrator], when: {claim: groups, is: dns-team}}
`, at, who.URL, clientID)}, "API_KEY=a-key-that-nobody-asks-for", "CLIENT_SECRET="+clientSecret)
	s.Member(t, "boss@example.com", "Main")
	return &harness.Demo{Ready: harness.Ready{Dashboard: s.URL + "/", API: s.API}, Ledger: s.Ledger}, s, who
}

// atProvider signs Eve in on the page of the provider.
func atProvider(p *chromium.Page) {
	p.See("Username:")
	p.Fill("Username:", "eve")
	p.Fill("Password:", passwordThat)
	p.Submit("Login")
}

// A person signs in with a provider, has the account that a claim gives them, makes a token, proves anew who they are;
// and has lost the account when the provider no longer makes the claim.
func TestSignInWithProvider(t *testing.T) {
	source := axe(t)
	for name, person := range people {
		t.Run(name, func(t *testing.T) {
			d, s, who := startWithProvider(t)
			who.puts("dns-team", "others")
			p := browser.Open(t, d, person)
			p.MayVisit(strings.TrimPrefix(who.URL, "http://"))
			p.Visit("/profile/api-tokens")
			p.At("Sign in")
			if !person.NoScript {
				checkBoth(t, p, source, "sign-in with a provider")
			}
			p.Submit("Sign in with Example ID")
			atProvider(p)
			p.At("API tokens")
			p.See("eve@example.com", "Main")

			p.Visit("/profile/api-tokens/new?template=custom")
			p.Fill("Token name", "dns of eve")
			p.Fill("Permission", "DNS")
			p.Choose("Which", "Every zone of an account")
			p.Submit("Continue to summary")
			p.At("Summary of dns of eve")
			p.Submit("Create token")
			p.At("Created dns of eve")
			token := d.As(harness.Bearer(secretOf(p, d)))
			token.Verify(t).Want(t, http.StatusOK)

			p.Visit("/profile/confirm")
			p.At("Confirm who you are")
			if !person.NoScript {
				checkBoth(t, p, source, "confirm")
			}
			p.Submit("Confirm with Example ID")
			atProvider(p)
			p.See("You confirmed who you are.")
			p.Visit("/profile/password")
			p.See("You sign in with Example ID, and have no password here.")
			if !person.NoScript {
				checkBoth(t, p, source, "password of a person without")
			}
			p.Submit("Sign out")
			p.At("Sign in")

			who.puts("others")
			p.Submit("Sign in with Example ID")
			atProvider(p)
			p.At("API tokens")
			p.See("eve@example.com")
			p.DoNotSee("Main")
			if log := s.Log(); strings.Contains(log, "sign-in") {
				t.Errorf("the log speaks of refusals:\n%s", log)
			}
		})
	}
}
