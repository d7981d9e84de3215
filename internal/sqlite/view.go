package sqlite

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// reader is a [control.Reader].
type reader struct{ *session }

var _ control.Reader = reader{}

// View runs fn on the last commit before it. Views nested in one another take a connection each,
// of which there are eight.
func (s *Store) View(ctx context.Context, fn func(control.Reader) error) (err error) {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("sqlite: view: %w", err)
	}
	conn, err := s.pool.Take(ctx)
	if err != nil {
		return fmt.Errorf("sqlite: view: %w", err)
	}
	defer s.pool.Put(conn)
	r := reader{&session{conn: conn, over: ctx.Err}}
	defer r.end(&err)
	err = r.run("BEGIN", nil)
	if err == nil {
		_, err = r.Revision() // the first read, not BEGIN, is what fixes the state that is seen
	}
	if err == nil {
		err = fn(r)
	}
	return interrupted(ctx, err)
}

// end rolls back what was not committed, however the function ended, and lets nothing use the
// session again.
func (s *session) end(err *error) {
	s.fault = errOver
	s.conn.SetInterrupt(nil) // a context that is over must not stop the rollback
	if s.conn.AutocommitEnabled() {
		return
	}
	last := session{conn: s.conn}
	if failed := last.run("ROLLBACK", nil); failed != nil {
		*err = errors.Join(*err, failed)
	}
}

// interrupted says so when it was the context that stopped a statement.
func interrupted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && sqlite.ErrCode(err) == sqlite.ResultInterrupt {
		return fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return err
}

const headRevision = `SELECT coalesce(max(revision), 0) FROM commits`

// Revision implements [control.Reader].
func (r reader) Revision() (rev leastkey.Revision, err error) {
	err = r.one(headRevision, func(row row) error {
		rev = leastkey.Revision(row.int(0))
		return nil
	})
	return rev, err
}
