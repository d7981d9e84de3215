package guard_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// Law 8: what a state may have missed makes it unsure, and an unsure state refuses everything.
func TestLaw8ChangesComeInOrder(t *testing.T) {
	w := newWorld(t)
	list := request("GET", "/zones", "", w.ada.byKey()...)
	unsure := func(when string) {
		t.Helper()
		if _, sure := w.state.Revision(); sure {
			t.Errorf("%s: it is sure", when)
		}
		if got := w.status(list); got != 503 {
			t.Errorf("%s: %d", when, got)
		}
	}
	sure := func(when string, want leastkey.Revision) {
		t.Helper()
		if got, sure := w.state.Revision(); !sure || got != want {
			t.Errorf("%s: revision %d, sure %t", when, got, sure)
		}
	}
	fresh := guard.NewState(w.catalog)
	if _, sure := fresh.Revision(); sure {
		t.Error("a new state is sure")
	}
	if err := fresh.Apply(1, nil); !errors.Is(err, guard.ErrGap) {
		t.Errorf("a new state took a change: %v", err)
	}
	sure("loaded", 10)
	w.apply(t, gone(w.two, w.ada.account))
	sure("next", 11)
	for name, rev := range map[string]leastkey.Revision{"the same again": 11, "one back": 10, "one left out": 13, "far ahead": 1 << 40, "zero": 0} {
		w = newWorld(t)
		list = request("GET", "/zones", "", w.ada.byKey()...)
		w.apply(t)
		if err := w.state.Apply(rev, nil); !errors.Is(err, guard.ErrGap) {
			t.Errorf("%s: %v", name, err)
		}
		unsure(name)
		if err := w.state.Apply(12, nil); !errors.Is(err, guard.ErrGap) { // what follows does not heal it
			t.Errorf("%s, then the next: %v", name, err)
		}
		unsure(name + ", then the next")
	}
	w = newWorld(t)
	list = request("GET", "/zones", "", w.ada.byKey()...)
	w.state.Doubt()
	unsure("doubt")
	w.load(t)
	sure("loaded again", 10)
	if got := w.status(list); got != 401 { // nothing is known to it now
		t.Errorf("loaded with nothing: %d", got)
	}
}

// A change of a kind that this node does not know could be a revocation.
func TestUnknownChangesAreRefused(t *testing.T) {
	zone := leastkey.ResourceRecord{Resource: zone(1)}
	user := leastkey.PrincipalRecord{Principal: leastkey.UserOf(numbered('u', 1)), Active: true}
	for name, change := range map[string]leastkey.Change{"no kind": {}, "two kinds": {Resource: &zone, Principal: &user}} {
		w := newWorld(t)
		list := request("GET", "/zones", "", w.ada.byKey()...)
		if err := w.state.Load(5, each(under(w.one, w.ada.account), change)); err == nil {
			t.Errorf("%s: loaded", name)
		}
		if rev, sure := w.state.Revision(); !sure || rev != 10 || w.status(list) != 200 {
			t.Errorf("%s: a load that failed changed the state: revision %d, sure %t", name, rev, sure)
		}
		if err := w.state.Apply(11, []leastkey.Change{gone(w.one, w.ada.account), change}); err == nil {
			t.Errorf("%s: applied", name)
		}
		if _, sure := w.state.Revision(); sure || w.status(list) != 503 {
			t.Errorf("%s: it is sure after a change that it does not know", name)
		}
	}
}

// Law 7: the secrets of a credential are those that it was last said to have.
func TestLaw7OldSecretsGo(t *testing.T) {
	w := newWorld(t)
	first, second, third := secret(t, leastkey.UserTokenSecret, 1), secret(t, leastkey.UserTokenSecret, 2), secret(t, leastkey.UserTokenSecret, 3)
	verify := func(s leastkey.Secret) int { return w.status(request("GET", "/user/tokens/verify", "", bearer(s)...)) }
	wants := func(when string, a, b, c int) {
		t.Helper()
		if x, y, z := verify(first), verify(second), verify(third); x != a || y != b || z != c {
			t.Errorf("%s: %d %d %d, want %d %d %d", when, x, y, z, a, b, c)
		}
	}
	with := func(secrets ...leastkey.LiveSecret) leastkey.Change {
		c := w.token(1, first)
		c.Credential.Secrets = secrets
		return c
	}
	live := func(s leastkey.Secret) leastkey.LiveSecret { return leastkey.LiveSecret{Hash: s.Hash()} }
	until := func(s leastkey.Secret, d time.Duration) leastkey.LiveSecret {
		return leastkey.LiveSecret{Hash: s.Hash(), Until: clock().Add(d)}
	}
	wants("before", 401, 401, 401)
	w.apply(t, with(live(first)))
	wants("made", 200, 401, 401)
	w.apply(t, with(live(second), until(first, time.Nanosecond)))
	wants("in the overlap", 200, 200, 401)
	w.apply(t, with(live(second), until(first, 0)))
	wants("at its end", 401, 200, 401)
	w.apply(t, with(live(third), until(second, -time.Hour)))
	wants("past its end", 401, 401, 200)
	w.apply(t, with(live(third)), with(live(first)), with(live(second))) // all in one commit
	wants("thrice in a commit", 401, 200, 401)
	w.apply(t, with())
	wants("revoked", 401, 401, 401)
	w.apply(t, with())
	wants("revoked again", 401, 401, 401)

	disabled := with(live(first))
	disabled.Credential.Credential.Status = leastkey.Disabled
	w.apply(t, disabled)
	wants("disabled", 401, 401, 401)
	for name, c := range map[string]leastkey.Change{
		"no status": func() leastkey.Change { c := with(live(first)); c.Credential.Credential.Status = 0; return c }(),
		"no kind":   func() leastkey.Change { c := with(live(first)); c.Credential.Credential.Kind = 0; return c }(),
		"no principal": func() leastkey.Change {
			c := with(live(first))
			c.Credential.Credential.Principal = leastkey.Principal{}
			return c
		}(),
		"of somebody who is not there": func() leastkey.Change {
			c := with(live(first))
			c.Credential.Credential.Principal = leastkey.UserOf(numbered('u', 99))
			return c
		}(),
	} {
		w.apply(t, c)
		if got := verify(first); got != 401 {
			t.Errorf("%s: %d", name, got)
		}
	}
}

// Law 3: grants follow memberships and the state of the principal, whichever comes first.
func TestLaw3GrantsFollow(t *testing.T) {
	w := newWorld(t)
	records := request("GET", "/zones/"+w.three.ID+"/dns_records", "", w.ada.byKey()...)
	admin := []leastkey.ID{w.role(t, "Administrator")}
	membership := func(roles ...leastkey.ID) leastkey.Change {
		return leastkey.Change{Membership: &leastkey.Membership{User: w.ada.id, Account: w.ben.account, Roles: roles}}
	}
	ada := func(active bool) leastkey.Change {
		return leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(w.ada.id), Email: w.ada.email, Active: active}}
	}
	for _, step := range []struct {
		name   string
		change leastkey.Change
		want   int
	}{
		{"at first", ada(true), 403},
		{"a member", membership(admin...), 200},
		{"disabled", ada(false), 401},
		{"enabled", ada(true), 200},
		{"without roles", membership(), 403},
		{"with a role that nobody knows", membership(numbered('r', 9)), 403},
		{"a member again", membership(admin...), 200},
		{"the zone is gone", gone(w.three, w.ben.account), 403},
		{"the zone is back, elsewhere", under(w.three, numbered('a', 77)), 403},
		{"the zone is back", under(w.three, w.ben.account), 200},
	} {
		w.apply(t, step.change)
		if got := w.status(records); got != step.want {
			t.Errorf("%s: %d, want %d", step.name, got, step.want)
		}
	}
	// A membership of a user of whom nothing else is known yet.
	w.apply(t, leastkey.Change{Membership: &leastkey.Membership{User: numbered('u', 3), Account: w.ben.account, Roles: admin}},
		leastkey.Change{Credential: &leastkey.CredentialRecord{
			Credential: leastkey.Credential{ID: numbered('t', 3), Kind: leastkey.Token, Principal: leastkey.UserOf(numbered('u', 3)), Status: leastkey.Active,
				Policies: []leastkey.Policy{w.policy(t, leastkey.Allow, leastkey.PatternOne(w.three), "DNS Read")}},
			Secrets: []leastkey.LiveSecret{{Hash: secret(t, leastkey.UserTokenSecret, 3).Hash()}},
		}})
	early := request("GET", "/zones/"+w.three.ID+"/dns_records", "", bearer(secret(t, leastkey.UserTokenSecret, 3))...)
	if got := w.status(early); got != 401 {
		t.Errorf("before its user: %d", got)
	}
	w.apply(t, leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(numbered('u', 3)), Email: "c@example.com", Active: true}})
	if got := w.status(early); got != 200 {
		t.Errorf("with its user: %d", got)
	}
}

// A decision is made from one snapshot: of two zones, of which one goes whenever the other comes,
// it sees exactly one. Its Sees may be called from many goroutines.
func TestSnapshotsAreWhole(t *testing.T) {
	w := newWorld(t)
	w.apply(t, gone(w.two, w.ada.account))
	list := request("GET", "/zones", "", w.ada.byKey()...)
	stop, wait := make(chan struct{}), sync.WaitGroup{}
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				v := w.guard.Check(context.Background(), list)
				if v.Sees(w.one) == v.Sees(w.two) || !v.Allowed() {
					t.Error("half of a commit is seen")
					return
				}
			}
		})
	}
	for range 300 {
		w.apply(t, gone(w.one, w.ada.account), under(w.two, w.ada.account))
		w.apply(t, gone(w.two, w.ada.account), under(w.one, w.ada.account))
	}
	v := w.guard.Check(context.Background(), list)
	for range 2 {
		wait.Go(func() {
			for range 100 {
				if !v.Sees(w.one) || v.Sees(w.two) || v.Sees(w.three) {
					t.Error("what is seen depends on who else looks")
					return
				}
			}
		})
	}
	close(stop)
	wait.Wait()
	w.apply(t, gone(w.one, w.ada.account))
	if !v.Sees(w.one) {
		t.Error("a verdict changed after it was given")
	}
}
