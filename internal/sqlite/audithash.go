package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// The hashes of the audit log, where they were when they came.
const (
	firstHash       = `SELECT hash FROM audit_hashes WHERE position = ?`
	insertFirstHash = `INSERT INTO audit_hashes (position, hash) VALUES (?, ?)`
)

// hashAudit hashes the rows of a database that is older than the tree over them.
func hashAudit(conn *sqlite.Conn) error {
	r := reader{&session{conn: conn}}
	const some = 1000
	for after := leastkey.Revision(0); ; {
		rows, err := r.AuditAfter(after, some)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			switch {
			case row.Fault != nil:
				return fmt.Errorf("audit row %d: %w", row.Revision, row.Fault)
			case row.Revision != after+1:
				return fmt.Errorf("the audit log has row %d after row %d", row.Revision, after)
			}
			if err := r.hashFirst(row.Audit); err != nil {
				return err
			}
			after = row.Revision
		}
	}
}

func (r reader) hashFirst(added control.Audit) error {
	hashes, err := audit.Add(added, func(index int64) (audit.Hash, error) {
		hash, err := first(r, func(row row) leastkey.SecretHash { return row.hash(0) }, firstHash, index)
		return audit.Hash(hash), err
	})
	if err != nil {
		return err
	}
	for _, h := range hashes {
		if err := r.run(insertFirstHash, nil, h.Index, leastkey.SecretHash(h.Hash)); err != nil {
			return fmt.Errorf("hash %d of the audit log: %w", h.Index, err)
		}
	}
	return nil
}
