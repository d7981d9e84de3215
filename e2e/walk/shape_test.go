package walk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// The order of policies and groups and the shape of resources come back as they were sent; exact duplicates do not.
func TestTokenKeepsOrderAndShape(t *testing.T) {
	d := harness.Start(t)
	flat, nested := harness.OneZone(d.Staging().ID), harness.ZonesOf(d.Staging().AccountID)
	policies := []harness.Policy{
		owner(d).Allow(t, nested, harness.ZoneScope, "Zone Read", "DNS Write", "DNS Read"),
		owner(d).Deny(t, flat, harness.ZoneScope, "Page Rules Write"),
		owner(d).Allow(t, flat, harness.ZoneScope, "Firewall Services Write", "Cache Purge"),
		owner(d).Allow(t, harness.OneAccount(d.Staging().AccountID), harness.AccountScope, "Account Settings Read"),
	}
	made := owner(d).Mint(t, "order", append(policies, policies[0])...)
	var read harness.Token
	owner(d).Call(t, http.MethodGet, "/user/tokens/"+made.ID, nil).Want(t, http.StatusOK).Into(t, &read)
	for what, token := range map[string]harness.Token{"create": made, "get": read} {
		if have, want := outline(t, token.Policies), outline(t, policies); have != want {
			t.Errorf("%s: policies\n%swant\n%s", what, have, want)
		}
	}
}

// outline is effect, group ids and resources, one policy a line.
func outline(t *testing.T, policies []harness.Policy) string {
	t.Helper()
	var lines strings.Builder
	for _, policy := range policies {
		resources, err := json.Marshal(policy.Resources)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(&lines, policy.Effect)
		for _, group := range policy.PermissionGroups {
			fmt.Fprint(&lines, " ", group.ID)
		}
		fmt.Fprintf(&lines, " %s\n", resources)
	}
	return lines.String()
}

// Either spelling of the condition is taken, both come back; two that differ are refused.
func TestConditionHasTwoSpellings(t *testing.T) {
	d := harness.Start(t)
	policy := owner(d).Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write")
	in := func(networks ...string) map[string]any { return map[string]any{"in": networks} }
	create := func(condition map[string]any) harness.Answer {
		return owner(d).Call(t, http.MethodPost, "/user/tokens", map[string]any{
			"name": "condition", "policies": []harness.Policy{policy}, "condition": condition,
		})
	}
	const host = "127.0.0.1/8" // host bits are masked
	for name, condition := range map[string]map[string]any{
		"dot":        {"request.ip": in(host)},
		"underscore": {"request_ip": in(host)},
		"both":       {"request.ip": in(host), "request_ip": in(host)},
	} {
		var made struct {
			Condition map[string]struct{ In []string }
		}
		create(condition).Want(t, http.StatusOK).Into(t, &made)
		for _, spelling := range []string{"request.ip", "request_ip"} {
			if have := made.Condition[spelling].In; len(have) != 1 || have[0] != "127.0.0.0/8" {
				t.Errorf("%s: %s came back as %q", name, spelling, have)
			}
		}
	}
	create(map[string]any{"request.ip": in(host), "request_ip": in("192.0.2.0/24")}).Want(t, http.StatusBadRequest)
}
