package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func identity(issuer, subject, user int) control.Identity {
	return control.Identity{
		Issuer: fmt.Sprintf("https://login%d.example.com", issuer), Subject: fmt.Sprintf("subject|%d", subject),
		User: number(user), CreatedOn: minute(subject),
	}
}

func identityIn(r control.Reader, like control.Identity) (control.Identity, error) {
	return r.Identity(like.Issuer, like.Subject)
}

func testIdentities(t *testing.T, f Factory) {
	b := signedIn(t, f)
	first, other, elsewhere := identity(1, 1, 1), identity(1, 2, 2), identity(2, 1, 1)
	for _, i := range []control.Identity{elsewhere, other, first} {
		b.commit(func(tx control.Tx) error { return tx.PutIdentity(i) })
	}
	of := func(user int) []control.Identity {
		return read(b, func(r control.Reader) ([]control.Identity, error) { return r.Identities(number(user)) })
	}
	for _, i := range []control.Identity{first, other, elsewhere} {
		same(t, "by issuer and subject", read(b, func(r control.Reader) (control.Identity, error) { return identityIn(r, i) }), i)
	}
	same(t, "of a user", of(1), []control.Identity{first, elsewhere})
	same(t, "of another", of(2), []control.Identity{other})
	same(t, "of nobody", of(3), nil)

	for name, taken := range map[string]control.Identity{
		"a subject of another user": identity(1, 1, 3), "another subject of a user": identity(1, 3, 1), "the same once more": first,
	} {
		taken.CreatedOn = time.Time{}
		_, err := b.try(func(tx control.Tx) error { return tx.PutIdentity(taken) })
		wants(t, name, err, control.ErrExists)
	}
	never := first
	for _, change := range []func(*control.Identity){
		func(i *control.Identity) { i.Subject += " " },
		func(i *control.Identity) { i.Issuer += "/" },
		func(i *control.Identity) { i.Subject = "SUBJECT|1" },
	} {
		is := never
		change(&is)
		err := b.store.View(t.Context(), func(r control.Reader) error { _, err := identityIn(r, is); return err })
		wants(t, fmt.Sprintf("%q at %q", is.Subject, is.Issuer), err, control.ErrNotFound)
	}
	same(t, "after refusals", of(1), []control.Identity{first, elsewhere})

	b.commit(func(tx control.Tx) error { return tx.DeleteIdentity(first.Issuer, first.Subject) })
	same(t, "without one", of(1), []control.Identity{elsewhere})
	_, err := b.try(func(tx control.Tx) error { return tx.DeleteIdentity(first.Issuer, first.Subject) })
	wants(t, "delete twice", err, control.ErrNotFound)
	again := identity(1, 1, 3)
	b.commit(func(tx control.Tx) error { return tx.PutIdentity(again) })
	same(t, "of another user by then", of(3), []control.Identity{again})
}

func drawIdentity(rt *rapid.T) op {
	i := identity(rapid.IntRange(1, 2).Draw(rt, "issuer"), rapid.IntRange(1, 3).Draw(rt, "subject"), rapid.IntRange(1, 4).Draw(rt, "user"))
	i.CreatedOn = drawTime(rt, "created")
	if rapid.IntRange(0, 3).Draw(rt, "end") == 0 {
		return op{fmt.Sprintf("DeleteIdentity(%q, %q)", i.Issuer, i.Subject), func(tx control.Tx) ([]leastkey.Change, error) {
			return nil, tx.DeleteIdentity(i.Issuer, i.Subject)
		}}
	}
	return op{fmt.Sprintf("PutIdentity(%+v)", i), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.PutIdentity(i) }}
}
