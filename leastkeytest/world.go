// Package leastkeytest makes small worlds in memory, for tests of whatever stands behind a guard
// or asks one: an API with the middleware in front, an adapter, a catalogue of your own.
//
//	w := leastkeytest.New(t, catalog)
//	acme := w.Account("acme")
//	ada := w.User("ada@example.com")
//	w.Join(ada, acme, "Administrator")
//	seven := w.Resource("shop", "7", acme.Resource())
//	token := w.Token(ada, leastkeytest.Allow("Shop Read").On(leastkey.PatternOne(seven)))
//
//	handler.ServeHTTP(recorder, token.Request("GET", "/shops/7", ""))
//
// What is said last holds from then on: a user who leaves, a token that is revoked and a clock
// that goes on are known to the very next request.
//
// A world is the same in every run: its clock stands until it is moved, and ids and secrets follow
// from names and numbers. Its secrets are known to everybody, so they are of no use outside tests.
package leastkeytest

import (
	"crypto/sha256"
	"sync"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// World is who and what there is, and the guard that knows it. Its methods end the test when what
// they are asked for makes no sense, such as a role that the catalogue does not have. They may be
// called by many goroutines; from those that are not the test's own, as [testing.TB.FailNow] has it.
type World struct {
	State *guard.State
	Guard *guard.Guard // decides by State, and by the clock of the world

	t      testing.TB
	mu     sync.Mutex
	now    time.Time
	minted int
	emails map[leastkey.Principal]string // of users
}

// New makes a world in which there is nobody and nothing. It is 1 January 2030, 00:00 UTC.
func New(t testing.TB, c *catalog.Catalog) *World {
	t.Helper()
	w := &World{State: guard.NewState(c), t: t, now: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), emails: map[leastkey.Principal]string{}}
	var err error
	if w.Guard, err = guard.New(guard.Config{State: w.State, Brand: leastkey.DefaultBrand, Now: w.Now}); err != nil {
		t.Fatal(err)
	}
	nothing := func(func(leastkey.Change) error) error { return nil }
	if err := w.State.Load(1, nothing); err != nil {
		t.Fatal(err)
	}
	return w
}

// Now is the time in the world. It passes only when it is told to.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// SetNow moves the clock.
func (w *World) SetNow(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = now
}

// Apply makes changes, as one commit.
func (w *World) Apply(changes ...leastkey.Change) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	revision, sure := w.State.Revision()
	if !sure {
		w.t.Fatal("leastkeytest: the state is unsure: nothing can be added until it is loaded")
	}
	if err := w.State.Apply(revision+1, changes); err != nil {
		w.t.Fatal(err)
	}
}

// ID makes the same id of the same name. It is that of the user or account of the name, and good
// as the id of a resource.
func ID(name string) leastkey.ID {
	sum := sha256.Sum256([]byte("leastkeytest id " + name))
	return leastkey.ID(sum[:16])
}
