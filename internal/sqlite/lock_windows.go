package sqlite

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/windows"
)

// modesMatter: access lists say who may read, and a new file has those of its directory.
const modesMatter = false

// lockFile takes the lock that keeps a second process out. The system gives it back when the
// process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqlite: lock: %w", err)
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(file.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return nil, errors.Join(inUse(path), file.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: lock %s: %w", path, err), file.Close())
	}
	return file, nil
}

// syncDir has nothing to do: NTFS journals names itself.
func syncDir(string) error { return nil }
