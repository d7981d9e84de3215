package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// together is how many commits share a transaction at most: the first waits for the last.
const together = 128

// batch is one transaction that commits share, and with it the one wait for the disk that makes them
// durable. Whoever's turn it is runs in it, alone; what fails is undone and leaves what others did.
type batch struct {
	kept   []kept  // what is to be made durable, in order
	writes []write // that those wrote
	last   bool    // nothing more may be run in it
	lost   error   // why nothing of it can be kept; nil: it can

	hashes map[int64]audit.Hash // of the tree, by index, that those added, so that they need not be read
	done   chan struct{}        // closed when it is known what became of it, in lost
}

// kept is a commit that ran.
type kept struct {
	revision leastkey.Revision
	publish  func(leastkey.Revision)
}

var (
	errUntold = errors.New("sqlite: the commit is durable, and not everybody was told")
	errLost   = errors.New("sqlite: a transaction with several commits was lost")
)

func newBatch() *batch {
	return &batch{done: make(chan struct{}), hashes: map[int64]audit.Hash{}}
}

// do runs one commit.
func (b *batch) do(ctx context.Context, conn *sqlite.Conn, fn func(control.Tx) (control.Act, error)) (rev leastkey.Revision, err error) {
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("sqlite: commit: %w", err)
	}
	w := &session{conn: conn}
	wrote, good := len(b.writes), false
	defer func() { // also when fn panics, or ends its goroutine
		w.fault = errOver
		if !good {
			b.undo(conn, wrote)
		}
	}()
	if len(b.kept) == 0 {
		if err := w.run(begin, nil); err != nil {
			return 0, err
		}
	}
	w.over, w.writes = ctx.Err, &b.writes
	t := tx{reader{w}}
	act, err := fn(t)
	if err != nil {
		return 0, err
	}
	if rev, err = b.record(t, act); err != nil {
		return 0, err
	}
	b.kept = append(b.kept, kept{rev, act.Publish})
	b.last = act.Last || len(b.kept) == together
	good = true
	return rev, nil
}

const begin = "BEGIN IMMEDIATE"

// undo takes back a commit that failed when so much had been written by those before it. Few fail
// once they have written something, so that savepoints, for which SQLite copies every page that is
// changed, cost more than to do the others' writes again on the state that they began with. SQLite
// may also have rolled back everything by itself.
func (b *batch) undo(conn *sqlite.Conn, wrote int) {
	whole := !conn.AutocommitEnabled() && len(b.writes) == wrote
	b.writes = b.writes[:wrote]
	if whole && len(b.kept) > 0 {
		return
	}
	s := session{conn: conn}
	if !conn.AutocommitEnabled() {
		b.lost = s.run("ROLLBACK", nil)
	}
	if len(b.kept) == 0 || b.lost != nil {
		return
	}
	err := s.run(begin, nil)
	for _, w := range b.writes {
		if err == nil {
			err = s.run(w.sql, nil, w.args...)
		}
	}
	if err != nil {
		b.lost = fmt.Errorf("%w: %w", errLost, err)
		s.end(&b.lost)
	}
}

// open reports whether another commit may be run in it.
func (b *batch) open() bool { return len(b.kept) > 0 && !b.last && b.lost == nil }

// end makes durable what was kept, and tells of it in order, before anybody is answered.
func (b *batch) end(conn *sqlite.Conn) {
	defer close(b.done)
	if len(b.kept) == 0 || b.lost != nil {
		return
	}
	s := session{conn: conn}
	if err := s.run("COMMIT", nil); err != nil {
		b.lost = fmt.Errorf("sqlite: commit: %w", err)
		s.end(&b.lost)
		b.lost = errors.Join(b.lost, bury(conn))
		return
	}
	b.lost = errUntold // should one of them panic
	for _, k := range b.kept {
		if k.publish != nil {
			k.publish(k.revision)
		}
	}
	b.lost = nil
}
