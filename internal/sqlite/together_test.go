package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// inOne runs commits in one transaction, in this order, each with an account of its own beside
// what it does, and gives what was answered to each.
func inOne(t *testing.T, store *Store, fns ...func(control.Tx) error) []error {
	t.Helper()
	before := accounts(t, store)
	errs := make([]error, len(fns))
	var group sync.WaitGroup
	_, release := writing(t, store)
	for i, fn := range fns {
		group.Go(func() {
			_, _, errs[i] = commitWith(context.Background(), store, func(tx control.Tx, id leastkey.ID) error {
				if now := accounts(t, store); now != before {
					t.Errorf("commit %d: others see %d accounts of %d: it has a transaction of its own", i, now, before)
				}
				return errors.Join(tx.PutAccount(control.Account{ID: id}), fn(tx))
			})
		})
		for queued := 0; queued <= i; runtime.Gosched() {
			store.turns.mu.Lock()
			queued = len(store.turns.waiting)
			store.turns.mu.Unlock()
		}
	}
	release()
	group.Wait()
	return errs
}

func accounts(t *testing.T, store *Store) (n int) {
	t.Helper()
	err := store.View(context.Background(), func(r control.Reader) error {
		all, err := r.Accounts()
		n = len(all)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return n
}

func fine(control.Tx) error { return nil }

// raw runs a statement behind the back of the transaction's session.
func raw(tx control.Tx, sql string) error {
	s := session{conn: mine(tx).conn}
	return s.run(sql, nil)
}

func mine(t control.Tx) tx { return t.(tx) }

var errPlanned = errors.New("planned")

// TestTogether: of commits that share a transaction, those that fail are undone alone, whatever they
// did to it, and the others are there with all their rows.
func TestTogether(t *testing.T) {
	fails := func(control.Tx) error { return errPlanned }
	none := token()
	none.ID, none.Secrets = leastkey.ID{4}, nil
	none.Policies = []leastkey.Policy{{ID: leastkey.ID{5}}} // neither allow nor deny
	for name, bad := range map[string]func(control.Tx) error{
		"refused":               fails,
		"a fault":               func(tx control.Tx) error { return tx.PutCredential(none) },
		"a fault it hides":      func(tx control.Tx) error { _ = tx.PutCredential(none); return nil },
		"SQLite rolls all back": func(tx control.Tx) error { return errors.Join(raw(tx, "ROLLBACK"), errPlanned) },
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, filepath.Join(t.TempDir(), "state.db"))
			for i, err := range inOne(t, store, bad, fine, fine, bad, fine, bad, bad, fine, bad) {
				if good := i == 1 || i == 2 || i == 4 || i == 7; good != (err == nil) {
					t.Errorf("commit %d: %v", i, err)
				}
			}
			whole(t, store, nil)
			if n := accounts(t, store); n != 4 {
				t.Errorf("%d accounts, want 4", n)
			}
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestTogetherNothing: when the transaction cannot be made durable, or what others did in it cannot be
// done again, nobody's commit is there and everybody is told; and the store goes on.
func TestTogetherNothing(t *testing.T) {
	for name, bad := range map[string]func(control.Tx) error{
		"COMMIT fails": func(tx control.Tx) error { // for a constraint that is looked at then
			return errors.Join(raw(tx, "PRAGMA defer_foreign_keys = ON"),
				mine(tx).run("INSERT INTO members (id, account, user, roles) VALUES (zeroblob(16), x'aa', x'aa', '[]')", nil))
		},
		"it cannot be done again": func(tx control.Tx) error {
			*mine(tx).writes = append(*mine(tx).writes, write{sql: "INSERT INTO nothing VALUES (1)"})
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, filepath.Join(t.TempDir(), "state.db"))
			refused := func(control.Tx) error { return errPlanned }
			for i, err := range inOne(t, store, fine, bad, fine, refused) {
				if err == nil || errors.Is(err, errPlanned) {
					t.Errorf("commit %d: %v", i, err)
				}
			}
			if n := accounts(t, store); n != 0 {
				t.Errorf("%d accounts are there", n)
			}
			for i, err := range inOne(t, store, fine, fine) {
				if err != nil {
					t.Errorf("afterwards: commit %d: %v", i, err)
				}
			}
			whole(t, store, nil)
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLaw10PowerFailsDuringABatch: wherever the log is cut off, as by a loss of power while it is
// written, commits that share a transaction are all there or none of them; and once all of it was
// written, which is before anybody is answered, they are there.
func TestLaw10PowerFailsDuringABatch(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	store := open(t, path)
	if _, _, err := commitOne(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	logBefore := read(t, path+"-wal")
	refused := func(control.Tx) error { return errPlanned }
	errs := inOne(t, store, fine, fine, refused, fine, refused)
	if err := errors.Join(errs[0], errs[1], errs[3]); err != nil {
		t.Fatal(err)
	}
	data, log := read(t, path), read(t, path+"-wal")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	const frame = 24 + 4096
	for cut := len(logBefore); cut <= len(log); cut += frame / 2 { // after each frame, and within it
		copied := filepath.Join(dir, fmt.Sprint(cut), "state.db")
		if err := errors.Join(os.Mkdir(filepath.Dir(copied), 0o700), os.WriteFile(copied, data, 0o600), os.WriteFile(copied+"-wal", log[:cut], 0o600)); err != nil {
			t.Fatal(err)
		}
		store := open(t, copied)
		whole(t, store, nil)
		if n := accounts(t, store); n != 4 && (n != 1 || cut == len(log)) {
			t.Errorf("cut at %d of %d: %d accounts", cut, len(log), n)
		}
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
