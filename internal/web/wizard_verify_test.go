package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/nodetest"
)

// Tokens of an account are made on the account's pages, and have nothing of a person.
func TestAccountTokens(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	home := "/account/" + n.Ada.Account.String() + "/api-tokens"
	start := b.Get(home + "/new")
	want(t, start, http.StatusOK, "Create a token of Ada's", "every zone of the account")
	if strings.Contains(string(start.Body), "Create additional tokens") || strings.Contains(string(start.Body), "yourself") {
		t.Error("a template is offered that no token of an account can have")
	}
	want(t, b.Get(home+"/new"+template(t, n, "Create additional tokens")), http.StatusNotFound)
	w := begin(t, b, home+"/new"+template(t, n, "WordPress"))
	if strings.Contains(string(w.at.Body), `value="user"`) {
		t.Error("a type is offered that no token of an account can have")
	}
	w.press("summary", http.StatusOK, "every zone of account Ada's", "/accounts/"+n.Ada.Account.String()+"/tokens")
	w.press("", http.StatusOK, "Created WordPress", "/client/v4/accounts/"+n.Ada.Account.String()+"/tokens/verify")
	secret := shownSecret(t, w.at)
	for _, c := range []struct{ path, words, status string }{
		{home + "/verify", "The token works", "200 OK"}, {ownTokens + "/verify", "Invalid API Token", "401 Unauthorized"},
	} {
		a := b.Post(c.path, url.Values{"secret": {secret}})
		want(t, a, http.StatusOK, c.words, c.status)
		var api nodetest.Answer
		if c.path == ownTokens+"/verify" {
			api = n.Do(t, nodetest.Bearer(secret), "GET", "/user/tokens/verify", nil)
		} else {
			api = n.Do(t, nodetest.Bearer(secret), "GET", "/accounts/"+n.Ada.Account.String()+"/tokens/verify", nil)
		}
		if got, want := squeezed(textAt(t, a, "answer")), squeezed(string(api.Body)); got != want {
			t.Errorf("%s shows %s\nthe API answers %s", c.path, got, want)
		}
	}
	want(t, n.SignIn(t, n.Ben).Get(home+"/new"), http.StatusNotFound)

	// Whoever only reads the account makes no tokens of it.
	n.Join(t, n.Ben, n.Ada.Account, "Administrator Read Only")
	reader := begin(t, n.SignIn(t, n.Ben), home+"/new"+template(t, n, "Edit zone DNS"))
	reader.tick("one.example").press("summary", http.StatusForbidden)
}

func textAt(t *testing.T, a nodetest.Answer, id string) string {
	t.Helper()
	return (&walk{t: t, at: a}).text(id)
}

func squeezed(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, ": ", ":")), "")
}

// Whatever is sent to be verified, what is shown is what the API answers to it.
func TestVerifyShowsWhatTheAPIAnswers(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	good := n.Mint(t, n.Ada.ByKey(), "good", n.Allow(t, nodetest.On(nodetest.EveryZone), "DNS Write"))
	off := n.Mint(t, n.Ada.ByKey(), "off", n.Allow(t, nodetest.On(nodetest.EveryZone), "DNS Write"))
	w := begin(t, b, ownTokens+"/"+off.ID+"/edit")
	w.set("in", "198.51.100.1").press("summary", http.StatusOK).press("", http.StatusOK)
	for name, secret := range map[string]string{
		"good": good.Value, "from elsewhere": off.Value, "unknown": "lkut_" + strings.Repeat("a", 44), "a key": n.Ada.Key,
		"markup": "<script>alert(1)</script>", "two lines": good.Value + "\r\nX-Auth-Key: x", "letters": "ä", "a changed letter": good.Value[:len(good.Value)-1] + "!",
	} {
		t.Run(name, func(t *testing.T) {
			a := b.Post(ownTokens+"/verify", url.Values{"secret": {secret}})
			api := n.Do(t, nodetest.Bearer(secret), "GET", "/user/tokens/verify", nil)
			want(t, a, http.StatusOK, fmt.Sprintf("%d %s", api.Status, http.StatusText(api.Status)))
			if got, want := squeezed(textAt(t, a, "answer")), squeezed(string(api.Body)); got != want {
				t.Errorf("shows %s\nthe API answers %s", got, want)
			}
			if strings.Contains(string(a.Body), secret) {
				t.Error("the secret is shown again")
			}
			r := b.Request(http.MethodPost, ownTokens+"/verify", url.Values{"secret": {secret}})
			r.Header.Set("HX-Request", "true")
			if part := b.Send(r); part.Status != http.StatusOK || strings.Contains(string(part.Body), "<html") || !strings.Contains(string(part.Body), `id="answer"`) {
				t.Errorf("the part for htmx: %d %s", part.Status, part.Body)
			}
		})
	}
	want(t, b.Post(ownTokens+"/verify", url.Values{}), http.StatusOK, "The token was refused", "401 Unauthorized")
}
