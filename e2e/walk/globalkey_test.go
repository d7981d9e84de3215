package walk

import (
	"net/http"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// The key of before still opens every route that its user may use, beside the tokens.
func TestGlobalKeyWorksEverywhere(t *testing.T) {
	d := harness.Start(t)
	zone, account := "/zones/"+d.Staging().ID, "/accounts/"+d.Staging().AccountID
	token := editor(t, d, d.Staging())
	for _, path := range []string{
		"/user", "/accounts", account, account + "/members", "/memberships",
		"/user/tokens", "/user/tokens/" + token.ID, "/user/tokens/permission_groups",
		account + "/tokens", account + "/tokens/permission_groups",
		"/zones", zone, zone + "/dns_records", zone + "/firewall/rules", zone + "/firewall/access_rules/rules",
		zone + "/pagerules", zone + "/load_balancers", zone + "/settings", zone + "/settings/ssl",
		account + "/load_balancers/pools", account + "/load_balancers/monitors",
	} {
		answer := owner(d).Call(t, http.MethodGet, path, nil)
		if answer.Status != http.StatusOK {
			t.Errorf("%s: %d, want 200: %s", answer.Request, answer.Status, answer.Body)
		}
	}
	editRecords(t, d, owner(d))
	rules := zone + "/firewall/rules"
	owner(d).Call(t, http.MethodPost, rules, firewallRules()).Want(t, http.StatusOK)
	owner(d).Call(t, http.MethodPost, zone+"/purge_cache", map[string]any{"purge_everything": true}).Want(t, http.StatusOK)
}

// A key is its user's: it opens nothing of an account that the user does not belong to.
func TestGlobalKeyStopsAtItsUser(t *testing.T) {
	d := harness.Start(t)
	for _, user := range d.Users {
		caller := d.As(harness.GlobalKey(user))
		for _, zone := range d.Zones {
			want := http.StatusForbidden
			for _, account := range user.Accounts {
				if account == zone.AccountID {
					want = http.StatusOK
				}
			}
			for _, path := range []string{"/zones/" + zone.ID, "/zones/" + zone.ID + "/dns_records", "/accounts/" + zone.AccountID} {
				if answer := caller.Call(t, http.MethodGet, path, nil); answer.Status != want {
					t.Errorf("%s with the key of %s: %d, want %d", answer.Request, user.Email, answer.Status, want)
				}
			}
		}
	}
}
