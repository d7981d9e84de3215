package sqlite

import (
	"fmt"
	"strings"
)

// inUse says who holds the lock.
func inUse(lock string) error {
	return fmt.Errorf("sqlite: %s is in use by another leastkey: stop that one first, or give this one a data directory of its own", strings.TrimSuffix(lock, ".lock"))
}
