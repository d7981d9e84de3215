package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// testIsolation: nobody sees a commit before it is one, and a view sees one state to its end.
func testIsolation(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	before := read(b, look)
	b.view(func(r control.Reader) error {
		act := b.act()
		rev, err := b.store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
			err := upset(tx)
			same(t, "another view during the commit", read(b, look), before)
			return act, err
		})
		wants(t, "commit during the view", err, nil)
		got, err := look(r)
		same(t, "the view after the commit", got, before)
		same(t, "a new view", b.revision(), rev)
		return err
	})
}

// testReadOwnWrites: a commit reads what it wrote, and the revision before its own.
func testReadOwnWrites(t *testing.T, f Factory) {
	b := start(t, f)
	b.commit(fill)
	var inside everything
	rev := b.commit(func(tx control.Tx) (err error) {
		if err := upset(tx); err != nil {
			return err
		}
		inside, err = look(tx)
		return err
	})
	after := read(b, look)
	same(t, "revision inside", inside.Revision, rev-1)
	inside.Revision, inside.Audit, inside.Log = after.Revision, after.Audit, after.Log
	same(t, "rows inside", inside, after)
}

// testConcurrent: revisions are the number of commits, without gaps, whoever commits; and every
// view sees a state in which they fit together.
func testConcurrent(t *testing.T, f Factory) {
	const writers, each = 6, 20
	b := start(t, f)
	b.commit(func(tx control.Tx) error { return tx.PutAccount(control.Account{ID: number(1), Name: "0"}) })
	refused := errors.New("refused")
	ctx, done := context.WithCancel(t.Context())
	var writing, reading sync.WaitGroup
	var mu sync.Mutex
	var got []leastkey.Revision
	for w := range writers {
		writing.Go(func() {
			for i := range each {
				rev, err := b.store.Commit(ctx, func(tx control.Tx) (control.Act, error) {
					a, err := tx.Account(number(1))
					if err != nil {
						return control.Act{}, err
					}
					var count int
					if _, err := fmt.Sscan(a.Name, &count); err != nil {
						return control.Act{}, err
					}
					a.Name = fmt.Sprint(count + 1) // a lost update would show
					if err := tx.PutAccount(a); err != nil {
						return control.Act{}, err
					}
					if i%5 == 4 {
						return control.Act{}, refused
					}
					return control.Act{Audit: control.Audit{ID: number(1000 + w*each + i), Action: "count", Subject: a.Name}}, nil
				})
				if i%5 == 4 {
					wants(t, "refused", err, refused)
					continue
				}
				wants(t, "commit", err, nil)
				mu.Lock()
				got = append(got, rev)
				mu.Unlock()
			}
		})
	}
	for range 2 {
		reading.Go(func() {
			var last leastkey.Revision
			for ctx.Err() == nil {
				err := b.store.View(t.Context(), func(r control.Reader) error {
					rev, err1 := r.Revision()
					a, err2 := r.Account(number(1))
					log, err3 := r.Changes(0, most)
					audit, err4 := r.AuditRows(control.AuditFilter{Limit: most})
					if rev < last || a.Name != fmt.Sprint(rev-1) || len(log) != int(rev) || len(audit) != int(rev) {
						t.Errorf("revision %d after %d: count %s, %d changes, %d audit rows", rev, last, a.Name, len(log), len(audit))
					}
					last = rev
					return errors.Join(err1, err2, err3, err4)
				})
				wants(t, "view", err, nil)
			}
		})
	}
	writing.Wait()
	done()
	reading.Wait()
	slices.Sort(got)
	for i, rev := range got {
		if rev != leastkey.Revision(i+2) {
			t.Fatalf("revisions with a gap or twice: %v", got)
		}
	}
	same(t, "head", b.revision(), leastkey.Revision(writers*each*4/5+1))
	audit := read(b, func(r control.Reader) ([]control.Audit, error) { return r.AuditRows(control.AuditFilter{Limit: most}) })
	for _, a := range audit[:len(audit)-1] {
		same(t, "commit order is revision order", a.Subject, fmt.Sprint(a.Revision-1))
	}
}

// testClose: it waits for what is running; then nothing works.
func testClose(t *testing.T, f Factory) {
	store := f.Open(t, t.TempDir())
	inside, release, closed := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	viewed := make(chan error, 1)
	go func() {
		viewed <- store.View(context.Background(), func(r control.Reader) error {
			close(inside)
			<-release
			for range 500 { // Close begins somewhere on the way
				if _, err := r.Revision(); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	<-inside
	go func() {
		close(release)
		closed <- store.Close()
	}()
	wants(t, "the view that was running", <-viewed, nil)
	wants(t, "Close", <-closed, nil)
	if err := store.View(t.Context(), func(control.Reader) error { return nil }); err == nil {
		t.Error("View works after Close")
	}
	act := control.Act{Audit: control.Audit{ID: number(1), Action: "test"}}
	if _, err := store.Commit(t.Context(), func(control.Tx) (control.Act, error) { return act, nil }); err == nil {
		t.Error("Commit works after Close")
	}
	if err := store.Close(); err == nil {
		t.Error("Close works after Close")
	}
}

// testReopen: what was committed is there again, and the revisions go on.
func testReopen(t *testing.T, f Factory) {
	dir := t.TempDir()
	b := &bench{TB: t, store: f.Open(t, dir)}
	b.commit(fill)
	for range 3 {
		b.commit(nothing)
		before := read(b, look)
		if err := b.store.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		b.store = f.Open(t, dir)
		same(t, "reopened", read(b, look), before)
	}
	b.commit(upset)
	same(t, "revision", b.revision(), 5)
	other := f.Open(t, t.TempDir())
	elsewhere := &bench{TB: t, store: other}
	same(t, "another directory", elsewhere.revision(), 0)
	if err := errors.Join(b.store.Close(), other.Close()); err != nil {
		t.Fatalf("close: %v", err)
	}
}
