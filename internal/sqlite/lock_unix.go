//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// modesMatter: file modes say who may read.
const modesMatter = true

// lockFile takes the lock that keeps a second process out. The system gives it back when the
// process ends, however it ends. It is a file of its own: closing a second descriptor of the
// database would drop the locks SQLite holds on it.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlite: lock: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errors.Join(inUse(path), file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: lock %s: %w", path, err), file.Close())
	}
	return file, nil
}

// syncDir makes the names in a directory survive the loss of power.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if err := d.Sync(); err != nil {
		return errors.Join(fmt.Errorf("sqlite: sync %s: %w", dir, err), d.Close())
	}
	return d.Close()
}
