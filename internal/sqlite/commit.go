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

// Commit implements [control.Store]. Once the commit itself has begun, the context no longer
// stops it: an interrupted commit would leave open what the answer is.
func (s *Store) Commit(ctx context.Context, fn func(control.Tx) (control.Act, error)) (rev leastkey.Revision, err error) {
	leave, err := s.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("sqlite: commit: %w", err)
	}
	var conn *sqlite.Conn
	select {
	case conn = <-s.writer:
	case <-ctx.Done():
		return 0, fmt.Errorf("sqlite: commit: wait for other writers: %w", ctx.Err())
	}
	defer func() { s.writer <- conn }()
	conn.SetInterrupt(ctx.Done())
	t := tx{reader{&session{conn: conn}}}
	defer t.end(&err)

	if err := t.run("BEGIN IMMEDIATE", nil); err != nil {
		return 0, interrupted(ctx, err)
	}
	act, err := fn(t)
	if err != nil {
		return 0, interrupted(ctx, err)
	}
	if rev, err = t.record(act); err != nil {
		return 0, interrupted(ctx, err)
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("sqlite: commit: %w", err)
	}
	conn.SetInterrupt(nil)
	if err := t.run("COMMIT", nil); err != nil {
		t.end(&err)
		return 0, errors.Join(fmt.Errorf("sqlite: commit: %w", err), bury(conn))
	}
	return rev, nil
}

const (
	nextRevision = `UPDATE head SET revision = revision + 1 WHERE id = 1 RETURNING revision`
	insertChange = `INSERT INTO change_log (revision, changes) VALUES (?, ?)`
)

// record adds the revision, the audit row and the change-log row to the transaction. After a
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
