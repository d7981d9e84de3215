package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// Ten minutes after the last proof of who one is, secrets are out of reach until the next.
func TestSecretsNeedAFreshProof(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	owner := leastkey.UserOf(n.Ada.ID)
	s := atDesk(t, n, n.Ada)
	made, _, err := n.Control.CreateToken(ctx, by(n, s, createOwn, owner), owner, editDNS(n, t, n.Ada.Zones[0]))
	if err != nil {
		t.Fatal(err)
	}
	act := map[string]func() error{
		"create": func() error {
			_, _, err := n.Control.CreateToken(ctx, by(n, s, createOwn, owner), owner, editDNS(n, t, n.Ada.Zones[0]))
			return err
		},
		"roll": func() error {
			_, _, err := n.Control.RollToken(ctx, by(n, s, rollOwn, owner), owner, made.ID, 0)
			return err
		},
		"change the Global API Key": func() error {
			_, _, err := n.Control.ChangeKey(ctx, by(n, s, changeSelf, owner), control.GlobalKey)
			return err
		},
	}
	n.Clock.Advance(control.Confirmation)
	for name, do := range act {
		if err := do(); !isKind(err, control.Unconfirmed) {
			t.Errorf("%s: %v, want to be asked for the password", name, err)
		}
	}
	s2 := atDesk(t, n, n.Ada)
	s.Session, s.Key = s2.Session, s2.Key
	for name, do := range act {
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Giving a token more is giving whoever has its secret more: after ten minutes that needs the
// password, and renaming does not.
func TestGivingMoreNeedsAFreshProof(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	owner := leastkey.UserOf(n.Ada.ID)
	caller := by(n, atDesk(t, n, n.Ada), createOwn, owner)
	made, _, err := n.Control.CreateToken(ctx, caller, owner, editDNS(n, t, n.Ada.Zones[0]))
	if err != nil {
		t.Fatal(err)
	}
	n.Clock.Advance(control.Confirmation)
	if _, err := n.Control.ReplaceToken(ctx, caller, owner, made.ID, editDNS(n, t, n.Ada.Zones[1])); !isKind(err, control.Unconfirmed) {
		t.Errorf("another zone: %v, want to be asked for the password", err)
	}
	renamed := control.TokenSpec{Name: "other", Policies: made.Policies}
	if _, err := n.Control.ReplaceToken(ctx, caller, owner, made.ID, renamed); err != nil {
		t.Errorf("another name: %v", err)
	}
}

// A form that is sent again does nothing, after a restart too.
func TestOnce(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	owner := leastkey.UserOf(n.Ada.ID)
	caller := by(n, atDesk(t, n, n.Ada), createOwn, owner)
	caller.Once = leastkey.ID{42}
	if _, _, err := n.Control.CreateToken(ctx, caller, owner, editDNS(n, t, n.Ada.Zones[0])); err != nil {
		t.Fatal(err)
	}
	n.Restart(t)
	if _, _, err := n.Control.CreateToken(ctx, caller, owner, editDNS(n, t, n.Ada.Zones[0])); !isKind(err, control.Repeated) {
		t.Errorf("again: %v, want Repeated", err)
	}
	caller.Once = leastkey.ID{}
	tokens, err := n.Control.Tokens(ctx, caller, owner)
	if err != nil || len(tokens) != 1 {
		t.Errorf("%d tokens, %v; want the one that was made", len(tokens), err)
	}
}

// The id of somebody else's form says nothing about one's own.
func TestOnceIsOnesOwn(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	ada := by(n, atDesk(t, n, n.Ada), changeSelf, leastkey.UserOf(n.Ada.ID))
	ada.Once = leastkey.ID{7}
	if _, _, err := n.Control.ChangeKey(ctx, ada, control.GlobalKey); err != nil {
		t.Fatal(err)
	}
	ben := by(n, atDesk(t, n, n.Ben), changeSelf, leastkey.UserOf(n.Ben.ID))
	ben.Once = ada.Once
	if _, _, err := n.Control.ChangeKey(ctx, ben, control.GlobalKey); !isKind(err, control.Invalid) {
		t.Errorf("%v, want Invalid", err)
	}
}

// Who edits what somebody else has changed meanwhile is told; a status is switched without touching the rest.
func TestEditsDoNotOvertake(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	owner := leastkey.UserOf(n.Ada.ID)
	caller := by(n, atDesk(t, n, n.Ada), createOwn, owner)
	seen, _, err := n.Control.CreateToken(ctx, caller, owner, editDNS(n, t, n.Ada.Zones[0]))
	if err != nil {
		t.Fatal(err)
	}
	n.Clock.Advance(time.Second)
	narrower := editDNS(n, t, n.Ada.Zones[1])
	narrower.IfModifiedOn = seen.ModifiedOn
	saved, err := n.Control.ReplaceToken(ctx, caller, owner, seen.ID, narrower)
	if err != nil {
		t.Fatal(err)
	}
	late := editDNS(n, t, n.Ada.Zones[0])
	late.IfModifiedOn = seen.ModifiedOn
	if _, err := n.Control.ReplaceToken(ctx, caller, owner, seen.ID, late); !isKind(err, control.Overtaken) {
		t.Errorf("a late edit: %v, want Overtaken", err)
	}
	n.Clock.Advance(time.Second)
	off, err := n.Control.SetTokenStatus(ctx, caller, owner, seen.ID, leastkey.Disabled)
	if err != nil || off.Status != leastkey.Disabled || off.Policies[0].Patterns[0] != saved.Policies[0].Patterns[0] {
		t.Errorf("disabled: %+v, %v", off, err)
	}
	if _, err := n.Control.SetTokenStatus(ctx, caller, owner, seen.ID, 0); !isKind(err, control.Invalid) {
		t.Errorf("no status: %v", err)
	}
	// Enabling gives, so who may no longer give it may not enable it either.
	n.Join(t, n.Ben, n.Ada.Account, "Super Administrator")
	if err := n.Control.RemoveMember(ctx, control.Operator(), n.Ada.Account, n.Ada.Member); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Control.SetTokenStatus(ctx, caller, owner, seen.ID, leastkey.Active); !isKind(err, control.CheckFailed) {
		t.Errorf("enabled: %v, want to be refused", err)
	}
	if _, err := n.Control.SetTokenStatus(ctx, caller, owner, seen.ID, leastkey.Disabled); err != nil {
		t.Errorf("disabled again: %v", err)
	}
}
