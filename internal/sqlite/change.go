package sqlite

import (
	"math"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const changesAfter = `SELECT revision, changes FROM commits WHERE revision > ? ORDER BY revision` + atMost

// Changes implements [control.Reader].
func (r reader) Changes(after leastkey.Revision, limit int) ([]control.Committed, error) {
	if after > math.MaxInt64 || limit <= 0 { // a negative limit would be none at all to SQLite
		return nil, nil
	}
	return allOf(r, scanCommitted, changesAfter, int64(after), int64(limit))
}

func scanCommitted(r row) (control.Committed, error) {
	changes, err := decode[[]leastkey.Change](r.text(1))
	return control.Committed{Revision: leastkey.Revision(r.int(0)), Changes: changes}, err
}
