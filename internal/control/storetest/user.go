package storetest

import (
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func testEmpty(t *testing.T, f Factory) {
	b := start(t, f)
	b.view(func(r control.Reader) error {
		rev, err := r.Revision()
		wants(t, "Revision", err, nil)
		same(t, "Revision", rev, 0)
		_, err = r.User(number(1))
		wants(t, "User", err, control.ErrNotFound)
		_, err = r.UserByEmail("a@example.com")
		wants(t, "UserByEmail", err, control.ErrNotFound)
		_, err = r.Account(number(1))
		wants(t, "Account", err, control.ErrNotFound)
		_, err = r.Member(number(1), number(2))
		wants(t, "Member", err, control.ErrNotFound)
		_, err = r.Resource(leastkey.Resource{Type: "zone", ID: "z"})
		wants(t, "Resource", err, control.ErrNotFound)
		_, err = r.Credential(number(1))
		wants(t, "Credential", err, control.ErrNotFound)

		_, err = r.AuditRow(number(1))
		wants(t, "AuditRow", err, control.ErrNotFound)
		_, err = r.Session(number(1))
		wants(t, "Session", err, control.ErrNotFound)
		_, err = r.SessionByHash(hash(1))
		wants(t, "SessionByHash", err, control.ErrNotFound)
		_, err = identityIn(r, identity(1, 1, 1))
		wants(t, "Identity", err, control.ErrNotFound)
		_, err = r.SignInLink(hash(1))
		wants(t, "SignInLink", err, control.ErrNotFound)
		sessions, err := r.Sessions(number(1))
		wants(t, "Sessions", err, nil)
		same(t, "Sessions", sessions, nil)
		uses, err := r.Uses(number(1))
		wants(t, "Uses", err, nil)
		same(t, "Uses", uses, nil)

		users, err := r.Users()
		wants(t, "Users", err, nil)
		same(t, "Users", users, nil)
		accounts, err := r.Accounts()
		wants(t, "Accounts", err, nil)
		same(t, "Accounts", accounts, nil)
		members, err := r.Members(number(1))
		wants(t, "Members", err, nil)
		same(t, "Members", members, nil)
		memberships, err := r.Memberships(number(1))
		wants(t, "Memberships", err, nil)
		same(t, "Memberships", memberships, nil)
		resources, err := r.Resources("", leastkey.Resource{})
		wants(t, "Resources", err, nil)
		same(t, "Resources", resources, nil)
		credentials, err := r.Credentials(leastkey.UserOf(number(1)), leastkey.Token)
		wants(t, "Credentials", err, nil)
		same(t, "Credentials", credentials, nil)
		audit, err := r.AuditRows(control.AuditFilter{})
		wants(t, "AuditRows", err, nil)
		same(t, "AuditRows", audit, nil)
		log, err := r.Changes(0, 10)
		wants(t, "Changes", err, nil)
		same(t, "Changes", log, nil)
		all, err := state(r)
		wants(t, "State", err, nil)
		same(t, "State", all, nil)
		return nil
	})
	_, err := b.try(func(tx control.Tx) error { return tx.DeleteMember(number(1), number(2)) })
	wants(t, "DeleteMember", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteResource(leastkey.Resource{Type: "zone", ID: "z"}) })
	wants(t, "DeleteResource", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.RevokeCredential(number(1), minute(0)) })
	wants(t, "RevokeCredential", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteSession(number(1)) })
	wants(t, "DeleteSession", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteSignInLink(hash(1)) })
	wants(t, "DeleteSignInLink", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteIdentity("https://login.example.com", "a") })
	wants(t, "DeleteIdentity", err, control.ErrNotFound)
	same(t, "Revision", b.revision(), 0)
}

func testUsers(t *testing.T, f Factory) {
	b := start(t, f)
	second, first := user(2), user(1)
	third := user(3)
	third.CreatedOn = second.CreatedOn // the id decides
	b.commit(func(tx control.Tx) error { return tx.PutUser(third) })
	b.commit(func(tx control.Tx) error { return tx.PutUser(second) })
	b.commit(func(tx control.Tx) error { return tx.PutUser(first) })
	users := func() []control.User { return read(b, control.Reader.Users) }
	same(t, "oldest first, then by id", users(), []control.User{first, second, third})
	same(t, "by id", read(b, func(r control.Reader) (control.User, error) { return r.User(second.ID) }), second)
	byEmail := func(email string) (u control.User, err error) {
		err = b.store.View(t.Context(), func(r control.Reader) (err error) {
			u, err = r.UserByEmail(email)
			return err
		})
		return u, err
	}
	got, err := byEmail(second.Email)
	wants(t, "by e-mail", err, nil)
	same(t, "by e-mail", got, second)

	for name, taken := range map[string]control.User{"a new user": user(4), "a known user": first} {
		taken.Email = second.Email
		_, err := b.try(func(tx control.Tx) error { return tx.PutUser(taken) })
		wants(t, name+" with a taken e-mail", err, control.ErrExists)
	}
	same(t, "after refusals", users(), []control.User{first, second, third})

	old := second.Email
	second = user(2)
	second.Email, second.Disabled, second.FirstName, second.LastName, second.PasswordHash = "new@example.com", true, "", "", ""
	second.CreatedOn, second.ModifiedOn = minute(50), minute(51)
	b.commit(func(tx control.Tx) error { return tx.PutUser(second) })
	same(t, "replaced", users(), []control.User{first, third, second})
	_, err = byEmail(old)
	wants(t, "the e-mail before", err, control.ErrNotFound)

	fourth := user(4)
	fourth.Email = old
	b.commit(func(tx control.Tx) error { return tx.PutUser(fourth) })
	got, err = byEmail(old)
	wants(t, "an e-mail that is free again", err, nil)
	same(t, "an e-mail that is free again", got, fourth)
}

func testAccounts(t *testing.T, f Factory) {
	b := start(t, f)
	first, second, third := account(1), account(2), account(3)
	third.CreatedOn = second.CreatedOn
	b.commit(func(tx control.Tx) error {
		for _, a := range []control.Account{third, first, second} { // names need not be unique
			if err := tx.PutAccount(a); err != nil {
				return err
			}
		}
		return nil
	})
	same(t, "oldest first, then by id", read(b, control.Reader.Accounts), []control.Account{first, second, third})
	first.Name, first.ModifiedOn = "Renamed", minute(9)
	b.commit(func(tx control.Tx) error { return tx.PutAccount(first) })
	same(t, "replaced", read(b, func(r control.Reader) (control.Account, error) { return r.Account(first.ID) }), first)
	same(t, "replaced, in the list", read(b, control.Reader.Accounts), []control.Account{first, second, third})
}
