package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/nodetest"
)

// TestLeakedPage: nobody needs to sign in to end a secret, nor learns what it was good for.
func TestLeakedPage(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	leaked, other := n.Mint(t, n.Ada.ByKey(), "leaked name"), n.Mint(t, n.Ada.ByKey(), "other")
	b := n.Browser(t)
	want(t, b.Get("/sign-in"), http.StatusOK, `href="/leaked"`)
	want(t, b.Get("/leaked"), http.StatusOK, "Secrets, one a line")
	post := func(secrets string) nodetest.Answer { return b.Post("/leaked", url.Values{"secrets": {secrets}}) }
	want(t, post(" \n"), http.StatusUnprocessableEntity, "Paste at least one secret")
	want(t, post("nothing"), http.StatusUnprocessableEntity, "Nothing here has the form")
	want(t, post(strings.Repeat("x\n", 101)), http.StatusUnprocessableEntity, "up to 100")
	if !accepted(t, n, leaked.Value) {
		t.Fatal("the token was ended by nothing")
	}
	typo := leaked.Value[:len(leaked.Value)-1] + "x"
	a := post(" " + leaked.Value + "\r\nand something else\n" + typo)
	want(t, a, http.StatusOK, "The secret works no more")
	if accepted(t, n, leaked.Value) || !accepted(t, n, other.Value) {
		t.Error("the leaked token works, or the other does not")
	}
	for _, said := range []string{leaked.Value, leaked.Name, n.Ada.Email} {
		if strings.Contains(string(a.Body), said) {
			t.Errorf("the page says %s", said)
		}
	}
	done, _ := n.Acts(t)
	want(t, post(leaked.Value), http.StatusOK, "The secret works no more")
	if now, _ := n.Acts(t); len(now) != len(done) {
		t.Error("a second time was an act")
	}
	in := n.SignIn(t, n.Ada)
	want(t, in.Get("/profile/audit"), http.StatusOK, "secret holder", "ended a leaked secret of the token", "leaked name")
	for range 40 {
		a = post(other.Value)
	}
	want(t, a, http.StatusTooManyRequests, "Too many attempts")
}
