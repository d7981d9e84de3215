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

// tx is a [control.Tx].
type tx struct{ reader }

var _ control.Tx = tx{}

// notes is a [control.Notes].
type notes struct{ *session }

var _ control.Notes = notes{}

// Commit implements [control.Store]. Commits that wait for one another share a transaction: each in its
// turn runs its function, in its own goroutine, and hands the transaction on to the next; the last
// one makes it durable for all. One that comes alone waits for nobody.
func (s *Store) Commit(ctx context.Context, fn func(control.Tx) (control.Act, error)) (leastkey.Revision, error) {
	leave, err := s.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	b, err := s.turns.take(ctx, false)
	if err != nil {
		return 0, fmt.Errorf("sqlite: commit: wait for other writers: %w", err)
	}
	rev, err := s.turn(ctx, b, fn)
	if <-b.done; b.lost != nil { // what fn saw of the others did not come to be
		return 0, b.lost
	}
	if err != nil {
		return 0, err
	}
	return rev, nil
}

// turn runs one commit and hands on the turn, however it ends.
func (s *Store) turn(ctx context.Context, b *batch, fn func(control.Tx) (control.Act, error)) (leastkey.Revision, error) {
	defer func() {
		if b.open() && s.turns.join(b) {
			return
		}
		defer s.turns.over()
		b.end(s.conn)
	}()
	return b.do(ctx, s.conn, fn)
}

// Note implements [control.Store].
func (s *Store) Note(ctx context.Context, fn func(control.Notes) error) (err error) {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	if _, err := s.turns.take(ctx, true); err != nil {
		return fmt.Errorf("sqlite: note: wait for other writers: %w", err)
	}
	defer s.turns.over()
	s.conn.SetInterrupt(ctx.Done())
	w := &session{conn: s.conn}
	defer w.end(&err)

	if err := w.run("BEGIN IMMEDIATE", nil); err != nil {
		return interrupted(ctx, err)
	}
	if err := fn(notes{w}); err != nil {
		return interrupted(ctx, err)
	}
	if w.fault != nil { // one that fn did not mind
		return interrupted(ctx, w.fault)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: note: %w", err)
	}
	// The context no longer stops it: an interrupted commit would leave open what the answer is.
	s.conn.SetInterrupt(nil)
	if err := w.run("COMMIT", nil); err != nil {
		w.end(&err)
		return errors.Join(fmt.Errorf("sqlite: note: %w", err), bury(s.conn))
	}
	return nil
}

const (
	insertCommit = `INSERT INTO commits (revision, hashes, changes) VALUES (?, ?, ?)`
	indexAudit   = `INSERT OR REPLACE INTO audit_index SELECT * FROM audit_keys WHERE revision > ? AND revision <= ? ORDER BY field, value, revision`
)

// indexTogether is how many audit rows are put into the index at a time: as many as the migrations say.
const indexTogether = 256

// record adds the audit row and the row of the commit to the transaction. After a fault that fn did not mind
// it fails with that fault, because nothing is run any more.
func (b *batch) record(t tx, act control.Act) (rev leastkey.Revision, err error) {
	if act.Audit.Action == "" {
		return 0, control.ErrNoAudit
	}
	changes, err := encode(act.Changes)
	if err != nil {
		return 0, err
	}
	if rev, err = b.head(t); err != nil {
		return 0, err
	}
	rev++
	if err := t.insertAudit(rev, act.Audit); err != nil {
		return 0, err
	}
	row := act.Audit
	row.Revision = rev
	added, err := b.addToTree(t, row)
	if err != nil {
		return 0, err
	}
	if err := t.run(insertCommit, nil, int64(rev), inOrder(added), changes); err != nil {
		return 0, err
	}
	if rev%indexTogether == 0 {
		if err := t.run(indexAudit, nil, int64(rev-indexTogether), int64(rev)); err != nil {
			return 0, err
		}
	}
	for _, h := range added {
		b.hashes[h.Index] = h.Hash
	}
	return rev, nil
}

// head is the last revision.
func (b *batch) head(t tx) (leastkey.Revision, error) {
	if n := len(b.kept); n > 0 {
		return b.kept[n-1].revision, nil
	}
	return t.Revision()
}

// addToTree gives the hashes that the row, which follows the last one, adds to the tree.
func (b *batch) addToTree(t tx, row control.Audit) ([]audit.Stored, error) {
	return audit.Add(row, func(index int64) (audit.Hash, error) {
		if hash, known := b.hashes[index]; known {
			return hash, nil
		}
		return t.auditHash(index)
	})
}

// bury writes over the frames that a failed commit may have left in the write-ahead log. They
// are invisible, and the next commit overwrites them too; but if the machine stopped before
// that, recovery could take them for a commit, and what was answered with an error would be there.
func bury(conn *sqlite.Conn) error {
	at, err := version(conn)
	if err == nil {
		s := session{conn: conn}
		err = s.run(fmt.Sprintf("PRAGMA user_version = %d", at), nil) // writes the same number again
	}
	if err != nil {
		return fmt.Errorf("sqlite: make sure that the failed commit stays undone: %w", err)
	}
	return nil
}
