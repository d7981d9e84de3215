package web_test

import (
	"net/http"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// stored is the token as it is kept.
func stored(t *testing.T, n *nodetest.Node, id string) (token control.Credential) {
	t.Helper()
	err := n.Store.View(t.Context(), func(r control.Reader) (err error) {
		token, err = r.Credential(leastkey.MustParseID(id))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestStatus turns a token off and on again, and finds all else as it was.
func TestStatus(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	zone := nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0]))
	var token nodetest.Token
	n.Must(t, n.Ada.ByKey(), "POST", "/user/tokens", nodetest.Object{
		"name": "deploy-bot", "expires_on": nodetest.Epoch.AddDate(1, 0, 0),
		"condition": nodetest.Object{"request.ip": nodetest.Object{"in": []string{"192.0.2.0/24"}, "not_in": []string{"192.0.2.7"}}},
		"policies":  []nodetest.Policy{n.Allow(t, zone, "DNS Write", "Zone Read"), n.Deny(t, zone, "DNS Read")},
	}, &token)
	was := stored(t, n, token.ID)
	b := n.SignIn(t, n.Ada)
	path := ownTokens + "/" + token.ID
	for _, c := range []struct {
		name  string
		form  url.Values
		to    string
		works bool
	}{
		{"off, on its page", url.Values{"status": {"disabled"}}, path + "?done=disabled", false},
		{"off once more", url.Values{"status": {"disabled"}}, path + "?done=disabled", false},
		{"on, in the list", url.Values{"status": {"active"}, "list": {"q=deploy&status=disabled&page=3&done=deleted&x=y"}},
			ownTokens + "?done=enabled&page=3&q=deploy&status=disabled&token=" + token.ID, true},
		{"off, in the list", url.Values{"status": {"disabled"}, "list": {""}}, ownTokens + "?done=disabled&token=" + token.ID, false},
		{"on, on its page", url.Values{"status": {"active"}}, path + "?done=enabled", true},
	} {
		n.Clock.Advance(time.Second)
		a := b.Send(b.Request("POST", path+"/status", c.form))
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != c.to {
			t.Errorf("%s: %d to %q, want %q", c.name, a.Status, a.Header.Get("Location"), c.to)
		}
		if accepted(t, n, token.Value) != c.works {
			t.Errorf("%s: the token works: %t", c.name, !c.works)
		}
		is := stored(t, n, token.ID)
		is.Status, is.ModifiedOn = was.Status, was.ModifiedOn
		if !reflect.DeepEqual(is, was) {
			t.Errorf("%s: something else changed:\n%+v\n%+v", c.name, is, was)
		}
	}
	want(t, b.Get(ownTokens+"?done=disabled&token="+token.ID), http.StatusOK, "deploy-bot is disabled:")
	want(t, b.Get(ownTokens+"?done=disabled&token="+n.Ben.ID.String()), http.StatusOK, "The token is disabled:")
	before := revision(t, n)
	for _, status := range []string{"", "expired", "Disabled", "none"} {
		want(t, b.Post(path+"/status", url.Values{"status": {status}}), http.StatusUnsupportedMediaType)
	}
	if now := revision(t, n); now != before {
		t.Error("something was done")
	}
}
