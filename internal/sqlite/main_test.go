package sqlite

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// A test that needs a process of its own to kill, or to limit, starts this program again with
// the name of the part to play and the database in its environment.
const (
	childPart = "LEASTKEY_SQLITE_TEST_PART"
	childPath = "LEASTKEY_SQLITE_TEST_PATH"
)

func TestMain(m *testing.M) {
	parts := map[string]func(ctx context.Context, path string) error{
		"commit": commitForEver,
		"note":   noteForEver,
		"open":   openOnly,
	}
	part, ok := parts[os.Getenv(childPart)]
	if !ok {
		os.Exit(m.Run()) // the tests, or the one test that plays a part itself
	}
	if err := part(context.Background(), os.Getenv(childPath)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
