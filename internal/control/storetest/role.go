package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func role(n int, account leastkey.ID, groups ...leastkey.ID) control.Role {
	return control.Role{
		ID: number(n), Account: account, Name: fmt.Sprintf("Role %d", n), Description: "What it is for", Groups: groups,
		CreatedOn: minute(100 - n), ModifiedOn: minute(n),
	}
}

func testRoles(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(settle)
	acme, other := number(5), number(6)
	first, second, elsewhere := role(32, acme, number(80), number(81)), role(31, acme), role(33, other, number(80))
	for _, r := range []control.Role{second, elsewhere, first} {
		b.commit(func(tx control.Tx) error { return tx.PutRole(r) })
	}
	roles := func(account leastkey.ID) []control.Role {
		return read(b, func(r control.Reader) ([]control.Role, error) { return r.Roles(account) })
	}
	same(t, "of an account", roles(acme), []control.Role{first, second})
	same(t, "of another", roles(other), []control.Role{elsewhere})
	same(t, "one", read(b, func(r control.Reader) (control.Role, error) { return r.Role(acme, first.ID) }), first)
	err := b.store.View(t.Context(), func(r control.Reader) error { _, err := r.Role(other, first.ID); return err })
	wants(t, "one of another account", err, control.ErrNotFound)
	second.Name, second.Groups = "Another", []leastkey.ID{number(82)}
	b.commit(func(tx control.Tx) error { return tx.PutRole(second) })
	same(t, "changed", roles(acme), []control.Role{first, second})
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteRole(other, first.ID) })
	wants(t, "delete one of another account", err, control.ErrNotFound)
	b.commit(func(tx control.Tx) error { return tx.DeleteRole(acme, first.ID) })
	same(t, "deleted", roles(acme), []control.Role{second})
}

func drawRole(rt *rapid.T) op {
	r := role(rapid.IntRange(31, 33).Draw(rt, "role"), number(rapid.IntRange(5, 6).Draw(rt, "account")), number(rapid.IntRange(80, 82).Draw(rt, "group")))
	if rapid.IntRange(0, 3).Draw(rt, "delete") == 0 {
		return op{fmt.Sprintf("DeleteRole(%v)", r.ID), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.DeleteRole(r.Account, r.ID) }}
	}
	return op{fmt.Sprintf("PutRole(%+v)", r), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.PutRole(r) }}
}
