package sqlite

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// start opens a database with user 1, account 2, and token 3 with secret 1.
func start(t testing.TB) *Store {
	t.Helper()
	store := open(t, filepath.Join(t.TempDir(), "state.db"))
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := settle(t, store); err != nil {
		t.Fatal(err)
	}
	return store
}

// settle puts user 1, account 2, and token 3 with secret 1.
func settle(t testing.TB, store *Store) error {
	t.Helper()
	return try(t, store, 1, func(tx control.Tx) error {
		return errors.Join(tx.PutUser(control.User{ID: leastkey.ID{1}}), tx.PutAccount(control.Account{ID: leastkey.ID{2}}), tx.PutCredential(token()))
	})
}

func token() control.Credential {
	return control.Credential{
		Credential: leastkey.Credential{ID: leastkey.ID{3}, Kind: leastkey.Token, Principal: leastkey.UserOf(leastkey.ID{1}), Status: leastkey.Active},
		Secrets:    []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: leastkey.SecretHash{1}}}},
	}
}

// try gives the error of a commit whose audit row has the id.
func try(t testing.TB, store *Store, id byte, fn func(control.Tx) error) error {
	t.Helper()
	_, err := store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
		return control.Act{Audit: control.Audit{ID: leastkey.ID{id}, Action: "test"}}, fn(tx)
	})
	return err
}

// TestLaw7RevokedIsFinal, and law 9, hold against the program's own mistakes: the tables themselves do
// not let a revoked credential, a dropped secret or an audit row change.
func TestLaw7RevokedIsFinal(t *testing.T) {
	store := start(t)
	err := try(t, store, 2, func(tx control.Tx) error {
		return tx.RevokeCredential(leastkey.ID{3}, token().IssuedOn)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Note(t.Context(), func(n control.Notes) error {
		return n.Used([]control.Use{{Credential: leastkey.ID{3}, Secret: leastkey.SecretHash{1}, At: time.Now()}}, 1)
	})
	if err != nil {
		t.Errorf("a use of a revoked credential: %v", err)
	}
	conn, release := writing(t, store)
	defer release()
	for _, sql := range []string{
		"UPDATE credentials SET revoked = 0",
		"UPDATE credentials SET name = 'again'",
		"DELETE FROM credentials",
		"INSERT OR REPLACE INTO credentials SELECT id, kind, owner_kind, owner_id, name, status, not_before, expires_on, condition, policies, issued_on, modified_on, last_used_on, 0, NULL FROM credentials",
		"UPDATE credentials SET last_used_on = 1",
		"UPDATE secrets SET dropped = 0",
		"UPDATE secrets SET last_used_on = 1",
		"UPDATE secrets SET hash = zeroblob(32)",
		"DELETE FROM secrets",
		"INSERT OR REPLACE INTO secrets SELECT hash, credential, position, until, tail, created_on, 0, NULL, NULL FROM secrets",
		"UPDATE audit SET action = 'nothing'",
		"DELETE FROM audit",
		"INSERT OR REPLACE INTO audit SELECT * FROM audit",
		"UPDATE commits SET hashes = zeroblob(32)",
		"DELETE FROM commits",
		"INSERT OR REPLACE INTO commits SELECT * FROM commits",
	} {
		before := conn.Changes()
		err := sqlitex.ExecuteTransient(conn, sql, nil)
		if err == nil || sqlite.ErrCode(err) != sqlite.ResultConstraintTrigger {
			t.Errorf("%s: got error %v, want a trigger's, and changed %d rows", sql, err, conn.Changes()-before)
		}
	}
}

// TestFault: after a fault nothing more of the commit is run, so nothing of it can be kept, and
// the store goes on.
func TestFault(t *testing.T) {
	store := start(t)
	none := token()
	none.ID, none.Secrets = leastkey.ID{4}, nil
	effect, text, place := none, none, none
	effect.Policies = []leastkey.Policy{{ID: leastkey.ID{5}}} // neither allow nor deny
	text.Policies = []leastkey.Policy{{Effect: leastkey.Allow, Patterns: []leastkey.Pattern{{Extent: leastkey.One, Type: "zone", ID: "a\xff"}}}}
	place.Condition.In = make([]leastkey.AddressRange, 1)
	faults := map[string]func(control.Tx) error{
		"a member of no account": func(tx control.Tx) error {
			return tx.PutMember(control.Member{ID: leastkey.ID{6}, Account: leastkey.ID{9}, User: leastkey.ID{1}})
		},
		"a member that is no user": func(tx control.Tx) error {
			return tx.PutMember(control.Member{ID: leastkey.ID{6}, Account: leastkey.ID{2}, User: leastkey.ID{9}})
		},
		"a session of nobody": func(tx control.Tx) error {
			return tx.PutSession(control.Session{ID: leastkey.ID{6}, User: leastkey.ID{9}})
		},
		"a sign-in link of nobody":  func(tx control.Tx) error { return tx.PutSignInLink(control.SignInLink{User: leastkey.ID{9}}) },
		"a policy without effect":   func(tx control.Tx) error { return tx.PutCredential(effect) },
		"a pattern that is no text": func(tx control.Tx) error { return tx.PutCredential(text) },
		"a range of no addresses":   func(tx control.Tx) error { return tx.PutCredential(place) },
		"a time beyond all": func(tx control.Tx) error {
			return tx.PutUser(control.User{ID: leastkey.ID{6}, Email: "a", CreatedOn: latest.AddDate(1, 0, 0)})
		},
	}
	for name, fault := range faults {
		err := try(t, store, 2, func(tx control.Tx) error {
			err := tx.PutUser(control.User{ID: leastkey.ID{7}, Email: "before"})
			if err != nil {
				t.Errorf("%s: before: %v", name, err)
			}
			if err := fault(tx); err == nil || errors.Is(err, control.ErrExists) || errors.Is(err, control.ErrNotFound) {
				t.Errorf("%s: got error %v, want a fault", name, err)
			}
			if err := tx.PutUser(control.User{ID: leastkey.ID{8}, Email: "after"}); err == nil {
				t.Errorf("%s: the transaction went on", name)
			}
			if _, err := tx.Users(); err == nil {
				t.Errorf("%s: the transaction reads on", name)
			}
			return nil // as if nothing had been
		})
		if err == nil {
			t.Errorf("%s: committed", name)
		}
	}
	_, err := store.Commit(t.Context(), func(control.Tx) (control.Act, error) {
		return control.Act{
			Audit:   control.Audit{ID: leastkey.ID{2}, Action: "test"},
			Changes: []leastkey.Change{{Credential: &leastkey.CredentialRecord{}}}, // its status does not read back
		}, nil
	})
	if err == nil {
		t.Error("a change that cannot be read was committed")
	}
	if err := try(t, store, 2, func(control.Tx) error { return nil }); err != nil {
		t.Errorf("the next commit: %v", err)
	}
	err = store.View(t.Context(), func(r control.Reader) error {
		rev, err1 := r.Revision()
		users, err2 := r.Users()
		if rev != 2 || len(users) != 1 {
			t.Errorf("revision %d, users %v", rev, users)
		}
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFaultyNote: after a fault nothing of the note is kept, even if its maker did not mind.
func TestFaultyNote(t *testing.T) {
	store := start(t)
	faults := map[string]func(control.Notes) error{
		"a use beyond all time": func(n control.Notes) error {
			return n.Used([]control.Use{{Credential: leastkey.ID{3}, At: latest.AddDate(1, 0, 0)}}, 9)
		},
		"a visit beyond all time": func(n control.Notes) error {
			return n.SessionSeen(leastkey.ID{1}, latest.AddDate(1, 0, 0), netip.Addr{})
		},
		"a sweep beyond all time": func(n control.Notes) error { return n.Sweep(latest.AddDate(1, 0, 0), latest) },
	}
	good := control.Use{Credential: leastkey.ID{3}, Secret: leastkey.SecretHash{1}, At: latest}
	for name, fault := range faults {
		err := store.Note(t.Context(), func(n control.Notes) error {
			if err := n.Used([]control.Use{good}, 9); err != nil {
				t.Errorf("%s: before: %v", name, err)
			}
			if err := fault(n); err == nil {
				t.Errorf("%s is no fault", name)
			}
			if err := n.Used([]control.Use{good}, 9); err == nil {
				t.Errorf("%s: the note went on", name)
			}
			return nil // as if nothing had been
		})
		if err == nil {
			t.Errorf("%s: noted", name)
		}
	}
	err := store.View(t.Context(), func(r control.Reader) error {
		uses, err1 := r.Uses(leastkey.ID{3})
		c, err2 := r.Credential(leastkey.ID{3})
		if len(uses) != 0 || !c.LastUsedOn.IsZero() || !c.Secrets[0].LastUsedOn.IsZero() {
			t.Errorf("kept: uses %v, credential %+v", uses, c)
		}
		return errors.Join(err1, err2)
	})
	if err != nil {
		t.Error(err)
	}
	if err := store.Note(t.Context(), func(n control.Notes) error { return n.Used([]control.Use{good}, 9) }); err != nil {
		t.Errorf("the next note: %v", err)
	}
}

// TestCancel: a context ends the wait for other writers, and a read on its way.
func TestCancel(t *testing.T) {
	store := start(t)
	err := try(t, store, 2, func(control.Tx) error {
		ctx, cancel := context.WithCancel(t.Context())
		waited := make(chan error)
		go func() {
			_, err := store.Commit(ctx, func(control.Tx) (control.Act, error) { return control.Act{}, nil })
			waited <- err
		}()
		cancel()
		if err := <-waited; !errors.Is(err, context.Canceled) {
			t.Errorf("a commit that waits: got error %v", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = store.View(ctx, func(r control.Reader) error {
		return r.State(func(leastkey.Change) error { cancel(); return nil })
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a view on its way: got error %v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	_, err = store.Commit(ctx, func(tx control.Tx) (control.Act, error) {
		cancel()
		_, err := tx.Users()
		return control.Act{}, err
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("a commit on its way: got error %v", err)
	}
	if _, _, err := commitOne(t.Context(), store); err != nil {
		t.Errorf("the next commit: %v", err)
	}
}

// TestNothingBesideState: the connection is walked by other goroutines while State gives changes, so
// that its function is refused whatever it asks; the Reader is good again afterwards.
func TestNothingBesideState(t *testing.T) {
	store := start(t)
	err := store.View(t.Context(), func(r control.Reader) error {
		err := r.State(func(leastkey.Change) error {
			if _, err := r.Users(); !errors.Is(err, errGiving) {
				t.Errorf("Users: %v", err)
			}
			if err := r.State(func(leastkey.Change) error { return nil }); !errors.Is(err, errGiving) {
				t.Errorf("State: %v", err)
			}
			return nil
		})
		_, err2 := r.Users()
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
}
