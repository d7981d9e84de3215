package sqlite

import (
	"path/filepath"
	"testing"

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
