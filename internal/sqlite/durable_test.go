package sqlite

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// child starts this program again in the part, for this test alone.
func child(t *testing.T, part, path string) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), childPart+"="+part, childPath+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

// commitForEver commits from several goroutines, some of it in vain, and says each revision on
// standard output once it is acknowledged.
func commitForEver(ctx context.Context, path string) error {
	store, err := Open(ctx, path)
	if err != nil {
		return err
	}
	said := make(chan string)
	for range 8 {
		go func() {
			for {
				_, _, err := commitWith(ctx, store, func(tx control.Tx, id leastkey.ID) error {
					return errors.Join(tx.PutAccount(control.Account{ID: id, Name: "refused"}), errPlanned)
				})
				if !errors.Is(err, errPlanned) {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				rev, id, err := commitOne(ctx, store)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				said <- fmt.Sprintf("%d %v\n", rev, id)
			}
		}()
	}
	for line := range said {
		if _, err := os.Stdout.WriteString(line); err != nil {
			return err
		}
	}
	return nil
}

// commitOne puts an account, with an id of its own that is the audit row's too.
func commitOne(ctx context.Context, store *Store) (leastkey.Revision, leastkey.ID, error) {
	return commitWith(ctx, store, func(tx control.Tx, id leastkey.ID) error {
		return tx.PutAccount(control.Account{ID: id, Name: "one"})
	})
}

// commitWith commits what fn does under a fresh id, which is the audit row's too.
func commitWith(ctx context.Context, store *Store, fn func(control.Tx, leastkey.ID) error) (leastkey.Revision, leastkey.ID, error) {
	id, err := leastkey.NewID(rand.Reader)
	if err != nil {
		return 0, id, err
	}
	rev, err := store.Commit(ctx, func(tx control.Tx) (control.Act, error) {
		act := control.Act{
			Audit:   control.Audit{ID: id, Action: "account.create"},
			Changes: []leastkey.Change{{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(id), Active: true}}},
		}
		return act, fn(tx, id)
	})
	return rev, id, err
}

// TestLaw10AcknowledgedIsDurable holds it as far as a process can: what was acknowledged before kill -9 is there
// after it, every row of it, and nothing is half there.
func TestLaw10AcknowledgedIsDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := map[leastkey.Revision]leastkey.ID{}
	for round := range 6 {
		cmd, out := child(t, "commit", path)
		lines := bufio.NewScanner(out)
		for range 1 + 37*round { // from just after the first commit to well into checkpoints
			if !lines.Scan() {
				t.Fatalf("the child stopped: %v", lines.Err())
			}
			note(t, acknowledged, lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // said before it died
			note(t, acknowledged, lines.Text())
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		store := open(t, path)
		whole(t, store, acknowledged)
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func note(t *testing.T, acknowledged map[leastkey.Revision]leastkey.ID, line string) {
	t.Helper()
	var rev leastkey.Revision
	var id string
	if _, err := fmt.Sscanf(line, "%d %s", &rev, &id); err != nil || len(id) != 32 {
		return // the line that the kill cut
	}
	acknowledged[rev] = leastkey.MustParseID(id)
}

// whole fails the test unless the acknowledged commits are there, and every commit has its
// account, audit row and change.
func whole(t *testing.T, store *Store, acknowledged map[leastkey.Revision]leastkey.ID) {
	t.Helper()
	err := store.View(t.Context(), func(r control.Reader) error {
		rev, err1 := r.Revision()
		accounts, err2 := r.Accounts()
		audit, err3 := r.AuditRows(control.AuditFilter{Limit: 1 << 30})
		log, err4 := r.Changes(0, 1<<30)
		if len(accounts) != int(rev) || len(audit) != int(rev) || len(log) != int(rev) {
			t.Errorf("revision %d with %d accounts, %d audit rows, %d changes", rev, len(accounts), len(audit), len(log))
		}
		there := map[leastkey.Revision]leastkey.ID{}
		for i, a := range audit {
			there[a.Revision] = a.ID
			if change := log[len(log)-1-i]; change.Revision != a.Revision || change.Changes[0].Principal.Principal.ID != a.ID {
				t.Errorf("revision %d is of %v in the audit, and of %+v in the log", a.Revision, a.ID, change)
			}
			if _, err := r.Account(a.ID); err != nil {
				t.Errorf("account %v of revision %d: %v", a.ID, a.Revision, err)
			}
		}
		for rev, id := range acknowledged {
			if there[rev] != id {
				t.Errorf("revision %d was acknowledged as %v, and is %v", rev, id, there[rev])
			}
		}
		return errors.Join(err1, err2, err3, err4)
	})
	if err != nil {
		t.Error(err)
	}
}

// mostNoted is how many uses noteForEver keeps.
const mostNoted = 20

// noteForEver notes uses of token 3, numbered in their operation and their time, and says each
// on standard output once it is acknowledged.
func noteForEver(ctx context.Context, path string) error {
	store, err := Open(ctx, path)
	if err != nil {
		return err
	}
	number, err := noted(ctx, store)
	if err != nil {
		return err
	}
	for {
		number++
		if err := noteOne(ctx, store, number); err != nil {
			return err
		}
		if _, err := fmt.Println(number); err != nil {
			return err
		}
	}
}

func noteOne(ctx context.Context, store *Store, number int) error {
	use := control.Use{Credential: leastkey.ID{3}, Secret: leastkey.SecretHash{1}, At: time.UnixMicro(int64(number)), Operation: fmt.Sprint(number)}
	return store.Note(ctx, func(n control.Notes) error { return n.Used([]control.Use{use}, mostNoted) })
}

// noted gives the number of the last use; it is an error when the others are not those before
// it, or the token and its secret say something else.
func noted(ctx context.Context, store *Store) (last int, err error) {
	err = store.View(ctx, func(r control.Reader) error {
		uses, err1 := r.Uses(leastkey.ID{3})
		c, err2 := r.Credential(leastkey.ID{3})
		if err := errors.Join(err1, err2); err != nil || len(uses) == 0 {
			return err
		}
		last = int(uses[0].At.UnixMicro())
		for i, u := range uses {
			if u.Operation != fmt.Sprint(last-i) {
				return fmt.Errorf("use %s came %d after use %d", u.Operation, i, last)
			}
		}
		if c.LastUsedOn != uses[0].At || c.Secrets[0].LastUsedOn != uses[0].At || len(uses) != min(last, mostNoted) {
			return fmt.Errorf("%d uses up to %d, and credential %+v", len(uses), last, c)
		}
		return nil
	})
	return last, err
}

// TestNotesAreDurable: what was noted before kill -9 is there after it, whole.
func TestNotesAreDurable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	store := open(t, path)
	if err := settle(t, store); err != nil {
		t.Fatal(err)
	}
	for round := range 4 {
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
		cmd, out := child(t, "note", path)
		lines := bufio.NewScanner(out)
		acknowledged := 0
		for more := lines.Scan(); more; more = lines.Scan() { // to the end: what was said before it died counts
			if n, err := strconv.Atoi(lines.Text()); err == nil {
				acknowledged = max(acknowledged, n)
			}
			if acknowledged >= 1+40*round*round { // from just after the first to well into checkpoints
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the child ended by itself")
		}
		store = open(t, path)
		if last, err := noted(t.Context(), store); err != nil || last < acknowledged {
			t.Errorf("acknowledged up to %d, and there up to %d (%v)", acknowledged, last, err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// openOnly opens the database and says how that went.
func openOnly(ctx context.Context, path string) error {
	store, err := Open(ctx, path)
	if err != nil {
		fmt.Println(err)
		return nil
	}
	fmt.Println("open")
	return store.Close()
}

// TestSecondProcess: two processes must not write to one database, and one that was killed must
// not keep the next one out.
func TestSecondProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	second := func() string {
		cmd, out := child(t, "open", path)
		said, err := io.ReadAll(out)
		if err := errors.Join(err, cmd.Wait()); err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
	store := open(t, path)
	if said := second(); !strings.Contains(said, "in use by another leastkey") {
		t.Errorf("a second process said %q", said)
	}
	if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice in one process: %v", err)
	}
	if _, _, err := commitOne(t.Context(), store); err != nil {
		t.Errorf("the first one no longer writes: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if said := second(); said != "open\n" {
		t.Errorf("after the first one closed it, a second process said %q", said)
	}
}
