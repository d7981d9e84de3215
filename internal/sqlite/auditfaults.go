package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
)

// What the index has and the rows have not is found by nobody: see fromIndex.
const (
	strayRows  = `SELECT revision FROM audit WHERE revision < 1 ORDER BY revision` + atMost
	notInIndex = `SELECT DISTINCT revision FROM audit_keys AS k WHERE revision > ? AND revision <= min(?, (SELECT coalesce(max(revision), 0) / 256 * 256 FROM commits))
		AND NOT EXISTS (SELECT 1 FROM audit_index AS i WHERE i.field = k.field AND i.value = k.value AND i.revision = k.revision AND i.at IS k.at)
		ORDER BY revision` + atMost
)

// AuditFaults implements [control.Reader].
func (r reader) AuditFaults(after, last leastkey.Revision, limit int) (faults []string, err error) {
	named := func(words, query string, args ...any) error {
		found, err := all(r, func(row row) string { return fmt.Sprintf("row %d: %s", row.int(0), words) }, query, append(args, int64(max(limit, 0)))...)
		faults = append(faults, found...)
		return err
	}
	if after == 0 {
		if err := named("it was put in: the first row is 1", strayRows); err != nil {
			return nil, err
		}
	}
	err = named("it is not in the index as it is, and so not in lists", notInIndex, int64(after), int64(last))
	return faults, err
}
