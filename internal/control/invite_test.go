package control_test

import (
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// Who is invited comes in by the link, once and in time, and can then choose a password; nobody else does, and
// nothing is half made.
func TestInvite(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada, by, ctx := n.World.Ada, control.Operator(), t.Context()
	in := control.Invitation{Email: "Eve@Example.com", FirstName: "Eve", Roles: []leastkey.ID{n.Role(t, "DNS")}, Life: time.Hour}
	made, err := n.Control.Invite(ctx, by, ada.Account, in)
	if err != nil || made.User.Email != "eve@example.com" || made.Account.ID != ada.Account || made.User.PasswordHash != "" {
		t.Fatalf("%+v, %v", made, err)
	}
	begun, err := n.Control.BeginSessionByLink(ctx, made.Code, control.Visit{})
	if err != nil || begun.User != made.User.ID || !begun.ByLink {
		t.Fatalf("by the link: %+v, %v", begun, err)
	}
	if _, err := n.Control.BeginSessionByLink(ctx, made.Code, control.Visit{}); err == nil {
		t.Error("the link works twice")
	}
	before, err := n.Control.Users(ctx, by)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*control.Invitation){
		"a user":                   func(in *control.Invitation) { in.Email = n.World.Ben.Email },
		"no address":               func(in *control.Invitation) { in.Email = "nobody" },
		"a role that there is not": func(in *control.Invitation) { in.Roles = []leastkey.ID{{1}} },
		"no role":                  func(in *control.Invitation) { in.Roles = nil },
		"too long":                 func(in *control.Invitation) { in.Life = 8 * 24 * time.Hour },
	} {
		bad := in
		bad.Email = "fay@example.com"
		spoil(&bad)
		if _, err := n.Control.Invite(ctx, by, ada.Account, bad); err == nil {
			t.Errorf("%s was invited", name)
		}
	}
	if _, err := n.Control.Invite(ctx, by, leastkey.ID{1}, control.Invitation{Email: "fay@example.com", Roles: in.Roles, Life: time.Hour}); err == nil {
		t.Error("into an account that there is not")
	}
	if after, err := n.Control.Users(ctx, by); err != nil || len(after) != len(before) {
		t.Errorf("refusals made %d users, %v", len(after)-len(before), err)
	}
	late, err := n.Control.Invite(ctx, by, ada.Account, control.Invitation{Email: "late@example.com", Roles: in.Roles, Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	n.Clock.Advance(2 * time.Hour)
	if _, err := n.Control.BeginSessionByLink(ctx, late.Code, control.Visit{}); err == nil {
		t.Error("the link works too late")
	}
}
