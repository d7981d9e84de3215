package storetest

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (b *bench) credential(id leastkey.ID) (c control.Credential, err error) {
	err = b.store.View(b.Context(), func(r control.Reader) (err error) {
		c, err = r.Credential(id)
		return err
	})
	return c, err
}

// put puts credentials in a commit that must succeed.
func (b *bench) put(credentials ...control.Credential) {
	b.Helper()
	b.commit(func(tx control.Tx) error {
		for _, c := range credentials {
			if err := tx.PutCredential(c); err != nil {
				return err
			}
		}
		return nil
	})
}

// tryPut gives the error of a commit that puts one credential.
func (b *bench) tryPut(c control.Credential) error {
	_, err := b.try(func(tx control.Tx) error { return tx.PutCredential(c) })
	return err
}

// holds fails the test unless the credential is there as it should be.
func (b *bench) holds(what string, want control.Credential) {
	b.Helper()
	got, err := b.credential(want.ID)
	wants(b, what, err, nil)
	same(b, what, got, want)
}

func testCredentials(t *testing.T, f Factory) {
	b := start(t, f)
	ada, acme := leastkey.UserOf(number(1)), leastkey.AccountOf(number(1)) // the same id, not the same principal
	late, early, tie := token(2, ada, secret(2)), token(1, ada, secret(1)), token(3, ada, secret(3))
	tie.IssuedOn = late.IssuedOn
	foreign := token(4, acme, secret(4))
	key := control.Credential{
		Credential: leastkey.Credential{ID: number(5), Kind: leastkey.GlobalAPIKey, Principal: ada, Status: leastkey.Active},
		Secrets:    []control.StoredSecret{secret(5)},
	}
	b.put(tie, late, early, foreign, key)
	list := func(p leastkey.Principal, k leastkey.Kind) []control.Credential {
		return read(b, func(r control.Reader) ([]control.Credential, error) { return r.Credentials(p, k) })
	}
	same(t, "tokens of a user", list(ada, leastkey.Token), []control.Credential{early, late, tie})
	same(t, "keys of a user", list(ada, leastkey.GlobalAPIKey), []control.Credential{key})
	same(t, "tokens of an account", list(acme, leastkey.Token), []control.Credential{foreign})
	same(t, "keys of an account", list(acme, leastkey.GlobalAPIKey), nil)
	b.holds("every field", early)
	b.holds("few fields", key)

	early.Name, early.Status, early.Validity, early.Condition = "renamed", leastkey.Disabled, leastkey.Validity{}, leastkey.Condition{}
	early.Policies = early.Policies[1:]
	early.ModifiedOn, early.LastUsedOn = minute(60), minute(61)
	b.put(early)
	b.holds("replaced", early)
	same(t, "the others stay", list(ada, leastkey.Token), []control.Credential{early, late, tie})

	turned := early
	turned.Kind = leastkey.GlobalAPIKey
	wants(t, "a token that turns into a key", b.tryPut(turned), control.ErrExists)
	b.holds("still a token", early)
}

// testCredentialPages: every part, in both orders, with the expired and without them at the very instant.
func testCredentialPages(t *testing.T, f Factory) {
	b := start(t, f)
	ada := leastkey.UserOf(number(1))
	var all []control.Credential
	for n := range 24 {
		c := token(n+1, ada, secret(2*n), secret(2*n+1))
		c.IssuedOn, c.Validity, c.Status = minute(n/2), leastkey.Validity{}, leastkey.Active
		switch n % 6 {
		case 1:
			c.Validity.ExpiresOn = minute(10)
		case 2:
			c.Validity.ExpiresOn = minute(10).Add(time.Microsecond)
		case 3:
			c.Validity.ExpiresOn, c.Status = minute(10), leastkey.Disabled
		case 4:
			c.Validity = leastkey.Validity{NotBefore: minute(9), ExpiresOn: minute(10)}
		case 5: // it never was valid, and is not called expired until it would have begun
			c.Validity = leastkey.Validity{NotBefore: minute(10).Add(time.Microsecond), ExpiresOn: minute(10)}
		}
		if n == 0 {
			c.IssuedOn, c.Secrets = time.Time{}, nil
		}
		all = append(all, c)
	}
	b.put(all...)
	b.put(token(50, leastkey.AccountOf(ada.ID), secret(98)))
	b.commit(func(tx control.Tx) error { return tx.RevokeCredential(all[7].ID, minute(0)) })
	all = slices.Delete(all, 7, 8)
	for i := range all {
		all[i].Secrets = nil
	}
	for _, at := range []time.Time{{}, minute(0), minute(10).Add(-time.Nanosecond), minute(10), minute(10).Add(time.Nanosecond), minute(10).Add(time.Microsecond), minute(11)} {
		want := slices.Clone(all)
		if !at.IsZero() {
			want = slices.DeleteFunc(want, func(c control.Credential) bool { return c.Usable(at) == leastkey.CredentialExpired })
		}
		for _, newest := range []bool{false, true} {
			if newest {
				slices.Reverse(want)
			}
			for _, span := range [][2]int{{0, 50}, {0, 5}, {5, 5}, {20, 5}, {23, 5}, {99, 5}, {math.MaxInt, 5}, {0, 0}, {3, -1}, {-3, 2}} {
				b.view(func(r control.Reader) error {
					got, total, err := r.CredentialPage(control.CredentialPage{Owner: ada, Kind: leastkey.Token, Unexpired: at, NewestFirst: newest, Offset: span[0], Limit: span[1]})
					from := min(max(span[0], 0), len(want))
					part := want[from:min(from+max(span[1], 0), len(want))]
					same(t, fmt.Sprint(at, newest, span), got, slices.Concat(part))
					same(t, "in all", total, len(want))
					return err
				})
			}
		}
	}
}

func testSecrets(t *testing.T, f Factory) {
	b := start(t, f)
	ada := leastkey.UserOf(number(1))
	bySecret := func(n int) (control.Credential, error) {
		var c control.Credential
		err := b.store.View(t.Context(), func(r control.Reader) (err error) {
			c, err = r.CredentialWithSecret(secret(n).Hash)
			return err
		})
		return c, err
	}
	bare := token(9, ada)
	b.put(bare)
	b.holds("without a secret", bare)

	one := token(1, ada, secret(1))
	b.put(one)
	old := secret(1)
	old.Until = minute(30)
	rolled := token(1, ada, secret(2), old)
	b.put(rolled)
	b.holds("rolled with overlap, newest first", rolled)
	for _, n := range []int{1, 2} {
		if got, err := bySecret(n); err != nil || got.ID != rolled.ID || len(got.Secrets) != 2 {
			t.Errorf("the credential of secret %d: %+v, %v", n, got, err)
		}
	}
	swapped := token(1, ada, old, secret(2))
	b.put(swapped)
	b.holds("in the order given", swapped)
	b.put(rolled)

	wants(t, "the live secret of another", b.tryPut(token(2, ada, secret(2))), control.ErrExists)
	wants(t, "a good secret and the old one of another", b.tryPut(token(2, ada, secret(20), secret(1))), control.ErrExists)
	wants(t, "the same secret twice", b.tryPut(token(2, ada, secret(21), secret(21))), control.ErrExists)
	_, err := b.credential(number(2))
	wants(t, "a refused credential", err, control.ErrNotFound)
	b.put(token(2, ada, secret(20), secret(21))) // refusals took nothing

	dropped := token(1, ada, secret(3))
	b.put(dropped)
	b.holds("rolled without overlap", dropped)
	_, err = bySecret(2)
	wants(t, "the credential of a dropped secret", err, control.ErrNotFound)
	for _, n := range []int{1, 2} {
		wants(t, "a dropped secret, on its own credential", b.tryPut(token(1, ada, secret(3), secret(n))), control.ErrExists)
		wants(t, "a dropped secret, on another", b.tryPut(token(3, ada, secret(n))), control.ErrExists)
	}
	b.holds("after refusals", dropped)
	_, err = b.try(func(tx control.Tx) error { // dropped and put back within one commit
		if err := tx.PutCredential(token(1, ada)); err != nil {
			return err
		}
		return tx.PutCredential(dropped)
	})
	wants(t, "put back in the same commit", err, control.ErrExists)
	b.holds("after the commit that failed", dropped)
}

// testRevokedIsFinal holds law 7: no path makes a revoked credential or a dropped secret work
// again.
func testRevokedIsFinal(t *testing.T, f Factory) {
	dir := t.TempDir()
	b := &bench{TB: t, store: f.Open(t, dir)}
	ada := leastkey.UserOf(number(1))
	victim, other := token(1, ada, secret(1), secret(2)), token(2, ada, secret(3))
	key := token(3, ada, secret(4))
	key.Kind = leastkey.GlobalAPIKey
	b.put(victim, other, key)
	b.put(token(1, ada, secret(5), secret(2))) // 1 is dropped
	_, err := b.try(func(tx control.Tx) error {
		if err := tx.RevokeCredential(victim.ID, minute(5)); err != nil {
			return err
		}
		return tx.PutCredential(token(1, ada, secret(6)))
	})
	wants(t, "put in the commit that revokes", err, control.ErrExists)
	b.holds("the commit that failed revoked nothing", token(1, ada, secret(5), secret(2)))
	b.commit(func(tx control.Tx) error { return tx.RevokeCredential(victim.ID, minute(5)) })
	b.commit(func(tx control.Tx) error { return tx.RevokeCredential(key.ID, control.Credential{}.IssuedOn) }) // no time known

	check := func() {
		t.Helper()
		for _, id := range []leastkey.ID{victim.ID, key.ID} {
			_, err := b.credential(id)
			wants(t, "read", err, control.ErrNotFound)
			_, err = b.try(func(tx control.Tx) error { return tx.RevokeCredential(id, minute(6)) })
			wants(t, "revoke twice", err, control.ErrNotFound)
		}
		for _, kind := range []leastkey.Kind{leastkey.Token, leastkey.GlobalAPIKey} {
			got := read(b, func(r control.Reader) ([]control.Credential, error) { return r.Credentials(ada, kind) })
			want := []control.Credential{other}
			if kind == leastkey.GlobalAPIKey {
				want = nil
			}
			same(t, "listed as "+kind.String(), got, want)
		}
		for _, change := range read(b, state) {
			if id := change.Credential.Credential.ID; id != other.ID {
				t.Errorf("State gives the revoked credential %v", id)
			}
		}
		wants(t, "the id, with a fresh secret", b.tryPut(token(1, ada, secret(50))), control.ErrExists)
		wants(t, "the id, without a secret", b.tryPut(token(1, ada)), control.ErrExists)
		wants(t, "the id, of another owner", b.tryPut(token(1, leastkey.AccountOf(number(8)), secret(50))), control.ErrExists)
		wants(t, "the id of a key, as a token", b.tryPut(token(3, ada, secret(50))), control.ErrExists)
		for _, n := range []int{1, 2, 4, 5} {
			wants(t, "a secret of it, on another", b.tryPut(token(2, ada, secret(3), secret(n))), control.ErrExists)
			wants(t, "a secret of it, on a new one", b.tryPut(token(4, ada, secret(n))), control.ErrExists)
		}
		b.holds("the other one", other)
	}
	check()
	if err := b.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	b.store = f.Open(t, dir)
	check()
	if err := b.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}
