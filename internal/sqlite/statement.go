package sqlite

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// errGiving answers what is asked by the function that State gives changes to.
var errGiving = errors.New("sqlite: State is giving changes, and nothing else can be read until it has")

// errOver answers a Reader or Tx that outlived its function.
var errOver = errors.New("sqlite: the transaction is over")

// session is one transaction on one connection, and what went wrong in it.
type session struct {
	conn  *sqlite.Conn
	fault error // the first fault of the storage; nothing more is run after it

	giving bool // State is giving changes: the connection is not to be used beside it

	// over, when it is there, says why nothing more is to be run; nil: go on. In a transaction with others'
	// commits it is all that does: a statement is not interrupted on its way, for SQLite would roll all of
	// them back.
	over func() error

	// writes, when it is there, is what was run that may have changed something, in order.
	writes *[]write
}

// write is a statement that was run. None here goes by the time or by chance: run again on the same
// state it does the same again.
type write struct {
	sql  string
	args []any
}

// stopped is why nothing is run, now or any more; nil when it may be.
func (s *session) stopped() error {
	if s.fault == nil && s.giving {
		return errGiving
	}
	if s.fault == nil {
		s.fault = s.late()
	}
	return s.fault
}

// late is the fault that there is no more time.
func (s *session) late() error {
	if s.over == nil {
		return nil
	}
	if err := s.over(); err != nil {
		return fmt.Errorf("sqlite: interrupted: %w", err)
	}
	return nil
}

// run steps through one statement and gives each row to fn, which may be nil. A unique value
// that is taken is control.ErrExists and leaves the transaction as it was. Any other error is a
// fault: SQLite may have rolled the transaction back by itself, and what is run after that would
// be kept on its own, so the session refuses to go on.
func (s *session) run(sql string, fn func(row) error, args ...any) (err error) {
	if err := s.stopped(); err != nil {
		return err
	}
	stmt, err := s.conn.Prepare(sql)
	if err != nil {
		return s.fail(err)
	}
	defer func() { _ = stmt.Reset() }() // its error repeats that of the last step
	if s.writes != nil && !strings.HasPrefix(sql, "SELECT") && !strings.HasPrefix(sql, "WITH") {
		at := len(*s.writes)
		*s.writes = append(*s.writes, write{sql, args}) // before it runs: fn may fail when it has
		defer func() {
			if errors.Is(err, control.ErrExists) { // SQLite has taken it back by itself
				*s.writes = (*s.writes)[:at]
			}
		}()
	}
	return s.step(stmt, fn, args)
}

// stream is run for a statement whose fn may itself use the session, even for the same query.
func (s *session) stream(sql string, fn func(row) error) error {
	if err := s.stopped(); err != nil {
		return err
	}
	stmt, _, err := s.conn.PrepareTransient(sql)
	if err != nil {
		return s.fail(err)
	}
	defer func() { _ = stmt.Finalize() }() // its error repeats that of the last step
	return s.step(stmt, fn, nil)
}

func (s *session) step(stmt *sqlite.Stmt, fn func(row) error, args []any) error {
	if err := bind(stmt, args); err != nil {
		return s.fail(err)
	}
	for {
		more, err := stmt.Step()
		if err != nil {
			return s.fail(err)
		}
		if !more {
			return nil
		}
		if fn == nil {
			continue
		}
		if err := fn(row{stmt}); err != nil {
			return err
		}
		if s.fault != nil { // fn met one and went on: the statement may be gone with it
			return s.fault
		}
	}
}

// one is run for a query by key: control.ErrNotFound when there is no row. fn may be nil.
func (s *session) one(sql string, fn func(row) error, args ...any) error {
	found := false
	err := s.run(sql, func(r row) error {
		found = true
		if fn == nil {
			return nil
		}
		return fn(r)
	}, args...)
	if err == nil && !found {
		return control.ErrNotFound
	}
	return err
}

func (s *session) fail(err error) error {
	switch sqlite.ErrCode(err) {
	case sqlite.ResultConstraintUnique, sqlite.ResultConstraintPrimaryKey:
		return fmt.Errorf("%w: %w", control.ErrExists, err)
	}
	s.fault = err
	return s.fault
}

// corrupt is for a row that says what the program cannot have written.
func (s *session) corrupt(err error) error {
	s.fault = damagedRow(err)
	return s.fault
}

// bind gives the statement its arguments.
func bind(stmt *sqlite.Stmt, args []any) error {
	if n := stmt.BindParamCount(); n != len(args) {
		return fmt.Errorf("sqlite: %d arguments for %d parameters", len(args), n)
	}
	for i, arg := range args {
		switch v := arg.(type) {
		case nil:
			stmt.BindNull(i + 1)
		case int64:
			stmt.BindInt64(i+1, v)
		case bool:
			stmt.BindBool(i+1, v)
		case string:
			stmt.BindText(i+1, v)
		case []byte:
			stmt.BindBytes(i+1, v)
		case leastkey.ID:
			stmt.BindBytes(i+1, v[:])
		case leastkey.SecretHash:
			stmt.BindBytes(i+1, v[:])
		case netip.Addr:
			text := ""
			if v.IsValid() {
				text = v.String()
			}
			stmt.BindText(i+1, text)
		case time.Time:
			if v.IsZero() {
				stmt.BindNull(i + 1)
				continue
			}
			if v.Before(earliest) || v.After(latest) {
				return fmt.Errorf("sqlite: time %v is out of range", v)
			}
			stmt.BindInt64(i+1, v.UnixMicro())
		default:
			return fmt.Errorf("sqlite: argument of type %T", arg)
		}
	}
	return nil
}

// The instants that microseconds in an int64 reach.
var (
	earliest = time.UnixMicro(math.MinInt64)
	latest   = time.UnixMicro(math.MaxInt64)
)

// row reads the columns of the current row, by number from 0.
type row struct{ stmt *sqlite.Stmt }

func (r row) id(col int) (id leastkey.ID)          { r.stmt.ColumnBytes(col, id[:]); return id }
func (r row) hash(col int) (h leastkey.SecretHash) { r.stmt.ColumnBytes(col, h[:]); return h }
func (r row) text(col int) string                  { return r.stmt.ColumnText(col) }
func (r row) int(col int) int64                    { return r.stmt.ColumnInt64(col) }
func (r row) bool(col int) bool                    { return r.stmt.ColumnInt64(col) != 0 }
func (r row) bytes(col int) []byte {
	b := make([]byte, r.stmt.ColumnLen(col))
	r.stmt.ColumnBytes(col, b)
	return b
}
func (r row) isNull(col int) bool { return r.stmt.ColumnIsNull(col) }
func (r row) resource(t, id int) leastkey.Resource {
	return leastkey.Resource{Type: leastkey.ResourceType(r.text(t)), ID: r.text(id)}
}
func (r row) principal(kind, id int) leastkey.Principal {
	return leastkey.Principal{Kind: leastkey.PrincipalKind(r.int(kind)), ID: r.id(id)}
}

// addr reads an address; the empty text stands for none.
func (r row) addr(col int) (netip.Addr, error) {
	text := r.text(col)
	if text == "" {
		return netip.Addr{}, nil
	}
	return netip.ParseAddr(text)
}

func (r row) time(col int) time.Time {
	if r.isNull(col) {
		return time.Time{}
	}
	return time.UnixMicro(r.int(col)).UTC()
}
