package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/nodetest"
)

func TestDelete(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	const name = "deploy  bot's"
	b := n.SignIn(t, n.Ada)
	unused := n.Mint(t, n.Ada.ByKey(), "unused")
	used := n.Mint(t, n.Ada.ByKey(), name)
	const asked = "It was used in the last 24 hours."
	post := func(id, typed string) nodetest.Answer {
		return b.Send(b.Request("POST", ownTokens+"/"+id+"/delete", url.Values{"name": {typed}}))
	}

	a := b.Get(ownTokens + "/" + unused.ID + "/delete")
	want(t, a, http.StatusOK, "cannot be brought back", "Never")
	if strings.Contains(string(a.Body), asked) {
		t.Error("the name of a token that nobody uses is asked for")
	}
	if a = post(unused.ID, ""); a.Header.Get("Location") != ownTokens+"?done=deleted" || accepted(t, n, unused.Value) {
		t.Fatalf("not deleted: %d %s", a.Status, a.Body)
	}

	if !accepted(t, n, used.Value) {
		t.Fatal("the token does not work")
	}
	if err := n.Uses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	want(t, b.Get(ownTokens+"/"+used.ID+"/delete"), http.StatusOK, asked, "192.0.2.1", "GET /client/v4/user/tokens/verify", name)
	for _, typed := range []string{"", "deploy bot's", "DEPLOY  BOT'S", name + "x", "unused"} {
		want(t, post(used.ID, typed), http.StatusUnprocessableEntity, "This is not the name of the token.")
	}
	if !accepted(t, n, used.Value) {
		t.Fatal("the token was deleted")
	}
	if a = post(used.ID, " "+name+"\t"); a.Status != http.StatusSeeOther || accepted(t, n, used.Value) {
		t.Fatalf("not deleted: %d %s", a.Status, a.Body)
	}

	old := n.Mint(t, n.Ada.ByKey(), "old")
	accepted(t, n, old.Value)
	if err := n.Uses.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.Clock.Advance(25 * time.Hour)
	b = n.SignIn(t, n.Ada)
	if a = b.Get(ownTokens + "/" + old.ID + "/delete"); strings.Contains(string(a.Body), asked) {
		t.Error("the name is asked for a day after the last use")
	}
	if a = post(old.ID, ""); a.Status != http.StatusSeeOther {
		t.Errorf("not deleted: %d %s", a.Status, a.Body)
	}
	want(t, b.Get(ownTokens+"?done=deleted"), http.StatusOK, "The token was deleted.", "No tokens yet")
}
