package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The database holds password hashes, so nobody but its owner (and the owner's group, which some
// platforms set on mounted volumes) may read it. A directory in which anybody may rename files
// would undo that.
const (
	anybodyReads  fs.FileMode = 0o006
	anybodyWrites fs.FileMode = 0o002
)

// makePrivateDir makes the directory when it is not there, with those above it, and refuses one
// that is open to all.
func makePrivateDir(dir string) error {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		parent := filepath.Dir(dir)
		if err := makePrivateDir(parent); err != nil {
			return err
		}
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("sqlite: make the data directory: %w", err)
		}
		return syncDir(parent)
	}
	if err != nil {
		return fmt.Errorf("sqlite: %w", err)
	}
	if info.Mode()&anybodyWrites != 0 && info.Mode()&fs.ModeSticky == 0 && modesMatter {
		return fmt.Errorf("sqlite: anybody may replace files in %s (mode %04o): run chmod o-w on it", dir, info.Mode().Perm())
	}
	return nil
}

// createPrivate makes an empty file for its owner alone, or checks the one that is there.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return errors.Join(file.Close(), syncDir(filepath.Dir(path)))
	}
	info, statErr := os.Stat(path)
	switch {
	case !errors.Is(err, fs.ErrExist):
		return fmt.Errorf("sqlite: make the database: %w", err)
	case statErr != nil:
		return fmt.Errorf("sqlite: %w", statErr)
	case !info.Mode().IsRegular():
		return fmt.Errorf("sqlite: %s is not a file", path)
	case info.Mode()&anybodyReads != 0 && modesMatter:
		return fmt.Errorf("sqlite: anybody may read %s (mode %04o): run chmod 600 on it", path, info.Mode().Perm())
	}
	return nil
}
