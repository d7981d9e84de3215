package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey/internal/control"
)

// readers is how many views run at once; more wait for their turn.
const readers = 8

// errClosed answers whoever comes after Close.
var errClosed = errors.New("sqlite: the database is closed")

// Store is a [control.Store] in one file. Its methods may be called from many goroutines. A
// commit inside a commit waits for itself for ever.
type Store struct {
	path  string
	lock  *os.File
	pool  *sqlitex.Pool
	conn  *sqlite.Conn // the one that writes, for whoever's turn it is
	turns turns

	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

var _ control.Store = (*Store)(nil)

// Open opens the database at path, makes it (mode 0600, in a directory of mode 0700) when it is
// not there, and brings its tables up to date. It fails at once when another process has it
// open, when others than the owner's group may read it, when it belongs to another program and
// when a newer version of this one wrote it.
func Open(ctx context.Context, path string) (_ *Store, err error) {
	if path, err = prepareFile(path); err != nil {
		return nil, err
	}
	s := &Store{path: path}
	if s.lock, err = lockFile(path + ".lock"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	s.conn = conn
	conn.SetInterrupt(ctx.Done())
	if _, err := version(conn); err != nil { // before anything is written to it
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	if err := prepareWriter(conn); err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	if err := migrate(conn, migrations); err != nil {
		return nil, fmt.Errorf("sqlite: open %s: %w", path, err)
	}
	conn.SetInterrupt(nil)
	s.pool, err = sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:       sqlite.OpenReadWrite,
		PoolSize:    readers,
		PrepareConn: prepareReader,
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: open %s for reading: %w", path, err)
	}
	return s, nil
}

// Close waits for the views and commits that are running, then lets go of the file.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	return s.release()
}

// release closes what is open; the lock goes last, so that nobody else comes in before.
func (s *Store) release() error {
	var errs []error
	if s.pool != nil {
		errs = append(errs, s.pool.Close())
	}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	errs = append(errs, s.lock.Close())
	return errors.Join(errs...)
}

// enter counts the caller among what Close waits for.
func (s *Store) enter() (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	s.running.Add(1)
	return s.running.Done, nil
}

// prepareWriter sets what makes a commit durable. fullfsync matters on macOS alone, where a
// plain fsync leaves the data in the drive's cache.
func prepareWriter(conn *sqlite.Conn) error {
	stmt, err := conn.Prepare("PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	mode, err := sqlitex.ResultText(stmt)
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("journal mode is %q, want wal: the file system must offer shared memory and locks", mode)
	}
	return set(conn, "synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON", "foreign_keys = ON", "trusted_schema = OFF",
		"cache_size = -16384",       // kB: what commits together change stays in memory until they are durable
		"wal_autocheckpoint = 4000", // pages, 16 MB: one wait for two disk writes in so many pages, not in a quarter
		"recursive_triggers = ON")   // or a REPLACE would delete a tombstone without asking its trigger
}

// prepareReader makes a connection unable to write.
func prepareReader(conn *sqlite.Conn) error {
	return set(conn, "query_only = ON", "trusted_schema = OFF")
}

func set(conn *sqlite.Conn, pragmas ...string) error {
	for _, pragma := range pragmas {
		if err := sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil); err != nil {
			return fmt.Errorf("set %s: %w", pragma, err)
		}
	}
	return nil
}

// prepareFile makes the directory and gives the one name of the file, so that two ways to spell
// it meet at one lock.
func prepareFile(path string) (string, error) {
	if path == "" || strings.HasPrefix(path, ":") {
		return "", fmt.Errorf("sqlite: %q is not a file name", path)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	if err := makePrivateDir(dir); err != nil {
		return "", err
	}
	full, err := filepath.EvalSymlinks(filepath.Join(dir, filepath.Base(path)))
	if errors.Is(err, fs.ErrNotExist) {
		if dir, err = filepath.EvalSymlinks(dir); err == nil {
			full = filepath.Join(dir, filepath.Base(path))
		}
	}
	if err != nil {
		return "", fmt.Errorf("sqlite: %w", err)
	}
	return full, nil
}
