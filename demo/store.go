package demo

import (
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed migrations/*.sql
var migrations embed.FS

const readers = 8

// store is the database: one connection that writes, several that only read.
type store struct {
	writer *sqlitex.Pool
	reader *sqlitex.Pool
	now    func() time.Time
	rand   io.Reader
}

func openStore(ctx context.Context, dir string, now func() time.Time, rand io.Reader) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("demo: data directory: %w", err)
	}
	path := filepath.Join(dir, "demo.db")
	// SQLite gives its journal files the mode of the database file, so that one has to be right from the start.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("demo: database: %w", err)
	}
	if err := errors.Join(f.Chmod(0o600), f.Close()); err != nil {
		return nil, fmt.Errorf("demo: database: %w", err)
	}
	writer, err := sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadWrite | sqlite.OpenWAL,
		PoolSize:    1,
		PrepareConn: pragmas("foreign_keys = ON", "synchronous = FULL"),
	})
	if err != nil {
		return nil, fmt.Errorf("demo: %s: %w", path, err)
	}
	reader, err := sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadWrite | sqlite.OpenWAL,
		PoolSize:    readers,
		PrepareConn: pragmas("query_only = ON"),
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("demo: %s: %w", path, err), writer.Close())
	}
	s := &store{writer: writer, reader: reader, now: now, rand: rand}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("demo: %s: schema: %w", path, err), s.close())
	}
	return s, nil
}

// pragmas sets each on its own: within a transaction some would do nothing.
func pragmas(list ...string) sqlitex.ConnPrepareFunc {
	return func(c *sqlite.Conn) error {
		for _, p := range list {
			if err := sqlitex.ExecuteTransient(c, "PRAGMA "+p, nil); err != nil {
				return err
			}
		}
		return nil
	}
}

func (s *store) migrate(ctx context.Context) error {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted, and the names are numbered
	if err != nil {
		return err
	}
	schema := sqlitemigration.Schema{AppID: 0x6c6b6431}
	for _, name := range files {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return err
		}
		schema.Migrations = append(schema.Migrations, string(text))
	}
	conn, err := s.writer.Take(ctx)
	if err != nil {
		return err
	}
	defer s.writer.Put(conn)
	return sqlitemigration.Migrate(ctx, conn, schema)
}

func (s *store) close() error { return errors.Join(s.reader.Close(), s.writer.Close()) }

// write runs do in one transaction and returns once it is durable, or undone.
func (s *store) write(ctx context.Context, do func(*tx) error) (err error) {
	conn, err := s.writer.Take(ctx)
	if err != nil {
		return err
	}
	defer s.writer.Put(conn)
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	return do(&tx{conn: conn, now: stamp(s.now()), rand: s.rand})
}

// read runs do on one unchanging view of the data.
func (s *store) read(ctx context.Context, do func(*tx) error) (err error) {
	conn, err := s.reader.Take(ctx)
	if err != nil {
		return err
	}
	defer s.reader.Put(conn)
	defer sqlitex.Transaction(conn)(&err)
	return do(&tx{conn: conn})
}

// tx is a transaction. Only one from write has a clock and ids to give.
type tx struct {
	conn *sqlite.Conn
	now  string
	rand io.Reader
}

func (t *tx) exec(query string, args ...any) error { return t.each(query, nil, args...) }

func (t *tx) each(query string, row func(*sqlite.Stmt) error, args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

// count runs a query whose answer is one integer.
func (t *tx) count(query string, args ...any) (n int, err error) {
	err = t.each(query, func(s *sqlite.Stmt) error { n = s.ColumnInt(0); return nil }, args...)
	return n, err
}

func (t *tx) newID() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(t.rand, b[:]); err != nil {
		return "", fmt.Errorf("demo: random id: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// isID reports whether s has the shape of every id here: 32 lower-case hex digits.
func isID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
