package storetest

import (
	"errors"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func testState(t *testing.T, f Factory) {
	b := start(t, f)
	ada, bob, acme := user(1), user(2), account(5)
	bob.Disabled = true
	old := secret(1)
	old.Until = minute(9)
	ours := member(11, acme.ID, ada.ID)
	used, gone := token(21, leastkey.UserOf(ada.ID), secret(2), old), token(22, leastkey.AccountOf(acme.ID), secret(3))
	key := token(23, leastkey.UserOf(bob.ID), secret(4))
	key.Kind = leastkey.GlobalAPIKey
	child := zone(1, "z1")
	b.commit(func(tx control.Tx) error {
		return errors.Join(tx.PutUser(ada), tx.PutUser(bob), tx.PutAccount(acme), tx.PutMember(ours), tx.PutResource(child),
			tx.PutResource(zone(2, "z2")), tx.PutCredential(used), tx.PutCredential(gone), tx.PutCredential(key))
	})
	b.commit(func(tx control.Tx) error {
		return errors.Join(tx.RevokeCredential(gone.ID, minute(1)), tx.DeleteResource(zone(2, "z2").Resource))
	})
	got := read(b, state)
	want := []leastkey.Change{
		ofUser(ada), ofUser(bob), ofAccount(acme), ofResource(child), ofMember(ours), ofCredential(used), ofCredential(key),
	}
	same(t, "state", learn(got), learn(want))
	same(t, "each thing once", len(got), len(want))
	if !inOrder(got) {
		t.Errorf("not principals, resources, memberships, credentials: %+v", got)
	}

	stop := errors.New("stop")
	for n := range want {
		seen := 0
		err := b.store.View(t.Context(), func(r control.Reader) error {
			err := r.State(func(leastkey.Change) error {
				if seen == n {
					return stop
				}
				seen++
				return nil
			})
			wants(t, "State", err, stop)
			if _, err := r.Users(); err != nil {
				t.Errorf("a Reader after a State that was stopped: %v", err)
			}
			return err
		})
		wants(t, "View", err, stop)
		same(t, "changes before the stop", seen, n)
	}

	b.view(func(r control.Reader) error { // what fn tries to read on the way does not disturb
		var outer []leastkey.Change
		err := r.State(func(c leastkey.Change) error {
			_, _ = state(r)
			_, _ = r.Credential(used.ID)
			outer = append(outer, c)
			return nil
		})
		same(t, "around it", learn(outer), learn(want))
		same(t, "around it", len(outer), len(want))
		return err
	})
}
