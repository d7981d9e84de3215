// Package edgetest tries what stands between clients and an upstream with hostile requests.
//
// Every adapter of the guard runs the same vectors: raw bytes on a socket, in front of an upstream
// that writes down the bytes it gets. See [Run].
package edgetest

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// Email is the address of the world's user.
const Email = "ada@example.com"

// World is what the guard knows while it is tried: one user, Super Administrator of one account
// with two zones, and a token of theirs that has DNS Write and Zone Read on one of the two.
type World struct {
	Guard                      *guard.Guard
	State                      *guard.State
	Token, Key                 leastkey.Secret
	TokenID, UserID, AccountID leastkey.ID
	Zone, Other                leastkey.Resource // the zone of the token, and the one that is not
}

// NewWorld makes a world over the default catalogue.
func NewWorld(t testing.TB) *World {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	return NewWorldOf(t, c, "DNS Write", "Zone Read")
}

// NewWorldOf makes a world over a catalogue that has a resource type zone under account; the token
// has the named permission groups on one zone.
func NewWorldOf(t testing.TB, c *catalog.Catalog, groups ...string) *World {
	t.Helper()
	w := &World{State: guard.NewState(c)}
	var err error
	if w.Guard, err = guard.New(guard.Config{Catalog: c, State: w.State, Brand: leastkey.DefaultBrand, Now: time.Now}); err != nil {
		t.Fatal(err)
	}
	w.Token = mint(t, leastkey.UserTokenSecret)
	w.Key = mint(t, leastkey.GlobalKeySecret)
	w.TokenID, w.UserID, w.AccountID = newID(t), newID(t), newID(t)
	w.Zone = leastkey.Resource{Type: "zone", ID: newID(t).String()}
	w.Other = leastkey.Resource{Type: "zone", ID: newID(t).String()}

	account := leastkey.AccountOf(w.AccountID)
	policy := leastkey.Policy{ID: newID(t), Effect: leastkey.Allow, Patterns: []leastkey.Pattern{leastkey.PatternOne(w.Zone)}}
	for _, name := range groups {
		policy.Groups = append(policy.Groups, groupID(t, c, name))
	}
	w.Load(t,
		leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(w.UserID), Email: Email, Active: true}},
		leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: account, Active: true}},
		leastkey.Change{Membership: &leastkey.Membership{User: w.UserID, Account: w.AccountID, Roles: []leastkey.ID{roleID(t, c, "Super Administrator")}}},
		leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: w.Zone, Parent: account.Resource()}},
		leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: w.Other, Parent: account.Resource()}},
		credential(w.TokenID, leastkey.Token, w.UserID, w.Token, policy),
		credential(newID(t), leastkey.GlobalAPIKey, w.UserID, w.Key),
	)
	return w
}

// Load replaces what the guard knows.
func (w *World) Load(t testing.TB, changes ...leastkey.Change) {
	t.Helper()
	err := w.State.Load(1, func(yield func(leastkey.Change) error) error {
		for _, c := range changes {
			if err := yield(c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Fill puts the world's values in the place of {token}, {key}, {email}, {zone}, {other} and
// {account}.
func (w *World) Fill(text string) string {
	return strings.NewReplacer(
		"{token}", w.Token.Reveal(), "{key}", w.Key.Reveal(), "{email}", Email,
		"{zone}", w.Zone.ID, "{other}", w.Other.ID, "{account}", w.AccountID.String(),
	).Replace(text)
}

func credential(id leastkey.ID, kind leastkey.Kind, user leastkey.ID, secret leastkey.Secret, policies ...leastkey.Policy) leastkey.Change {
	return leastkey.Change{Credential: &leastkey.CredentialRecord{
		Credential: leastkey.Credential{ID: id, Kind: kind, Principal: leastkey.UserOf(user), Status: leastkey.Active, Policies: policies},
		Secrets:    []leastkey.LiveSecret{{Hash: secret.Hash()}},
	}}
}

func mint(t testing.TB, kind leastkey.SecretKind) leastkey.Secret {
	t.Helper()
	secret, err := leastkey.DefaultBrand.Mint(kind, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func newID(t testing.TB) leastkey.ID {
	t.Helper()
	id, err := leastkey.NewID(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// groupID finds the permission group of type zone.
func groupID(t testing.TB, c *catalog.Catalog, name string) leastkey.ID {
	t.Helper()
	for _, g := range c.GroupsNamed(name) {
		if g.Type == "zone" {
			return g.ID
		}
	}
	t.Fatalf("the catalogue has no permission group %q for zones", name)
	return leastkey.ID{}
}

func roleID(t testing.TB, c *catalog.Catalog, name string) leastkey.ID {
	t.Helper()
	role, ok := c.RoleNamed(name)
	if !ok {
		t.Fatalf("the catalogue has no role %q", name)
	}
	return role.ID
}
