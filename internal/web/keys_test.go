package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// TestOffTheKey: a client moves from the key to a token with no request refused, and then the key ends.
func TestOffTheKey(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	ask := func(by nodetest.Credential) int { return n.Do(t, by, "GET", "/zones/"+n.Ada.Zones[0], nil).Status }
	if ask(n.Ada.ByKey()) != http.StatusOK {
		t.Fatal("the key does not work")
	}
	token := n.Mint(t, n.Ada.ByKey(), "moved", n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "Zone Read"))
	both := func(h http.Header) { token.Bearer()(h); n.Ada.ByKey()(h) } // while the client is moved
	for name, by := range map[string]nodetest.Credential{"key": n.Ada.ByKey(), "both": both, "token": token.Bearer()} {
		if got := ask(by); got != http.StatusOK {
			t.Errorf("with %s: %d", name, got)
		}
	}
	want(t, b.Get("/profile/global-api-key"), http.StatusOK, "Disable the key")
	want(t, b.Post("/profile/global-api-key/disable", url.Values{}), http.StatusOK)
	if key, moved := ask(n.Ada.ByKey()), ask(token.Bearer()); key != http.StatusForbidden && key != http.StatusUnauthorized || moved != http.StatusOK {
		t.Errorf("disabled: %d with the key, %d with the token", key, moved)
	}
	want(t, b.Get("/profile/global-api-key"), http.StatusOK, "Disabled.", "change it")
	want(t, b.Post("/profile/global-api-key/disable", url.Values{}), http.StatusOK) // it is off
	want(t, b.Get("/profile/audit"), http.StatusOK, "disabled the Global API Key")
	n.Restart(t)
	if got := ask(n.Ada.ByKey()); got == http.StatusOK {
		t.Error("after a restart the key works")
	}
	other := n.User(t, "other@example.com")
	if a := n.Operate(t, "DELETE", "/users/"+other.ID.String()+"/global_api_key", nil); a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := n.Do(t, other.ByKey(), "GET", "/user", nil); a.Status == http.StatusOK {
		t.Error("the key that the operator disabled works")
	}
	var rolled struct {
		Key string `json:"global_api_key"`
	}
	n.Operate(t, "POST", "/users/"+other.ID.String()+"/global_api_key", nil).Result(t, &rolled)
	other.Key = rolled.Key
	if a := n.Do(t, other.ByKey(), "GET", "/user", nil); a.Status != http.StatusOK || leastkey.UserOf(other.ID).IsZero() {
		t.Errorf("the new key: %d %s", a.Status, a.Body)
	}
}
