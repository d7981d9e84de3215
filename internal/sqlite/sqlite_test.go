package sqlite

import (
	"path/filepath"
	"testing"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/control/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Factory{Open: func(t testing.TB, dir string) control.Store {
		t.Helper()
		return open(t, filepath.Join(dir, "state.db"))
	}})
}

func open(t testing.TB, path string) *Store {
	t.Helper()
	store, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// writing gives the connection that writes, and keeps others from it until release.
func writing(t testing.TB, store *Store) (conn *sqlite.Conn, release func()) {
	t.Helper()
	if _, err := store.turns.take(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	return store.conn, store.turns.over
}
