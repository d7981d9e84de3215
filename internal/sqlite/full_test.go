//go:build linux

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// fillUp commits and notes until the system lets files grow no more, and goes on when it does
// again. What failed must not show, neither in this process nor in the next.
func fillUp(ctx context.Context, path string) error {
	store, err := Open(ctx, path)
	if err != nil {
		return err
	}
	_, _, err = commitWith(ctx, store, func(tx control.Tx, id leastkey.ID) error {
		return errors.Join(tx.PutAccount(control.Account{ID: id}), tx.PutCredential(token()))
	})
	if err != nil {
		return err
	}
	last := 0 // the number of the last use that was noted
	signal.Ignore(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		return err
	}
	for _, limit := range []uint64{150_000, 203_456, 300_001} {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: was.Max}); err != nil {
			return err
		}
		for _, id := range crowdUntilError(ctx, store) {
			fmt.Println("failed", id)
		}
		failed, err := commitUntilError(ctx, store, &last)
		if err != nil {
			return err
		}
		fmt.Println("failed", failed)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			return err
		}
		if _, _, err := commitOne(ctx, store); err != nil {
			return fmt.Errorf("after space came back: %w", err)
		}
		last++
		if err := noteOne(ctx, store, last); err != nil {
			return fmt.Errorf("after space came back: %w", err)
		}
	}
	var rev leastkey.Revision
	err = store.View(ctx, func(r control.Reader) (err error) {
		rev, err = r.Revision()
		return err
	})
	fmt.Println("revision", rev)
	fmt.Println("noted", last)
	return err // without Close: the next process recovers from the log
}

// crowdUntilError commits from several goroutines, which share transactions, until each has failed
// once, and gives the ids of what failed.
func crowdUntilError(ctx context.Context, store *Store) []leastkey.ID {
	failed := make([]leastkey.ID, 6)
	var group sync.WaitGroup
	for i := range failed {
		group.Go(func() {
			for err := error(nil); err == nil; {
				_, failed[i], err = commitOne(ctx, store)
			}
		})
	}
	group.Wait()
	return failed
}

// commitUntilError gives the id whose commit failed; it and the next must change nothing.
func commitUntilError(ctx context.Context, store *Store, last *int) (leastkey.ID, error) {
	for range 10_000 {
		if err := noteOne(ctx, store, *last+1); err == nil {
			*last++
		}
		before, _, err := commitOne(ctx, store)
		if err == nil {
			continue
		}
		_, id, again := commitOne(ctx, store)
		if again == nil {
			return id, fmt.Errorf("commit %d failed with %w, and the next one did not", before, err)
		}
		long := control.Use{Credential: leastkey.ID{3}, Operation: strings.Repeat("long ", 100_000)}
		if store.Note(ctx, func(n control.Notes) error { return n.Used([]control.Use{long}, mostNoted) }) == nil {
			return id, errors.New("a long note was taken after a commit was not")
		}
		if there, err := noted(ctx, store); err != nil || there != *last {
			return id, fmt.Errorf("noted %d, and there is %d (%w)", *last, there, err)
		}
		return id, store.View(ctx, func(r control.Reader) error {
			rev, err1 := r.Revision()
			audit, err2 := r.AuditRows(control.AuditFilter{Limit: 1 << 30})
			if len(audit) != int(rev) {
				return fmt.Errorf("revision %d with %d audit rows", rev, len(audit))
			}
			return errors.Join(err1, err2)
		})
	}
	return leastkey.ID{}, errors.New("the limit was never met")
}

// TestFullDisk: a commit that the disk does not take is an error and nothing else, and commits
// go on when there is room again.
func TestFullDisk(t *testing.T) {
	if os.Getenv(childPart) == "fill up" {
		if err := fillUp(t.Context(), os.Getenv(childPath)); err != nil {
			t.Fatal(err)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "state.db")
	cmd, out := child(t, "fill up", path)
	said, err := io.ReadAll(out)
	if err := errors.Join(err, cmd.Wait()); err != nil {
		t.Fatalf("%v; it said %s", err, said)
	}
	store := open(t, path)
	whole(t, store, nil)
	checked := 0
	for line := range strings.Lines(string(said)) {
		word, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue // the test's own PASS
		}
		checked++
		err := store.View(t.Context(), func(r control.Reader) error {
			switch word {
			case "revision":
				if rev, err := r.Revision(); fmt.Sprint(rev) != rest {
					t.Errorf("revision %s became %d (%v)", rest, rev, err)
				}
				return nil
			case "noted":
				if last, err := noted(t.Context(), store); fmt.Sprint(last) != rest {
					t.Errorf("noted %s became %d (%v)", rest, last, err)
				}
				return nil
			}
			if _, err := r.Account(leastkey.MustParseID(rest)); !errors.Is(err, control.ErrNotFound) {
				t.Errorf("a commit that failed is there: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if checked != 5+3*6 {
		t.Errorf("it said %d things, want %d: %s", checked, 5+3*6, said)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}
