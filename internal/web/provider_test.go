package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/oidc"
	"github.com/leastkey/leastkey/internal/oidc/oidctest"
)

// atProvider is a node at which people sign in with a provider, which says of everybody what its Claims say.
type atProvider struct {
	*nodetest.Node
	provider *oidctest.Provider
}

// startAtProvider has rules by which the dns-team administers Ada's account, and helpers read in it.
func startAtProvider(t *testing.T, change ...func(*login.OIDC)) *atProvider {
	t.Helper()
	n := &atProvider{}
	n.Node = nodetest.Start(t, nodetest.Config{OIDC: func(node *nodetest.Node) login.OIDC {
		n.provider = oidctest.Start(t, node.Clock.Now)
		client, err := oidc.New(oidc.Config{Issuer: n.provider.URL, ClientID: oidctest.ClientID, Secret: oidctest.Secret, Now: node.Clock.Now,
			Random: nodetest.NewRandom(7), Redirect: "http://dashboard.example/sign-in/oidc/callback", Claims: []string{"groups"}})
		if err != nil {
			t.Fatal(err)
		}
		c := login.OIDC{Provider: client, Name: "Example ID", Rules: []login.Rule{
			{Account: "Ada's", Roles: []string{"Administrator"}, Claim: "groups", Is: "dns-team"},
			{Account: "Ada's", Roles: []string{"Administrator Read Only"}, Claim: "groups", Is: "helpers"},
			{Account: "No such account", Roles: []string{"Administrator"}, Claim: "groups", Is: "dns-team"},
		}}
		for _, f := range change {
			f(&c)
		}
		return c
	}})
	n.says("eve", "eve@example.com", "dns-team")
	return n
}

// says has the provider say who signs in from now on.
func (n *atProvider) says(subject, email string, groups ...string) {
	n.provider.Claims = map[string]any{"sub": subject, "email": email, "email_verified": true, "given_name": "Eve", "groups": groups}
}

// leave sends a form and gives the address of the provider to which it leads.
func leave(t *testing.T, b *nodetest.Browser, path string, form url.Values) string {
	t.Helper()
	a := b.Post(path, form)
	link := regexp.MustCompile(`href="([^"]*)" rel="external noreferrer"`).FindSubmatch(a.Body)
	if a.Status != http.StatusOK || link == nil {
		t.Fatalf("answered %d %s", a.Status, a.Body)
	}
	address := html.UnescapeString(string(link[1]))
	if refresh := a.Header.Get("Refresh"); refresh != "0; url="+address {
		t.Errorf("the page goes on to %q by itself, and its link to %q", refresh, address)
	}
	return address
}

// back is the request with which the browser comes back from the provider.
func back(b *nodetest.Browser, brought url.Values) *http.Request {
	r := b.Request(http.MethodGet, callback+"?"+brought.Encode(), nil)
	set(r, "Sec-Fetch-Site", "cross-site")
	return r
}

const callback = "/sign-in/oidc/callback"

// signIn goes the whole way, and gives the answer to what the browser brought back.
func (n *atProvider) signIn(t *testing.T, b *nodetest.Browser) nodetest.Answer {
	t.Helper()
	return b.Send(back(b, n.provider.Visit(t, leave(t, b, "/sign-in/oidc", url.Values{"next": {sessionsPath}}))))
}

func (n *atProvider) user(t *testing.T, email string) control.User {
	t.Helper()
	user, err := n.Control.UserToSignIn(t.Context(), email)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// roles are the names of those that a user has in Ada's account; false when they are no member.
func (n *atProvider) roles(t *testing.T, user leastkey.ID) (names []string, member bool) {
	t.Helper()
	members, err := n.Control.Members(t.Context(), control.Operator(), n.Ada.Account)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.User.ID == user {
			member = true
			for _, id := range m.Roles {
				role, _ := n.Catalog.Role(id)
				names = append(names, role.Name)
			}
		}
	}
	slices.Sort(names)
	return names, member
}

// acts are the actions in the audit log, oldest first, of the part of Leastkey that does what the provider says.
func (n *atProvider) acts(t *testing.T) (acts []string) {
	t.Helper()
	err := n.Store.View(t.Context(), func(r control.Reader) error {
		rows, err := r.AuditRows(control.AuditFilter{Limit: 1000})
		for _, row := range slices.Backward(rows) {
			if row.Agent == "oidc" {
				acts = append(acts, row.Action)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return acts
}

// TestProviderSignIn: somebody whom nobody knows is made a user where that is allowed, and a known address is
// linked; from then on the subject counts. Memberships follow the claims, what is lost before what is won.
func TestProviderSignIn(t *testing.T) {
	n := startAtProvider(t, func(c *login.OIDC) { c.CreateUsers = true })
	b := n.Browser(t)
	a := n.signIn(t, b)
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != sessionsPath || !isSignedIn(t, b.Send(b.Request(http.MethodGet, sessionsPath, nil))) {
		t.Fatalf("answered %d to %s", a.Status, a.Header.Get("Location"))
	}
	eve := n.user(t, "eve@example.com")
	if eve.PasswordHash != "" || eve.FirstName != "Eve" {
		t.Errorf("made %+v", eve)
	}
	roles := func(what string, want ...string) {
		t.Helper()
		is, member := n.roles(t, eve.ID)
		if !slices.Equal(is, want) || member != (len(want) > 0) {
			t.Errorf("%s: a member %v with %q, want %q", what, member, is, want)
		}
	}
	roles("by one rule", "Administrator")
	n.says("eve", "another@example.com", "helpers", "dns-team")
	n.signIn(t, b)
	roles("by two rules, with another address", "Administrator", "Administrator Read Only")
	n.says("eve", "ada@example.com", "helpers")
	n.signIn(t, b)
	roles("with the address of somebody else", "Administrator Read Only")
	n.Join(t, nodetest.Person{Email: "eve@example.com"}, n.Ben.Account, "Administrator")
	n.says("eve", "eve@example.com")
	n.signIn(t, b)
	roles("without a claim")
	n.signIn(t, b)
	if others, err := n.Control.Members(t.Context(), control.Operator(), n.Ben.Account); err != nil || len(others) != 2 {
		t.Errorf("an account that no rule names has %d members, want 2: %v", len(others), err)
	}
	if is, want := n.acts(t), []string{"user.create", "member.add", "member.update", "member.update", "member.remove"}; !slices.Equal(is, want) {
		t.Errorf("acts %q, want %q", is, want)
	}
	if !strings.Contains(n.Log.String(), "No such account") {
		t.Error("nothing is said of the account that is not there")
	}
	if a := n.Browser(t).Post("/sign-in", url.Values{"email": {"eve@example.com"}, "password": {"a password of no use"}}); a.Status != http.StatusUnauthorized {
		t.Errorf("with a password: %d", a.Status)
	}
}

// TestProviderLinks: an e-mail address that the provider verified leads to its user once.
func TestProviderLinks(t *testing.T) {
	n := startAtProvider(t)
	n.says("ada", "Ada@Example.com", "dns-team")
	b := n.Browser(t)
	if a := n.signIn(t, b); a.Status != http.StatusSeeOther {
		t.Fatalf("answered %d %s", a.Status, a.Body)
	}
	for name, c := range map[string]struct {
		says func()
		want string
	}{
		"somebody unknown":               {func() { n.says("eve", "eve@example.com") }, "nobody here does"},
		"another subject, same address":  {func() { n.says("eve", "ada@example.com") }, "You cannot sign in here"},
		"an address that is not theirs":  {func() { n.says("ben", "ben@example.com"); n.provider.Claims["email_verified"] = false }, "does not say that your e-mail address"},
		"an address that is none":        {func() { n.says("eve", "eve") }, "You cannot sign in here"},
		"no address":                     {func() { n.says("eve", "") }, "does not say that your e-mail address"},
		"a provider that says no":        {func() { n.provider.Decline = "<script>" }, "Example ID did not sign you in."},
		"a signature of somebody else's": {func() { n.provider.Sign = oidctest.ByAnother }, "cannot be relied on"},
		"a provider that is down":        {func() { n.provider.Broken = true }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			n.Clock.Advance(time.Hour)
			c.says()
			before := revision(t, n.Node)
			b := n.Browser(t)
			var a nodetest.Answer
			if n.provider.Broken {
				a = b.Post("/sign-in/oidc", url.Values{})
				if a.Status != http.StatusOK { // what the provider is like is known since the first
					t.Errorf("answered %d", a.Status)
				}
			} else {
				a = n.signIn(t, b)
				if a.Status < 400 || !strings.Contains(html.UnescapeString(string(a.Body)), c.want) || strings.Contains(string(a.Body), "<script>") {
					t.Errorf("answered %d %s", a.Status, a.Body)
				}
			}
			if after := revision(t, n.Node); after != before || isSignedIn(t, b.Send(b.Request(http.MethodGet, sessionsPath, nil))) {
				t.Errorf("%d things were done", after-before)
			}
			n.provider.Decline, n.provider.Sign, n.provider.Broken = "", nil, false
		})
	}
	if _, err := n.Control.SetUserDisabled(t.Context(), control.Operator(), n.Ada.ID, true); err != nil {
		t.Fatal(err)
	}
	n.says("ada", "ada@example.com", "dns-team")
	before, _ := n.roles(t, n.Ada.ID)
	if a := n.signIn(t, n.Browser(t)); a.Status != http.StatusForbidden {
		t.Errorf("disabled: %d", a.Status)
	}
	if after, _ := n.roles(t, n.Ada.ID); !slices.Equal(before, after) {
		t.Errorf("roles of who is disabled: %q, were %q", after, before)
	}
}

// TestProviderDown: the dashboard starts, and says so where it is asked.
func TestProviderDown(t *testing.T) {
	n := startAtProvider(t)
	n.provider.Broken = true
	b := n.Browser(t)
	if a := b.Get("/sign-in"); a.Status != http.StatusOK || !strings.Contains(string(a.Body), "Sign in with") {
		t.Errorf("the page: %d %s", a.Status, a.Body)
	}
	if a := b.Post("/sign-in/oidc", url.Values{}); a.Status != http.StatusServiceUnavailable || !strings.Contains(string(a.Body), "does not answer") {
		t.Errorf("the button: %d %s", a.Status, a.Body)
	}
}

// TestProviderNeedsTheBrowser: what one browser asked is of no use in another, nor twice, and nothing is asked by a link.
func TestProviderNeedsTheBrowser(t *testing.T) {
	n := startAtProvider(t)
	n.says("ada", "ada@example.com")
	victim, attacker := n.Browser(t), n.Browser(t)
	brought := n.provider.Visit(t, leave(t, attacker, "/sign-in/oidc", url.Values{}))
	if a := victim.Send(back(victim, brought)); a.Status != http.StatusUnauthorized || isSignedIn(t, victim.Send(victim.Request(http.MethodGet, sessionsPath, nil))) {
		t.Errorf("the sign-in of another browser: %d", a.Status)
	}
	if a := attacker.Send(back(attacker, brought)); a.Status != http.StatusUnauthorized {
		t.Errorf("after that: %d", a.Status)
	}
	mine := n.provider.Visit(t, leave(t, victim, "/sign-in/oidc", url.Values{}))
	if a := victim.Send(back(victim, mine)); a.Status != http.StatusSeeOther {
		t.Errorf("one's own: %d", a.Status)
	}
	if a := victim.Send(back(victim, mine)); a.Status != http.StatusUnauthorized {
		t.Errorf("twice: %d", a.Status)
	}
	if a := victim.Get("/sign-in/oidc"); a.Status != http.StatusMethodNotAllowed && a.Status != http.StatusNotFound {
		t.Errorf("a link starts it: %d", a.Status)
	}
	if strings.Contains(n.Log.String(), brought.Get("code")) || strings.Contains(n.Log.String(), mine.Get("state")) {
		t.Error("codes are in the log")
	}
}

// TestProviderFixation: signing in makes a new session, and ends the one that the browser had.
func TestProviderFixation(t *testing.T) {
	n := startAtProvider(t)
	n.says("ada", "ada@example.com", "dns-team")
	b := n.SignIn(t, n.Ben)
	old := n.Browser(t)
	*old = *b
	if a := n.signIn(t, b); a.Status != http.StatusSeeOther {
		t.Fatalf("answered %d", a.Status)
	}
	if a := b.Get("/profile/api-tokens"); !strings.Contains(string(a.Body), "ada@example.com") || strings.Contains(string(a.Body), "ben@example.com") {
		t.Error("the browser is not Ada's")
	}
	err := n.Store.View(t.Context(), func(r control.Reader) error {
		sessions, err := r.Sessions(n.Ben.ID)
		if len(sessions) != 0 {
			t.Errorf("the session before goes on: %v", sessions)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestProviderConfirms: who has no password proves anew at the provider who they are, before they see a secret; a proof
// of long ago, or of somebody else, is none.
func TestProviderConfirms(t *testing.T) {
	n := startAtProvider(t)
	n.says("ada", "ada@example.com", "dns-team")
	n.provider.SignedInOn = n.Clock.Now().Add(-time.Hour)
	b := n.Browser(t)
	if a := n.signIn(t, b); a.Status != http.StatusSeeOther {
		t.Fatalf("answered %d", a.Status)
	}
	change := func(want int, words string) {
		t.Helper()
		form := b.Get("/profile/global-api-key/change")
		once := regexp.MustCompile(`name="once" value="([^"]*)"`).FindSubmatch(form.Body)
		if once == nil {
			t.Fatalf("answered %d %s", form.Status, form.Body)
		}
		a := b.Post("/profile/global-api-key/change", url.Values{"once": {string(once[1])}})
		if a.Status != want || !strings.Contains(string(a.Body), words) {
			t.Errorf("answered %d, want %d: %s", a.Status, want, a.Body)
		}
	}
	change(http.StatusUnprocessableEntity, `href="/profile/confirm"`)
	confirm := func(want int) {
		t.Helper()
		a := b.Send(back(b, n.provider.Visit(t, leave(t, b, "/profile/confirm", url.Values{}))))
		if a.Status != want {
			t.Errorf("answered %d, want %d: %s", a.Status, want, a.Body)
		}
	}
	n.says("eve", "ada@example.com")
	confirm(http.StatusForbidden)
	n.says("ada", "ada@example.com")
	n.provider.Lie = func(_, claims map[string]any) { delete(claims, "auth_time") }
	confirm(http.StatusForbidden)
	n.provider.Lie = func(_, claims map[string]any) { claims["auth_time"] = n.Clock.Now().Add(-10 * time.Minute).Unix() }
	confirm(http.StatusForbidden)
	change(http.StatusUnprocessableEntity, "Confirm first who you are")
	n.provider.Lie = nil
	confirm(http.StatusSeeOther)
	change(http.StatusOK, "It is shown now and never again.")
	n.Clock.Advance(10 * time.Minute)
	change(http.StatusUnprocessableEntity, `href="/profile/confirm"`)

	// Whose session it was is part of what was asked.
	address := leave(t, b, "/profile/confirm", url.Values{})
	b.Post("/sign-out", url.Values{})
	if a := b.Send(back(b, n.provider.Visit(t, address))); a.Status != http.StatusForbidden {
		t.Errorf("after signing out: %d", a.Status)
	}
}

// TestProviderIsThrottled: as other sign-ins are, by address.
func TestProviderIsThrottled(t *testing.T) {
	n := startAtProvider(t)
	b := n.Browser(t)
	for range login.DefaultLimits().Address.Burst {
		b.Get(callback + "?state=x&code=y")
	}
	for _, a := range []nodetest.Answer{b.Post("/sign-in/oidc", url.Values{}), b.Get(callback)} {
		if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Errorf("answered %d", a.Status)
		}
	}
	if n.provider.Asked() > 0 {
		t.Error("the provider was asked")
	}
}

// TestWithoutProvider: where there is none, nothing of it is there.
func TestWithoutProvider(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	for _, a := range []nodetest.Answer{b.Post("/sign-in/oidc", url.Values{}), b.Get(callback), b.Get("/profile/confirm"), b.Post("/profile/confirm", url.Values{})} {
		if a.Status != http.StatusNotFound {
			t.Errorf("answered %d", a.Status)
		}
	}
	if a := n.Browser(t).Get("/sign-in"); strings.Contains(string(a.Body), "oidc") {
		t.Error("the page offers it")
	}
}
