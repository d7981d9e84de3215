package storetest

import (
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// settle puts users 1 to 4 and accounts 5 to 7, which are there before members are.
func settle(tx control.Tx) error {
	for n := 1; n <= 4; n++ {
		if err := tx.PutUser(user(n)); err != nil {
			return err
		}
	}
	for n := 5; n <= 7; n++ {
		if err := tx.PutAccount(account(n)); err != nil {
			return err
		}
	}
	return nil
}

func testMembers(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(settle)
	ada, bob, acme, other := number(1), number(2), number(5), number(6)
	late, early, elsewhere := member(22, acme, ada), member(21, acme, bob), member(23, other, ada)
	b.commit(func(tx control.Tx) error {
		for _, m := range []control.Member{late, elsewhere, early} {
			if err := tx.PutMember(m); err != nil {
				return err
			}
		}
		return nil
	})
	members := func(account leastkey.ID) []control.Member {
		return read(b, func(r control.Reader) ([]control.Member, error) { return r.Members(account) })
	}
	memberships := func(user leastkey.ID) []control.Member {
		return read(b, func(r control.Reader) ([]control.Member, error) { return r.Memberships(user) })
	}
	one := func(account, id leastkey.ID) (m control.Member, err error) {
		err = b.store.View(t.Context(), func(r control.Reader) (err error) {
			m, err = r.Member(account, id)
			return err
		})
		return m, err
	}
	same(t, "of the account", members(acme), []control.Member{early, late})
	same(t, "of the user", memberships(ada), []control.Member{late, elsewhere})
	same(t, "of nobody", memberships(number(3)), nil)
	got, err := one(acme, late.ID)
	wants(t, "one", err, nil)
	same(t, "one", got, late)
	_, err = one(other, late.ID)
	wants(t, "one of another account", err, control.ErrNotFound)

	_, err = b.try(func(tx control.Tx) error { return tx.PutMember(member(24, acme, ada)) })
	wants(t, "a second membership", err, control.ErrExists)
	late.Roles = []leastkey.ID{number(3)}
	b.commit(func(tx control.Tx) error { return tx.PutMember(late) })
	same(t, "replaced", members(acme), []control.Member{early, late})

	_, err = b.try(func(tx control.Tx) error { return tx.DeleteMember(other, late.ID) })
	wants(t, "delete through another account", err, control.ErrNotFound)
	b.commit(func(tx control.Tx) error { return tx.DeleteMember(acme, late.ID) })
	same(t, "deleted", members(acme), []control.Member{early})
	same(t, "the other membership stays", memberships(ada), []control.Member{elsewhere})
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteMember(acme, late.ID) })
	wants(t, "delete twice", err, control.ErrNotFound)
	again := member(25, acme, ada)
	b.commit(func(tx control.Tx) error { return tx.PutMember(again) })
	same(t, "a member again", members(acme), []control.Member{early, again})
}
