package catalog_test

import (
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

func TestGrants(t *testing.T) {
	c := defaults(t)
	ada, bob := leastkey.ID{0xa}, leastkey.ID{0xb}
	home, shop := leastkey.ID{1}, leastkey.ID{2}
	account := func(id leastkey.ID) leastkey.Resource { return leastkey.AccountOf(id).Resource() }
	user := func(id leastkey.ID) leastkey.Target { return leastkey.OnResource(leastkey.UserOf(id).Resource()) }
	zone := func(id leastkey.ID) leastkey.Target {
		return leastkey.OnResource(leastkey.Resource{Type: "zone", ID: "z"}, account(id))
	}
	newZone := func(id leastkey.ID) leastkey.Target { return leastkey.OnCreate("zone", true, account(id)) }
	role := func(name string) leastkey.ID {
		r, ok := c.RoleNamed(name)
		if !ok {
			t.Fatalf("no role %q", name)
		}
		return r.ID
	}
	member := func(u, a leastkey.ID, roles ...leastkey.ID) leastkey.Membership {
		return leastkey.Membership{User: u, Account: a, Roles: roles}
	}
	administrator := []leastkey.Membership{member(ada, home, role("Super Administrator"))}
	tests := []struct {
		name    string
		p       leastkey.Principal
		members []leastkey.Membership
		group   string
		target  leastkey.Target
		want    bool
	}{
		{"user on themselves", leastkey.UserOf(ada), nil, "API Tokens Write", user(ada), true},
		{"user on another", leastkey.UserOf(ada), administrator, "API Tokens Write", user(bob), false},
		{"administrator on the account", leastkey.UserOf(ada), administrator, "Account Settings Write", leastkey.OnResource(account(home)), true},
		{"administrator on another account", leastkey.UserOf(ada), administrator, "Account Settings Write", leastkey.OnResource(account(shop)), false},
		{"administrator on a zone", leastkey.UserOf(ada), administrator, "DNS Write", zone(home), true},
		{"administrator on a zone elsewhere", leastkey.UserOf(ada), administrator, "DNS Write", zone(shop), false},
		{"administrator on a new zone", leastkey.UserOf(ada), administrator, "Zone Write", newZone(home), true},
		{"administrator on a new zone elsewhere", leastkey.UserOf(ada), administrator, "Zone Write", newZone(shop), false},
		{"membership of someone else", leastkey.UserOf(bob), administrator, "DNS Write", zone(home), false},
		{"no role left", leastkey.UserOf(ada), []leastkey.Membership{member(ada, home)}, "DNS Read", zone(home), false},
		{"unknown role", leastkey.UserOf(ada), []leastkey.Membership{member(ada, home, leastkey.ID{7})}, "DNS Read", zone(home), false},
		{"product role", leastkey.UserOf(ada), []leastkey.Membership{member(ada, home, role("DNS"))}, "DNS Write", zone(home), true},
		{"product role beyond its product", leastkey.UserOf(ada), []leastkey.Membership{member(ada, home, role("DNS"))}, "Firewall Services Write", zone(home), false},
		{"two roles", leastkey.UserOf(ada), []leastkey.Membership{member(ada, home, role("DNS"), role("Firewall"))}, "Firewall Services Write", zone(home), true},
		{"roles do not cross accounts", leastkey.UserOf(ada), []leastkey.Membership{member(ada, home, role("DNS")), member(ada, shop, role("Firewall"))}, "DNS Write", zone(shop), false},
		{"account on itself", leastkey.AccountOf(home), nil, "Account API Tokens Write", leastkey.OnResource(account(home)), true},
		{"account on another", leastkey.AccountOf(home), nil, "Account API Tokens Write", leastkey.OnResource(account(shop)), false},
		{"account on its zone", leastkey.AccountOf(home), nil, "DNS Write", zone(home), true},
		{"account on a zone elsewhere", leastkey.AccountOf(home), nil, "DNS Write", zone(shop), false},
		{"account on a user", leastkey.AccountOf(home), administrator, "API Tokens Write", user(ada), false},
		{"nobody", leastkey.Principal{}, administrator, "DNS Write", zone(home), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := granted(c, c.Grants(test.p, true, test.members), test.group, test.target); got != test.want {
				t.Errorf("granted = %v", got)
			}
			if granted(c, c.Grants(test.p, false, test.members), test.group, test.target) {
				t.Error("granted to an inactive principal")
			}
		})
	}
}

// granted asks the decision, with a key that only the grants bound.
func granted(c *catalog.Catalog, g leastkey.Grants, group string, target leastkey.Target) bool {
	key := leastkey.Credential{Kind: leastkey.GlobalAPIKey, Principal: g.Principal, Status: leastkey.Active}
	return leastkey.Decide(key, g, leastkey.Request{
		At:     time.Unix(0, 0),
		AnyOf:  []leastkey.Permission{c.GroupsNamed(group)[0].Permission()},
		Target: target,
	}).Allowed()
}

// Who holds a role shares its list of groups with all others who do.
func TestGrantsShareGroups(t *testing.T) {
	c := defaults(t)
	r, _ := c.RoleNamed("DNS")
	of := func(user, account byte) leastkey.Grants {
		id := leastkey.ID{user}
		return c.Grants(leastkey.UserOf(id), true, []leastkey.Membership{{User: id, Account: leastkey.ID{account}, Roles: []leastkey.ID{r.ID}}})
	}
	x, y := of(1, 2), of(3, 4)
	if len(x.Policies) != len(y.Policies) || len(x.Policies) < 2 {
		t.Fatalf("%d and %d policies", len(x.Policies), len(y.Policies))
	}
	for i := range x.Policies {
		if &x.Policies[i].Groups[0] != &y.Policies[i].Groups[0] {
			t.Errorf("policy %d has its own list", i)
		}
	}
}
