package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// tx is a [control.Tx].
type tx struct{ reader }

var _ control.Tx = tx{}

// notes is a [control.Notes].
type notes struct{ *session }

var _ control.Notes = notes{}

// Commit implements [control.Store].
func (s *Store) Commit(ctx context.Context, fn func(control.Tx) (control.Act, error)) (leastkey.Revision, error) {
	var rev leastkey.Revision
	err := s.write(ctx, "commit", func(w *session) error {
		t := tx{reader{w}}
		act, err := fn(t)
		if err != nil {
			return err
		}
		rev, err = t.record(act)
		return err
	})
	if err != nil {
		return 0, err
	}
	return rev, nil
}

// Note implements [control.Store].
func (s *Store) Note(ctx context.Context, fn func(control.Notes) error) error {
	return s.write(ctx, "note", func(w *session) error {
		if err := fn(notes{w}); err != nil {
			return err
		}
		return w.fault // one that fn did not mind
	})
}

// write runs fn in a transaction, alone among writers. Once the commit itself has begun, the
// context no longer stops it: an interrupted commit would leave open what the answer is.
func (s *Store) write(ctx context.Context, what string, fn func(*session) error) (err error) {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, err)
	}
	var conn *sqlite.Conn
	select {
	case conn = <-s.writer:
	case <-ctx.Done():
		return fmt.Errorf("sqlite: %s: wait for other writers: %w", what, ctx.Err())
	}
	defer func() { s.writer <- conn }()
	conn.SetInterrupt(ctx.Done())
	w := &session{conn: conn}
	defer w.end(&err)

	if err := w.run("BEGIN IMMEDIATE", nil); err != nil {
		return interrupted(ctx, err)
	}
	if err := fn(w); err != nil {
		return interrupted(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: %s: %w", what, err)
	}
	conn.SetInterrupt(nil)
	if err := w.run("COMMIT", nil); err != nil {
		w.end(&err)
		return errors.Join(fmt.Errorf("sqlite: %s: %w", what, err), bury(conn))
	}
	return nil
}

const (
	nextRevision = `UPDATE head SET revision = revision + 1 WHERE id = 1 RETURNING revision`
	insertChange = `INSERT INTO change_log (revision, changes) VALUES (?, ?)`
)

// record adds the revision, the audit row with its hashes and the change-log row to the transaction. After a
// fault that fn did not mind it fails with that fault, because nothing is run any more.
func (t tx) record(act control.Act) (rev leastkey.Revision, err error) {
	if act.Audit.Action == "" {
		return 0, control.ErrNoAudit
	}
	changes, err := encode(act.Changes)
	if err != nil {
		return 0, err
	}
	err = t.one(nextRevision, func(row row) error {
		rev = leastkey.Revision(row.int(0))
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := t.insertAudit(rev, act.Audit); err != nil {
		return 0, err
	}
	row := act.Audit
	row.Revision = rev
	if err := t.addToTree(row); err != nil {
		return 0, err
	}
	return rev, t.run(insertChange, nil, int64(rev), changes)
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
