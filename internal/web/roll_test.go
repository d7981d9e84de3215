package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/leastkey/leastkey/internal/nodetest"
)

// ownTokens is where a person's tokens are.
const ownTokens = "/profile/api-tokens"

// written is the document that an answer holds.
func written(t *testing.T, a nodetest.Answer) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(a.Body)))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// valueOf is the value of a field.
func valueOf(t *testing.T, a nodetest.Answer, field string) string {
	t.Helper()
	found, ok := lookFor(written(t, a), "name", field)
	if !ok {
		t.Fatalf("there is no field %q: %d %s", field, a.Status, a.Body)
	}
	for _, attr := range found.Attr {
		if attr.Key == "value" {
			return attr.Val
		}
	}
	return ""
}

func lookFor(root *html.Node, key, value string) (*html.Node, bool) {
	for n := range root.Descendants() {
		for _, attr := range n.Attr {
			if attr.Key == key && attr.Val == value {
				return n, true
			}
		}
	}
	return nil, false
}

// shownSecret is the secret that a page shows; "" when it shows none.
func shownSecret(t *testing.T, a nodetest.Answer) string {
	t.Helper()
	found, ok := lookFor(written(t, a), "id", "secret")
	if !ok {
		return ""
	}
	return found.FirstChild.Data
}

// want fails unless the answer has the status and the words.
func want(t *testing.T, a nodetest.Answer, status int, words ...string) {
	t.Helper()
	body := html.UnescapeString(string(a.Body))
	if a.Status != status {
		t.Fatalf("answered %d, want %d: %s", a.Status, status, body)
	}
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Fatalf("not said: %q in %s", w, body)
		}
	}
}

// accepted reports whether the API takes the secret.
func accepted(t *testing.T, n *nodetest.Node, secret string) bool {
	t.Helper()
	return n.Do(t, nodetest.Bearer(secret), "GET", "/user/tokens/verify", nil).Status == http.StatusOK
}

func TestRoll(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	token := n.Mint(t, n.Ada.ByKey(), "deploy-bot", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	b := n.SignIn(t, n.Ada)
	path := ownTokens + "/" + token.ID
	once := func() string {
		t.Helper()
		return valueOf(t, b.Get(path+"/roll"), "once")
	}

	a := b.Post(path+"/roll", url.Values{"once": {once()}, "overlap": {"0"}})
	want(t, a, http.StatusOK, "deploy-bot", "never again", "The old secret no longer works.", "/client/v4/user/tokens/verify")
	first := shownSecret(t, a)
	if accepted(t, n, token.Value) || !accepted(t, n, first) {
		t.Error("the old secret works, or the new one does not")
	}

	a = b.Post(path+"/roll", url.Values{"once": {once()}, "overlap": {"other"}, "hours": {" 2 "}})
	want(t, a, http.StatusOK, "works until 2030-01-01 02:00 UTC")
	second := shownSecret(t, a)
	want(t, b.Get(path+"/roll"), http.StatusOK, "Two secrets work at this moment", first[len(first)-4:], second[len(second)-4:])
	if !accepted(t, n, first) || !accepted(t, n, second) {
		t.Error("both secrets are to work until the overlap ends")
	}

	a = b.Send(b.Request("POST", path+"/end-overlap", url.Values{}))
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != path+"?done=overlap-ended" || accepted(t, n, first) || !accepted(t, n, second) {
		t.Errorf("end of the overlap: %d %q", a.Status, a.Header.Get("Location"))
	}
	a = b.Send(b.Request("POST", path+"/end-overlap", url.Values{}))
	if a.Header.Get("Location") != path+"?done=one-secret" {
		t.Errorf("end of no overlap: %d %q", a.Status, a.Header.Get("Location"))
	}

	n.Clock.Advance(5 * time.Minute)
	a = b.Post(path+"/roll", url.Values{"once": {once()}, "overlap": {"168"}})
	want(t, a, http.StatusOK, "works until 2030-01-08 00:05 UTC")
}

// TestRollRefused shows what a form may not ask for, and that nothing of it is lost.
func TestRollRefused(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	token := n.Mint(t, n.Ada.ByKey(), "deploy-bot")
	b := n.SignIn(t, n.Ada)
	path := ownTokens + "/" + token.ID + "/roll"
	once := valueOf(t, b.Get(path), "once")
	before := revision(t, n)
	for _, c := range []struct{ overlap, hours, words string }{
		{"", "", "Choose for how long"},
		{"2", "", "Choose for how long"},
		{"-1", "", "Choose for how long"},
		{"24", "5", "Leave the hours empty"},
		{"other", "", "from 0 to 168"},
		{"other", "-1", "from 0 to 168"},
		{"other", "+1", "from 0 to 168"},
		{"other", "1.5", "from 0 to 168"},
		{"other", "169", "from 0 to 168"},
		{"other", "99999999999999999999", "from 0 to 168"},
	} {
		a := b.Post(path, url.Values{"once": {once}, "overlap": {c.overlap}, "hours": {c.hours}})
		want(t, a, http.StatusUnprocessableEntity, c.words)
		if is := valueOf(t, a, "once"); is != once {
			t.Errorf("the form has another id: %s", is)
		}
		if is := valueOf(t, a, "hours"); is != c.hours {
			t.Errorf("hours are %q, want %q", is, c.hours)
		}
	}
	for _, once := range []string{"", "x", strings.Repeat("0", 32)} {
		want(t, b.Post(path, url.Values{"once": {once}, "overlap": {"0"}}), http.StatusUnsupportedMediaType)
	}
	if now := revision(t, n); now != before || !accepted(t, n, token.Value) {
		t.Errorf("something was done: revision %d after %d", now, before)
	}
}

// TestSecretIsShownOnce sends forms again that showed a secret: on reload, or from a copy of the
// page. Nothing is done a second time.
func TestSecretIsShownOnce(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	mine := n.Mint(t, n.Ada.ByKey(), "deploy-bot")
	account := "/account/" + n.Ada.Account.String()
	its := n.MintFor(t, n.Ada.ByKey(), n.Ada.Account, "deploy-bot")
	b := n.SignIn(t, n.Ada)
	for _, path := range []string{
		ownTokens + "/" + mine.ID + "/roll", account + "/api-tokens/" + its.ID + "/roll",
		"/profile/global-api-key/change", "/profile/origin-ca-key/change",
	} {
		form := url.Values{"once": {valueOf(t, b.Get(path), "once")}, "overlap": {"0"}}
		a := b.Post(path, form)
		want(t, a, http.StatusOK)
		secret := shownSecret(t, a)
		if secret == "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s showed %q, to be kept as %q", path, secret, a.Header.Get("Cache-Control"))
		}
		before := revision(t, n)
		for _, wait := range []time.Duration{0, time.Hour} { // by then the password is asked for
			n.Clock.Advance(wait)
			a = b.Post(path, form)
			want(t, a, http.StatusConflict, "was shown then, and is not kept")
			if strings.Contains(string(a.Body), secret) {
				t.Errorf("%s showed the secret again", path)
			}
		}
		if now := revision(t, n); now != before {
			t.Errorf("%s was acted on again", path)
		}
		if strings.Contains(n.Log.String(), secret) {
			t.Errorf("what %s showed is in the log", path)
		}
		b = n.SignIn(t, n.Ada)
	}
}

// TestPasswordBeforeSecret lets the proof of who one is grow old.
func TestPasswordBeforeSecret(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	user := withPassword(t, n, "kim@example.com")
	b := n.SignIn(t, nodetest.Person{ID: user.ID})
	n.Clock.Advance(11 * time.Minute)
	for _, path := range []string{"/profile/global-api-key/change", "/profile/origin-ca-key/change"} {
		a := b.Get(path)
		want(t, a, http.StatusOK, "Your password")
		form := url.Values{"once": {valueOf(t, a, "once")}}
		before, _ := n.Acts(t)
		for _, typed := range []string{"", "wrong"} {
			form.Set("password", typed)
			a = b.Post(path, form)
			want(t, a, http.StatusUnprocessableEntity, map[string]string{"": "Enter your password", "wrong": "The password is not right."}[typed])
			if is := valueOf(t, a, "once"); is != form.Get("once") {
				t.Errorf("the form has another id: %s", is)
			}
		}
		if now, _ := n.Acts(t); len(now) != len(before) {
			t.Error("something was done without the password")
		}
		form.Set("password", password)
		a = b.Post(path, form)
		want(t, a, http.StatusOK)
		if shownSecret(t, a) == "" {
			t.Fatalf("no secret: %s", a.Body)
		}
		if strings.Contains(string(b.Get(path).Body), "Your password") {
			t.Error("the password is asked for again")
		}
		n.Clock.Advance(11 * time.Minute)
	}
}
