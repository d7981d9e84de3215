package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// everything is all a store has to say, for whole comparisons.
type everything struct {
	Revision   leastkey.Revision
	Users      []control.User
	Accounts   []control.Account
	Members    [][]control.Member
	Resources  []control.Resource
	Tokens     [][]control.Credential
	Naming     [][]leastkey.ID
	Audit      []control.Audit
	Log        []control.Committed
	Sessions   [][]control.Session
	Links      []control.SignInLink
	Identities [][]control.Identity
	Roles      [][]control.Role
	Uses       [][]control.Use
	Known      known
	Things     int // how many changes State gave
}

const most = 1 << 20

// look reads everything about the users, accounts and principals that tests use.
func look(r control.Reader) (e everything, err error) {
	var errs [9]error
	e.Revision, errs[0] = r.Revision()
	e.Users, errs[1] = r.Users()
	e.Accounts, errs[2] = r.Accounts()
	e.Resources, errs[3] = r.Resources("", leastkey.Resource{})
	e.Audit, errs[4] = r.AuditRows(control.AuditFilter{Limit: most})
	e.Log, errs[5] = r.Changes(0, most)
	errs[8] = e.lookAround(r)
	for n := 1; n <= 8; n++ {
		for _, read := range []func(leastkey.ID) ([]control.Member, error){r.Members, r.Memberships} {
			members, err := read(number(n))
			errs[6] = errors.Join(errs[6], err)
			e.Members = append(e.Members, members)
		}
		for _, p := range []leastkey.Principal{leastkey.UserOf(number(n)), leastkey.AccountOf(number(n))} {
			for _, kind := range []leastkey.Kind{leastkey.Token, leastkey.GlobalAPIKey} {
				credentials, err := r.Credentials(p, kind)
				errs[6] = errors.Join(errs[6], err)
				count, err := r.CountCredentials(p, kind)
				if errs[6] = errors.Join(errs[6], err); err == nil && count != len(credentials) {
					errs[6] = fmt.Errorf("%d credentials are counted as %d", len(credentials), count)
				}
				e.Tokens = append(e.Tokens, credentials)
			}
		}
	}
	changes, err := state(r)
	errs[7] = err
	e.Known, e.Things = learn(changes), len(changes)
	return e, errors.Join(errs[:]...)
}

// lookAround reads what the dashboard asks for.
func (e *everything) lookAround(r control.Reader) error {
	var errs []error
	for n := 1; n <= 8; n++ {
		sessions, err := r.Sessions(number(n))
		e.Sessions, errs = append(e.Sessions, sessions), append(errs, err)
		identities, err := r.Identities(number(n))
		e.Identities, errs = append(e.Identities, identities), append(errs, err)
		roles, err := r.Roles(number(n))
		e.Roles, errs = append(e.Roles, roles), append(errs, err)
	}
	for n := 61; n <= 64; n++ {
		link, err := r.SignInLink(hash(n))
		if !errors.Is(err, control.ErrNotFound) {
			e.Links, errs = append(e.Links, link), append(errs, err)
		}
		session, err := r.SessionByHash(hash(n))
		if !errors.Is(err, control.ErrNotFound) {
			e.Sessions, errs = append(e.Sessions, []control.Session{session}), append(errs, err)
		}
	}
	for _, named := range []leastkey.Resource{top(), {Type: "zone", ID: "z1"}, {Type: "zone"}, {Type: "pool", ID: "z1"}, {Type: "pool", ID: "Z1"}} {
		naming, err := r.CredentialsNaming(named)
		e.Naming, errs = append(e.Naming, naming), append(errs, err)
	}
	for n := 21; n <= 25; n++ {
		uses, err := r.Uses(number(n))
		e.Uses, errs = append(e.Uses, uses), append(errs, err)
	}
	return errors.Join(errs...)
}

// fill makes a store with one of each thing.
func fill(tx control.Tx) error {
	return errors.Join(settle(tx), tx.PutMember(member(11, number(5), number(1))), tx.PutResource(zone(1, "z1")),
		tx.PutCredential(token(21, leastkey.UserOf(number(1)), secret(1), secret(2))),
		tx.PutSession(session(61, number(1))), tx.PutSignInLink(link(62, number(1))), tx.PutIdentity(identity(1, 1, 1)), tx.PutRole(role(31, number(5), number(80))))
}

// upset changes one of each thing.
func upset(tx control.Tx) error {
	changed := user(1)
	changed.Disabled = true
	return errors.Join(tx.PutUser(changed), tx.PutUser(user(8)), tx.PutAccount(account(8)), tx.DeleteMember(number(5), number(11)),
		tx.PutMember(member(12, number(6), number(1))), tx.DeleteResource(zone(1, "z1").Resource), tx.PutResource(zone(2, "z2")),
		tx.RevokeCredential(number(21), minute(1)), tx.PutCredential(token(22, leastkey.UserOf(number(1)), secret(3))),
		tx.DeleteSession(number(61)), tx.PutSession(session(63, number(8))), tx.DeleteSignInLink(hash(62)), tx.PutSignInLink(link(64, number(8))),
		tx.PutIdentity(identity(2, 1, 1)), tx.PutRole(role(32, number(6))), tx.DeleteRole(number(5), number(31)))
}

// testAtomic: a commit that fails has done nothing, whatever it had done before.
func testAtomic(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	before := read(b, look)
	boom := errors.New("boom")
	act := b.act(ofUser(user(8)))
	tests := []struct {
		name string
		fn   func(control.Tx) (control.Act, error)
		want error
	}{
		{"fn fails", func(tx control.Tx) (control.Act, error) { return act, errors.Join(upset(tx), boom) }, boom},
		{"no act at all", func(tx control.Tx) (control.Act, error) { return control.Act{}, upset(tx) }, control.ErrNoAudit},
		{"no audit row", func(tx control.Tx) (control.Act, error) { return control.Act{Changes: act.Changes}, upset(tx) }, control.ErrNoAudit},
		{"taken half-way", func(tx control.Tx) (control.Act, error) {
			return act, errors.Join(upset(tx), tx.PutCredential(token(23, leastkey.UserOf(number(1)), secret(1))))
		}, control.ErrExists},
		{"not there half-way", func(tx control.Tx) (control.Act, error) {
			return act, errors.Join(upset(tx), tx.DeleteMember(number(5), number(11)))
		}, control.ErrNotFound},
	}
	for _, test := range tests {
		rev, err := b.store.Commit(t.Context(), test.fn)
		wants(t, test.name, err, test.want)
		same(t, test.name+": revision", rev, 0)
		same(t, test.name, read(b, look), before)
	}
	same(t, "the next revision", b.commit(upset), before.Revision+1)
}

// testRefusedPut: a put that is refused leaves nothing of itself, for a caller who goes on.
func testRefusedPut(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	before := read(b, look)
	ada := leastkey.UserOf(number(1))
	taken := user(2)
	taken.Email, taken.Disabled = user(1).Email, true
	puts := []func(control.Tx) error{
		func(tx control.Tx) error { return tx.PutUser(taken) },
		func(tx control.Tx) error { return tx.PutMember(member(12, number(5), number(1))) },
		func(tx control.Tx) error { return tx.PutCredential(token(22, ada, secret(30), secret(1))) },
		func(tx control.Tx) error { return tx.PutCredential(token(22, ada, secret(30), secret(30))) },
		func(tx control.Tx) error { s := session(63, number(2)); s.Hash = hash(61); return tx.PutSession(s) },
		func(tx control.Tx) error { return tx.PutSignInLink(link(62, number(2))) },
		func(tx control.Tx) error { return tx.PutIdentity(identity(1, 1, 2)) },
	}
	for i, put := range puts {
		act := b.act()
		rev, err := b.store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
			wants(t, "put", put(tx), control.ErrExists)
			_, err := tx.Credential(number(22))
			wants(t, "the refused credential", err, control.ErrNotFound)
			return act, nil
		})
		wants(t, "commit", err, nil)
		same(t, "revision", rev, before.Revision+leastkey.Revision(i+1))
	}
	after := read(b, look)
	after.Revision, after.Audit, after.Log = before.Revision, before.Audit, before.Log
	same(t, "the rows", after, before)
}

// testPanic: a panic, or a goroutine that ends inside, undoes the commit and lets others write.
func testPanic(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	before := read(b, look)
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("got panic %v, want boom", got)
			}
		}()
		_, err := b.try(func(tx control.Tx) error {
			wants(t, "upset", upset(tx), nil)
			panic("boom")
		})
		t.Errorf("came back with %v", err)
	}()
	func() {
		defer func() { _ = recover() }()
		b.view(func(r control.Reader) error {
			return r.State(func(leastkey.Change) error { panic("boom") })
		})
	}()
	same(t, "after the panic", read(b, look), before)
	same(t, "the next revision", b.commit(upset), before.Revision+1)
}

// testContext: a context that is over stops a commit before it is one, and not the store.
func testContext(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	before := read(b, look)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	wants(t, "View", b.store.View(over, func(control.Reader) error { t.Error("fn ran"); return nil }), context.Canceled)
	_, err := b.store.Commit(over, func(control.Tx) (control.Act, error) { t.Error("fn ran"); return b.act(), nil })
	wants(t, "Commit", err, context.Canceled)

	act := b.act()
	ctx, cancel := context.WithCancel(t.Context())
	_, err = b.store.Commit(ctx, func(tx control.Tx) (control.Act, error) {
		err := upset(tx)
		cancel()
		return act, err
	})
	wants(t, "cancelled at the end of fn", err, context.Canceled)
	ctx, cancel = context.WithCancel(t.Context())
	_, err = b.store.Commit(ctx, func(tx control.Tx) (control.Act, error) {
		cancel()
		_ = upset(tx) // a caller that does not look must not commit half of it
		return act, nil
	})
	wants(t, "cancelled inside fn", err, context.Canceled)
	same(t, "after both", read(b, look), before)
	same(t, "the next revision", b.commit(upset), before.Revision+1)
}

// testDeadReader: what outlives its function is an error, not another state.
func testDeadReader(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	var r control.Reader
	b.view(func(alive control.Reader) error { r = alive; return nil })
	var tx control.Tx
	b.commit(func(alive control.Tx) error { tx = alive; return nil })
	before := read(b, look)
	for _, dead := range []control.Reader{r, tx} {
		if _, err := dead.Revision(); err == nil {
			t.Error("Revision works after the end")
		}
		if _, err := dead.User(number(1)); err == nil || errors.Is(err, control.ErrNotFound) {
			t.Errorf("User after the end: %v", err)
		}
	}
	if err := tx.PutUser(user(9)); err == nil {
		t.Error("PutUser works after the end")
	}
	same(t, "after all", read(b, look), before)
}
