package control_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// An account's own role gives its holders what it has now; nobody makes, changes or removes one that can
// do more than they can.
func TestOwnRoles(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada, by, ctx := n.World.Ada, control.Operator(), t.Context()
	cy, dan := n.User(t, "cy@example.com"), n.User(t, "dan@example.com")
	dnsRead, dnsWrite, purge := n.Group(t, "DNS Read"), n.Group(t, "DNS Write"), n.Group(t, "Cache Purge")
	role, err := n.Control.CreateRole(ctx, by, ada.Account, control.RoleSpec{Name: " On call ", Groups: []leastkey.ID{dnsRead, dnsRead}})
	if err != nil || role.Name != "On call" || len(role.Groups) != 1 {
		t.Fatalf("%+v, %v", role, err)
	}
	member, err := n.Control.AddMember(ctx, by, ada.Account, cy.Email, []leastkey.ID{role.ID})
	if err != nil || len(member.Own) != 1 {
		t.Fatalf("%+v, %v", member, err)
	}
	records, purges := "/zones/"+ada.Zones[0]+"/dns_records", "/zones/"+ada.Zones[0]+"/purge_cache"
	status := func(method, path string, body any, want int) {
		t.Helper()
		if a := n.Do(t, cy.ByKey(), method, path, body); a.Status != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, a.Status, a.Body, want)
		}
	}
	record := nodetest.Object{"type": "A", "name": "x.one.example", "content": "192.0.2.9"}
	status(http.MethodGet, records, nil, 200)
	status(http.MethodPost, records, record, 403)
	if role, err = n.Control.ReplaceRole(ctx, by, ada.Account, role.ID, control.RoleSpec{Name: "On call", Groups: []leastkey.ID{dnsWrite, purge}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		status(http.MethodPost, purges, nodetest.Object{"purge_everything": true}, 200)
		status(http.MethodGet, "/zones/"+n.World.Ben.Zones[0]+"/dns_records", nil, 403)
		n.Restart(t)
	}
	var roles []struct{ ID, Name string }
	n.Must(t, ada.ByKey(), http.MethodGet, "/accounts/"+ada.Account.String()+"/roles?per_page=50", nil, &roles)
	if last := roles[len(roles)-1]; last.Name != "On call" || last.ID != role.ID.String() {
		t.Errorf("the list of roles ends with %+v", last)
	}
	n.Must(t, ada.ByKey(), http.MethodGet, "/accounts/"+ada.Account.String()+"/roles/"+role.ID.String(), nil, nil)
	if a := n.Do(t, n.World.Ben.ByKey(), http.MethodGet, "/accounts/"+n.World.Ben.Account.String()+"/roles/"+role.ID.String(), nil); a.Status != 404 {
		t.Errorf("a role of another account: %d", a.Status)
	}

	// Dan may write settings of the account, and nothing else: by roles he can neither get more, nor give it.
	settings, err := n.Control.CreateRole(ctx, by, ada.Account, control.RoleSpec{Name: "Settings", Groups: []leastkey.ID{n.Group(t, "Account Settings Write"), n.Group(t, "Account Settings Read")}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Control.AddMember(ctx, by, ada.Account, dan.Email, []leastkey.ID{settings.ID}); err != nil {
		t.Fatal(err)
	}
	session := n.Session(t, dan)
	caller := control.Caller{
		Session: true, Credential: session.ID, Secret: session.Hash, Principal: leastkey.UserOf(dan.ID), Target: leastkey.OnResource(leastkey.AccountOf(ada.Account).Resource()),
		AnyOf: []leastkey.Permission{{Group: n.Group(t, "Account Settings Write"), Type: leastkey.AccountType}},
	}
	wants := func(what string, err error) {
		t.Helper()
		if refusal, ok := errors.AsType[*control.Error](err); !ok || refusal.Kind != control.CheckFailed && refusal.Kind != control.Refused {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = n.Control.CreateRole(ctx, caller, ada.Account, control.RoleSpec{Name: "More", Groups: []leastkey.ID{dnsRead}})
	wants("a role beyond one's own", err)
	_, err = n.Control.ReplaceRole(ctx, caller, ada.Account, settings.ID, control.RoleSpec{Name: "Settings", Groups: []leastkey.ID{dnsRead}})
	wants("more for one's own role", err)
	_, err = n.Control.ReplaceRole(ctx, caller, ada.Account, role.ID, control.RoleSpec{Name: "On call", Groups: []leastkey.ID{n.Group(t, "Account Settings Read")}})
	wants("less for a role beyond one's own", err)
	wants("the end of a role beyond one's own", n.Control.DeleteRole(ctx, caller, ada.Account, role.ID))
	_, err = n.Control.SetRoles(ctx, caller, ada.Account, member.ID, []leastkey.ID{settings.ID})
	wants("another role for who can do more", err)
	if _, err := n.Control.CreateRole(ctx, caller, ada.Account, control.RoleSpec{Name: "Reader", Groups: []leastkey.ID{n.Group(t, "Account Settings Read")}}); err != nil {
		t.Errorf("a role within one's own: %v", err)
	}
	// A role of one account is none in another.
	if _, err := n.Control.AddMember(ctx, by, n.World.Ben.Account, cy.Email, []leastkey.ID{role.ID}); err == nil {
		t.Error("a role of another account was given")
	}
	if err := n.Control.DeleteRole(ctx, by, ada.Account, role.ID); err == nil {
		t.Error("a role that is held was removed")
	}
}
