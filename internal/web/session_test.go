package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

const password = "correct horse battery"

// withPassword makes a user who can sign in.
func withPassword(t *testing.T, n *nodetest.Node, email string) control.User {
	t.Helper()
	made, err := n.Control.CreateUser(t.Context(), control.Operator(), control.UserSpec{Email: email, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return made.User
}

// signInLink makes the code of a link.
func signInLink(t *testing.T, n *nodetest.Node, user leastkey.ID) string {
	t.Helper()
	code, _, err := n.Control.MakeSignInLink(t.Context(), control.Operator(), user, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// session begins a session, and gives its key.
func session(t *testing.T, n *nodetest.Node, user leastkey.ID) control.SignedIn {
	t.Helper()
	begun, err := n.Control.BeginSessionByLink(t.Context(), signInLink(t, n, user), control.Visit{})
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// with asks for the sessions with a cookie line and nothing else.
func with(t *testing.T, n *nodetest.Node, cookies string) nodetest.Answer {
	t.Helper()
	b := n.Browser(t)
	r := b.Request(http.MethodGet, sessionsPath, nil)
	r.Header.Set("Cookie", cookies)
	return b.Send(r)
}

const sessionsPath = "/profile/sessions"

// isSignedIn reports whether the answer to sessionsPath is that page.
func isSignedIn(t *testing.T, a nodetest.Answer) bool {
	t.Helper()
	switch {
	case a.Status == http.StatusOK && strings.Contains(string(a.Body), "This browser"):
		return true
	case a.Status == http.StatusSeeOther && strings.HasPrefix(a.Header.Get("Location"), "/sign-in"):
		return false
	}
	t.Fatalf("answered %d %s", a.Status, a.Body)
	return false
}

func credentials(email, password, next string) url.Values {
	return url.Values{"email": {email}, "password": {password}, "next": {next}}
}

// keyOf is the key that an answer hands to the browser.
func keyOf(t *testing.T, a nodetest.Answer) string {
	t.Helper()
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == "leastkey" && c.Value != "" {
			return c.Value
		}
	}
	t.Fatalf("no key: %d %q %s", a.Status, a.Header["Set-Cookie"], a.Body)
	return ""
}

// TestSignInWalk signs in, looks at sessions, ends one from the other, and signs out.
func TestSignInWalk(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{Empty: true})
	withPassword(t, n, "ada@example.com")
	first, second := n.Browser(t), n.Browser(t)
	a := first.Send(first.Request(http.MethodGet, sessionsPath+"?a=b", nil))
	if to := a.Header.Get("Location"); to != "/sign-in?next=%2Fprofile%2Fsessions%3Fa%3Db" {
		t.Fatalf("sent to %q", to)
	}
	if a := first.Get("/sign-in?next=" + url.QueryEscape(sessionsPath)); !strings.Contains(string(a.Body), `name="next" value="/profile/sessions"`) {
		t.Errorf("the way on is forgotten: %s", a.Body)
	}
	if a := first.Post("/sign-in", credentials("Ada@Example.com", password, sessionsPath)); a.Status != http.StatusOK || !strings.Contains(string(a.Body), "This browser") {
		t.Fatalf("answered %d %s", a.Status, a.Body)
	}
	if a := second.Post("/sign-in", credentials("ada@example.com", password, sessionsPath)); strings.Count(string(a.Body), `action="/profile/sessions/end"`) != 1 {
		t.Fatalf("the second browser sees %s", a.Body)
	}
	if a := first.Send(first.Request(http.MethodGet, "/sign-in?next=/profile/password", nil)); a.Header.Get("Location") != "/profile/password" {
		t.Errorf("who is signed in is asked to sign in: %d", a.Status)
	}
	if a := second.Post(sessionsPath+"/end-others", url.Values{}); !strings.Contains(string(a.Body), "All other sessions have ended.") {
		t.Errorf("answered %s", a.Body)
	}
	if isSignedIn(t, first.Send(first.Request(http.MethodGet, sessionsPath, nil))) {
		t.Error("the other session lives on")
	}
	if a := second.Post("/sign-out", url.Values{}); !strings.Contains(string(a.Body), "<h1 dir=\"auto\">Sign in</h1>") {
		t.Errorf("answered %s", a.Body)
	}
	if isSignedIn(t, second.Send(second.Request(http.MethodGet, sessionsPath, nil))) {
		t.Error("the session lives on")
	}
}

// TestNextStaysHere shows that nobody is led to another site by signing in.
func TestNextStaysHere(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{Empty: true})
	withPassword(t, n, "ada@example.com")
	b := n.Browser(t)
	for next, want := range map[string]string{
		"": "/", sessionsPath: sessionsPath, "//evil.example/": "/", `/\evil.example`: "/", "https://evil.example/profile": "/", "/\t/evil.example": "/",
	} {
		a := b.Send(b.Request(http.MethodPost, "/sign-in", credentials("ada@example.com", password, next)))
		if to := a.Header.Get("Location"); a.Status != http.StatusSeeOther || to != want {
			t.Errorf("next %q leads to %q (%d), want %q", next, to, a.Status, want)
		}
		a = b.Send(b.Request(http.MethodGet, "/sign-in?next="+url.QueryEscape(next), nil))
		if to := a.Header.Get("Location"); to != want {
			t.Errorf("signed in, next %q leads to %q, want %q", next, to, want)
		}
	}
}

// TestPasswordAfterLink signs in with a link and chooses a password; later the old one is needed.
func TestPasswordAfterLink(t *testing.T) {
	const chosen = "another good password"
	n := nodetest.Start(t, nodetest.Config{Empty: true})
	user := withPassword(t, n, "ada@example.com")
	b := n.Browser(t)
	code := signInLink(t, n, user.ID)
	if a := b.Get("/sign-in/link?code=" + code); !strings.Contains(string(a.Body), `name="code" value="`+code+`"`) {
		t.Fatalf("the link shows %s", a.Body)
	}
	old := keyOf(t, b.Send(b.Request(http.MethodPost, "/sign-in/link", url.Values{"code": {code}})))
	post := func(current, chosen, again string) nodetest.Answer {
		return b.Send(b.Request(http.MethodPost, "/profile/password", url.Values{"current": {current}, "new": {chosen}, "again": {again}}))
	}
	for _, c := range []struct{ chosen, again, want string }{
		{"", "", "Choose a new password."},
		{chosen, "another", "This is not the same as the new password."},
		{"short", "short", "A password has 12 to 256 characters."},
		{strings.Repeat("x", 257), strings.Repeat("x", 257), "A password has 12 to 256 characters."},
	} {
		if a := post("", c.chosen, c.again); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), c.want) {
			t.Errorf("%q answered %d %s", c.chosen, a.Status, a.Body)
		}
	}
	key := keyOf(t, post("", chosen, chosen))
	if key == old || isSignedIn(t, with(t, n, "leastkey="+old)) || !isSignedIn(t, with(t, n, "leastkey="+key)) {
		t.Error("the session goes on by the key it had")
	}
	if a := post("", chosen, chosen); a.Status != http.StatusUnprocessableEntity || !strings.Contains(string(a.Body), "Enter your current password.") {
		t.Errorf("without the current password: %d %s", a.Status, a.Body)
	}
	if a := b.Post("/sign-in/link", url.Values{"code": {code}}); a.Status != http.StatusUnauthorized || !strings.Contains(string(a.Body), "used already") {
		t.Errorf("the link again: %d %s", a.Status, a.Body)
	}
	if a := guess(t, n, "192.0.2.9", "ada@example.com", password); a.Status != http.StatusUnauthorized {
		t.Errorf("the old password: %d", a.Status)
	}
	keyOf(t, guess(t, n, "192.0.2.9", "ada@example.com", chosen))
}

// TestSessionsAreTheirOwn shows that nobody ends the session of somebody else.
func TestSessionsAreTheirOwn(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada, ben := n.SignIn(t, n.Ada), session(t, n, n.Ben.ID)
	ada.Post(sessionsPath+"/end", url.Values{"id": {ben.ID.String()}})
	ada.Post(sessionsPath+"/end-others", url.Values{})
	if !isSignedIn(t, with(t, n, "leastkey="+ben.Key)) {
		t.Error("Ada ended Ben's session")
	}
	if a := ada.Get(sessionsPath); strings.Contains(string(a.Body), ben.ID.String()) {
		t.Error("Ada sees Ben's session")
	}
	again := session(t, n, n.Ada.ID)
	ada.Post(sessionsPath+"/end", url.Values{"id": {again.ID.String()}})
	if isSignedIn(t, with(t, n, "leastkey="+again.Key)) {
		t.Error("Ada's own session did not end")
	}
}

// TestFixation shows that a key which somebody put into a browser is never that of the person who
// signs in there.
func TestFixation(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	user := withPassword(t, n, "victim@example.com")
	attacker := session(t, n, n.Ben.ID)
	made := strings.Repeat("A", 43)
	for _, c := range []struct {
		name, planted string
		signIn        func(b *nodetest.Browser) *http.Request
	}{
		{"a key that was made up", made, nil},
		{"the attacker's own session", attacker.Key, nil},
		{"a key that was made up, and a link", made, func(b *nodetest.Browser) *http.Request {
			return b.Request(http.MethodPost, "/sign-in/link", url.Values{"code": {signInLink(t, n, user.ID)}})
		}},
		{"the session of the same person", session(t, n, user.ID).Key, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := n.Browser(t)
			r := b.Request(http.MethodPost, "/sign-in", credentials("victim@example.com", password, "/"))
			if c.signIn != nil {
				r = c.signIn(b)
			}
			r.Header.Set("Cookie", "leastkey="+c.planted)
			key := keyOf(t, b.Send(r))
			if key == c.planted {
				t.Error("the session has the key that was planted")
			}
			if isSignedIn(t, with(t, n, "leastkey="+c.planted)) {
				t.Error("the key that was planted opens a session")
			}
			if !isSignedIn(t, with(t, n, "leastkey="+key)) {
				t.Error("the person is not signed in")
			}
		})
	}
	victim := session(t, n, user.ID)
	for name, send := range map[string]func(*http.Request){
		"in the query":           func(r *http.Request) { r.URL.RawQuery = "leastkey=" + victim.Key },
		"in another header":      func(r *http.Request) { r.Header.Set("Leastkey", victim.Key) },
		"as bearer":              func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+victim.Key) },
		"beside another":         func(r *http.Request) { r.Header.Set("Cookie", "leastkey="+made+"; leastkey="+victim.Key) },
		"under the secure name":  func(r *http.Request) { r.Header.Set("Cookie", "__Host-leastkey="+victim.Key) },
		"as the session's id":    func(r *http.Request) { r.Header.Set("Cookie", "leastkey="+victim.ID.String()) },
		"as the hash of the key": func(r *http.Request) { r.Header.Set("Cookie", "leastkey="+hex(victim.Hash)) },
	} {
		t.Run("a key "+name, func(t *testing.T) {
			b := n.Browser(t)
			r := b.Request(http.MethodGet, sessionsPath, nil)
			send(r)
			if isSignedIn(t, b.Send(r)) {
				t.Error("it opens the session")
			}
		})
	}
}

func hex(h leastkey.SecretHash) string {
	text, _ := h.MarshalText() // cannot fail
	return string(text)
}

// TestSessionIsNoBearer shows that what opens the dashboard opens nothing of the API.
func TestSessionIsNoBearer(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	begun := session(t, n, n.Ada.ID)
	for name, by := range map[string]nodetest.Credential{
		"as bearer":            nodetest.Bearer(begun.Key),
		"as Global API Key":    nodetest.Fields("X-Auth-Email", n.Ada.Email, "X-Auth-Key", begun.Key),
		"as service key":       nodetest.Fields("X-Auth-User-Service-Key", begun.Key),
		"as cookie":            nodetest.Fields("Cookie", "leastkey="+begun.Key),
		"as the secure cookie": nodetest.Fields("Cookie", "__Host-leastkey="+begun.Key),
		"by its id":            nodetest.Bearer(begun.ID.String()),
		"by its hash":          nodetest.Bearer(hex(begun.Hash)),
	} {
		for _, to := range []struct{ method, path string }{
			{"GET", "/user"}, {"GET", "/user/tokens"}, {"GET", "/user/tokens/verify"}, {"POST", "/user/tokens"}, {"GET", "/zones"},
			{"GET", "/accounts/" + n.Ada.Account.String() + "/tokens"}, {"GET", "/zones/" + n.Ada.Zones[0] + "/dns_records"},
		} {
			a := n.Do(t, by, to.method, to.path, nil)
			if a.Status != http.StatusUnauthorized && a.Status != http.StatusBadRequest {
				t.Errorf("%s: %s %s answered %d %s", name, to.method, to.path, a.Status, a.Body)
			}
		}
	}
	if !isSignedIn(t, with(t, n, "leastkey="+begun.Key)) {
		t.Error("the key opens nothing at all, so this test shows nothing")
	}
}

// TestBearerIsNoSession shows that what opens the API opens nothing of the dashboard.
func TestBearerIsNoSession(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	here := placesOf(t, n)
	token := n.Mint(t, n.Ada.ByKey(), "all of DNS", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	for name, secret := range map[string]string{
		"a token": token.Value, "a token's tail, of a key's length": token.Value[len(token.Value)-43:],
		"the Global API Key": n.Ada.Key, "the Global API Key, padded": n.Ada.Key + "AAAAAA",
	} {
		for _, cookie := range []string{"leastkey", "__Host-leastkey"} {
			if isSignedIn(t, with(t, n, cookie+"="+secret)) {
				t.Errorf("%s opens a session as the cookie %s", name, cookie)
			}
		}
		if a := n.Browser(t).Post("/sign-in/link", url.Values{"code": {secret}}); a.Status != http.StatusUnauthorized {
			t.Errorf("%s as the code of a link: %d", name, a.Status)
		}
	}
	for name, by := range map[string]nodetest.Credential{"a token": token.Bearer(), "the Global API Key": n.Ada.ByKey()} {
		for _, route := range n.Site.Routes() {
			if route.Open {
				continue
			}
			b := n.Browser(t)
			r := b.Request(route.Method, here.fill(route.Path), url.Values{})
			by(r.Header)
			if a := b.Send(r); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") {
				t.Errorf("%s: %s %s answered %d", name, route.Method, route.Path, a.Status)
			}
		}
	}
}

// places are what the open places of paths may be filled with.
type places struct{ account, own, owned string }

// placesOf makes a token of Ada's own, and one of her account.
func placesOf(t *testing.T, n *nodetest.Node) places {
	t.Helper()
	edit := n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write")
	return places{
		account: n.Ada.Account.String(),
		own:     n.Mint(t, n.Ada.ByKey(), "own", edit).ID,
		owned:   n.MintFor(t, n.Ada.ByKey(), n.Ada.Account, "owned", edit).ID,
	}
}

// fill makes an address of the path of a route.
func (p places) fill(path string) string {
	token := p.own
	if strings.HasPrefix(path, "/account/") {
		token = p.owned
	}
	return strings.NewReplacer("{account}", p.account, "{id}", token, "{$}", "").Replace(path)
}
