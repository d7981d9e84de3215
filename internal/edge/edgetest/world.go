// Package edgetest tries what stands between clients and an upstream.
//
// Every adapter of the guard is held to the same golden requests ([RunVectors]), and, where it
// speaks HTTP itself, to the same hostile ones ([Run]): raw bytes on a socket, in front of an
// upstream that writes down the bytes it gets.
package edgetest

import (
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

// Email is the address of the world's user.
const Email = "ada@example.com"

// World is what the guard knows while it is tried: one user, Super Administrator of one account
// with two zones, and a token of theirs that has DNS Write and Zone Read on one of the two.
type World struct {
	Guard                      *guard.Guard
	State                      *guard.State
	Kit                        *leastkeytest.World // of which it is made, for changing it
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
	kit := leastkeytest.New(t, c)
	ada, acme := kit.User(Email), kit.Account("acme")
	kit.Join(ada, acme, "Super Administrator")
	w := &World{Guard: kit.Guard, State: kit.State, Kit: kit, UserID: ada.ID, AccountID: acme.ID}
	w.Zone = kit.Resource("zone", leastkeytest.ID("zone").String(), acme.Resource())
	w.Other = kit.Resource("zone", leastkeytest.ID("other zone").String(), acme.Resource())
	token := kit.Token(ada, leastkeytest.Allow(groups...).On(leastkey.PatternOne(w.Zone)))
	w.TokenID, w.Token, w.Key = token.ID, token.Secret, kit.Key(ada).Secret
	return w
}

// Fill puts the world's values in the place of {token}, {key}, {email}, {zone}, {other} and
// {account}.
func (w *World) Fill(text string) string {
	return strings.NewReplacer(
		"{token}", w.Token.Reveal(), "{key}", w.Key.Reveal(), "{email}", Email,
		"{zone}", w.Zone.ID, "{other}", w.Other.ID, "{account}", w.AccountID.String(),
	).Replace(text)
}
