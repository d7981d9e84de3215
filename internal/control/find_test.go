package control_test

import (
	"context"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// Names and searches show what the owner has some grant on, and nothing of others.
func TestFindShowsOnlyWhatOneHas(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	owner := leastkey.UserOf(n.Ada.ID)
	caller := by(n, atDesk(t, n, n.Ada), "GET /client/v4/user/tokens", owner)
	zones, err := n.Control.FindResources(ctx, caller, owner, control.ResourceQuery{Type: "zone", Text: "E.exam", Limit: 10})
	if err != nil || len(zones) != 1 || zones[0].Name != "one.example" {
		t.Errorf("zones %v, %v; want one.example, and not three.example of Ben's", zones, err)
	}
	accounts, err := n.Control.FindResources(ctx, caller, owner, control.ResourceQuery{Type: leastkey.AccountType, Limit: 10})
	if err != nil || len(accounts) != 1 || accounts[0].Name != "Ada's" {
		t.Errorf("accounts %v, %v", accounts, err)
	}
	if found, err := n.Control.FindResources(ctx, caller, owner, control.ResourceQuery{Type: "zone", Account: n.Ben.Account, Limit: 10}); err != nil || len(found) > 0 {
		t.Errorf("zones of Ben's account: %v, %v", found, err)
	}
	all := []leastkey.Resource{nodetest.Zone(n.Ada.Zones[0]), nodetest.Zone(n.Ben.Zones[0]), leastkey.AccountOf(n.Ben.Account).Resource(), owner.Resource(), leastkey.UserOf(n.Ben.ID).Resource()}
	names, err := n.Control.Names(ctx, caller, owner, all)
	if err != nil || len(names) != 2 || names[all[0]] != "one.example" || names[owner.Resource()] != "ada@example.com" {
		t.Errorf("names %v, %v", names, err)
	}
}

// Who may read an account's tokens, and nothing of its zones, does not learn what those are called.
func TestNamesNeedARightOfOnesOwn(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	account := leastkey.AccountOf(n.Ada.Account)
	n.Join(t, n.Ben, n.Ada.Account, "Billing")
	caller := by(n, atDesk(t, n, n.Ben), "GET /client/v4/accounts/{account_id}/roles", account)
	zone := nodetest.Zone(n.Ada.Zones[0])
	names, err := n.Control.Names(ctx, caller, account, []leastkey.Resource{zone})
	if err != nil || len(names) > 0 {
		t.Errorf("names %v, %v", names, err)
	}
	found, err := n.Control.FindResources(ctx, caller, account, control.ResourceQuery{Type: "zone", Limit: 10})
	if err != nil || len(found) > 0 {
		t.Errorf("found %v, %v", found, err)
	}
	ada := by(n, atDesk(t, n, n.Ada), "GET /client/v4/accounts/{account_id}/roles", account)
	if names, err := n.Control.Names(ctx, ada, account, []leastkey.Resource{zone}); err != nil || names[zone] != "one.example" {
		t.Errorf("Ada's own: %v, %v", names, err)
	}
}
