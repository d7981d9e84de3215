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
			checked := n.Control.CheckToken(ctx, caller, test.owner, leastkey.ID{}, spec)
			_, _, made := n.Control.CreateToken(ctx, caller, test.owner, spec)
			for what, err := range map[string]error{"check": checked, "create": made} {
				if test.want == 0 && err != nil || test.want != 0 && !isKind(err, test.want) {
					t.Errorf("%s: %v, want kind %d", what, err, test.want)
				}
			}
		})
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
