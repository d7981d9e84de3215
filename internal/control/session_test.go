package control_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// atDesk is a person who has just signed in.
func atDesk(t *testing.T, n *nodetest.Node, p nodetest.Person) control.SignedIn {
	t.Helper()
	ctx := context.Background()
	code, _, err := n.Control.MakeSignInLink(ctx, control.Operator(), p.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := n.Control.BeginSessionByLink(ctx, code, control.Visit{Agent: "a browser"})
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

// by is the person of the session, who asks for an operation of the API on a principal.
func by(n *nodetest.Node, s control.SignedIn, operation string, on leastkey.Principal) control.Caller {
	c := control.Caller{Session: true, Credential: s.ID, Secret: s.Hash, Principal: leastkey.UserOf(s.User), Target: leastkey.OnResource(on.Resource())}
	for _, op := range n.Catalog.Operations() {
		if op.String() == operation {
			c.AnyOf = op.AnyOf
		}
	}
	return c
}

func isKind(err error, k control.Kind) bool {
	var refusal *control.Error
	return errors.As(err, &refusal) && refusal.Kind == k
}

const (
	createOwn   = "POST /client/v4/user/tokens"
	rollOwn     = "PUT /client/v4/user/tokens/{token_id}/value"
	changeSelf  = "PATCH /client/v4/user"
	createAccts = "POST /client/v4/accounts/{account_id}/tokens"
)

func editDNS(n *nodetest.Node, t *testing.T, zone string) control.TokenSpec {
	t.Helper()
	return control.TokenSpec{Name: "dns", Policies: []leastkey.Policy{{Effect: leastkey.Allow,
		Groups: []leastkey.ID{n.Group(t, "DNS Write")}, Patterns: []leastkey.Pattern{leastkey.PatternOne(nodetest.Zone(zone))}}}}
}

// A session is decided with the state of the moment, like every other credential.
func TestSessionEnds(t *testing.T) {
	ctx := context.Background()
	for name, end := range map[string]func(*nodetest.Node, control.SignedIn) error{
		"signed out": func(n *nodetest.Node, s control.SignedIn) error {
			return n.Control.EndSession(ctx, by(n, s, changeSelf, leastkey.UserOf(s.User)), s.ID)
		},
		"idle": func(n *nodetest.Node, s control.SignedIn) error { n.Clock.Advance(control.SessionIdle); return nil },
		"disabled": func(n *nodetest.Node, s control.SignedIn) error {
			_, err := n.Control.SetUserDisabled(ctx, control.Operator(), s.User, true)
			return err
		},
		"old": func(n *nodetest.Node, s control.SignedIn) error {
			for left := control.SessionLife; left > 0; left -= time.Hour {
				n.Clock.Advance(time.Hour)
				if _, _, err := n.Control.Resume(ctx, s.Key, netip.Addr{}); err != nil && left > time.Hour {
					return err
				}
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := nodetest.Start(t, nodetest.Config{})
			s := atDesk(t, n, n.Ada)
			owner := leastkey.UserOf(n.Ada.ID)
			caller := by(n, s, "GET /client/v4/user/tokens", owner)
			if _, err := n.Control.Tokens(ctx, caller, owner); err != nil {
				t.Fatal(err)
			}
			if err := end(n, s); err != nil {
				t.Fatal(err)
			}
			if _, err := n.Control.Tokens(ctx, caller, owner); !isKind(err, control.Refused) {
				t.Errorf("tokens: %v, want a refusal", err)
			}
			if _, _, err := n.Control.Resume(ctx, s.Key, netip.Addr{}); !isKind(err, control.Refused) {
				t.Errorf("resume: %v, want a refusal", err)
			}
		})
	}
}

// What a person may do at the dashboard is what the operation of the API needs, for them, now.
func TestSessionMayWhatItsUserMay(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	s := atDesk(t, n, n.Ada)
	for name, test := range map[string]struct {
		owner     leastkey.Principal
		operation string
		zone      string
		want      control.Kind
	}{
		"own token, own zone":         {leastkey.UserOf(n.Ada.ID), createOwn, n.Ada.Zones[0], 0},
		"own token, a foreign zone":   {leastkey.UserOf(n.Ada.ID), createOwn, n.Ben.Zones[0], control.CheckFailed},
		"own account":                 {leastkey.AccountOf(n.Ada.Account), createAccts, n.Ada.Zones[0], 0},
		"a foreign account":           {leastkey.AccountOf(n.Ben.Account), createAccts, n.Ben.Zones[0], control.Refused},
		"another user":                {leastkey.UserOf(n.Ben.ID), createOwn, n.Ben.Zones[0], control.Refused},
		"by an operation that is not": {leastkey.UserOf(n.Ada.ID), "POST /nowhere", n.Ada.Zones[0], control.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			spec := editDNS(n, t, test.zone)
			caller := by(n, s, test.operation, test.owner)
			_, checked := n.Control.CheckToken(ctx, caller, test.owner, leastkey.ID{}, spec)
			_, _, made := n.Control.CreateToken(ctx, caller, test.owner, spec)
			for what, err := range map[string]error{"check": checked, "create": made} {
				if test.want == 0 && err != nil || test.want != 0 && !isKind(err, test.want) {
					t.Errorf("%s: %v, want kind %d", what, err, test.want)
				}
			}
		})
	}
}

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

// A key of all powers is a person's to make: no token, whatever it may do, gets one.
func TestKeysAreChangedByPeopleOnly(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	owner := leastkey.UserOf(n.Ada.ID)
	s := atDesk(t, n, n.Ada)
	spec := control.TokenSpec{Name: "me", Policies: []leastkey.Policy{{Effect: leastkey.Allow,
		Groups: []leastkey.ID{n.Group(t, "User Details Write")}, Patterns: []leastkey.Pattern{leastkey.PatternOne(owner.Resource())}}}}
	made, _, err := n.Control.CreateToken(ctx, by(n, s, createOwn, owner), owner, spec)
	if err != nil {
		t.Fatal(err)
	}
	token := by(n, s, changeSelf, owner)
	token.Session, token.Credential, token.Secret = false, made.ID, made.Secrets[0].Hash
	if _, err := n.Control.User(ctx, token, n.Ada.ID); err != nil {
		t.Fatal("the token is to be in order:", err)
	}
	if _, _, err := n.Control.ChangeKey(ctx, token, control.GlobalKey); !isKind(err, control.Refused) {
		t.Errorf("change: %v, want a refusal", err)
	}
	if _, err := n.Control.Sessions(ctx, token); !isKind(err, control.Refused) {
		t.Errorf("sessions: %v, want a refusal", err)
	}
	if err := n.Control.EndOtherSessions(ctx, token); !isKind(err, control.Refused) {
		t.Errorf("end sessions: %v, want a refusal", err)
	}
	key, secret, err := n.Control.ChangeKey(ctx, by(n, s, changeSelf, owner), control.OriginCAKey)
	if err != nil || key.Kind != leastkey.ServiceKey {
		t.Fatal(key.Kind, err)
	}
	if _, kind, err := leastkey.DefaultBrand.Parse(secret.Reveal()); err != nil || kind != leastkey.ServiceKeySecret {
		t.Errorf("the Origin CA Key parses as %d, %v", kind, err)
	}
}

// A sign-in link works once, for its user, until its end.
func TestSignInLink(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	link := func() string {
		code, _, err := n.Control.MakeSignInLink(ctx, control.Operator(), n.Ada.ID, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	code := link()
	if _, err := n.Control.BeginSessionByLink(ctx, code, control.Visit{}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Control.BeginSessionByLink(ctx, code, control.Visit{}); !isKind(err, control.Refused) {
		t.Errorf("used: %v", err)
	}
	code = link()
	n.Clock.Advance(time.Hour)
	if _, err := n.Control.BeginSessionByLink(ctx, code, control.Visit{}); !isKind(err, control.Refused) {
		t.Errorf("old: %v", err)
	}
	code = link()
	if _, err := n.Control.SetUserDisabled(ctx, control.Operator(), n.Ada.ID, true); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Control.BeginSessionByLink(ctx, code, control.Visit{}); !isKind(err, control.Refused) {
		t.Errorf("disabled: %v", err)
	}
	if _, err := n.Control.BeginSessionByLink(ctx, "nonsense", control.Visit{}); !isKind(err, control.Refused) {
		t.Errorf("unknown: %v", err)
	}
}

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

// Whoever wants to leave leaves, also when the key of the session was changed in between; and who
// signs in over another session leaves word of its end.
func TestSignOut(t *testing.T) {
	ctx := context.Background()
	n := nodetest.Start(t, nodetest.Config{})
	s := atDesk(t, n, n.Ada)
	renewed, err := n.Control.SetPassword(ctx, by(n, s, changeSelf, leastkey.UserOf(s.User)), "", "a good long password")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Control.SignOut(ctx, s.Session, netip.Addr{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.Control.Resume(ctx, renewed.Key, netip.Addr{}); !isKind(err, control.Refused) {
		t.Errorf("the session lives on: %v", err)
	}
	was := atDesk(t, n, n.Ben)
	code, _, err := n.Control.MakeSignInLink(ctx, control.Operator(), n.Ada.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	is, err := n.Control.BeginSessionByLink(ctx, code, control.Visit{Replaces: was.Session})
	if err != nil {
		t.Fatal(err)
	}
	err = n.Store.View(ctx, func(r control.Reader) error {
		rows, err := r.AuditRows(control.AuditFilter{Subject: "session " + is.ID.String()})
		if err == nil && (len(rows) != 1 || !strings.Contains(string(rows[0].After), was.ID.String())) {
			t.Errorf("rows %+v do not tell of %s", rows, was.ID)
		}
		return err
	})
	if err != nil {
		t.Error(err)
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
