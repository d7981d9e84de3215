package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	auditAfter  = selectAudit + ` WHERE revision > ? ORDER BY revision LIMIT ?`
	auditHashes = `SELECT position, hash FROM audit_hashes WHERE position >= ? AND position < ? ORDER BY position`

	insertAuditHash = `INSERT INTO audit_hashes (position, hash) VALUES (?, ?)`
	pruneAudit      = `DELETE FROM audit WHERE revision IN (SELECT revision FROM audit WHERE revision <= ? ORDER BY revision LIMIT ?)`
)

// AuditAfter implements [control.Reader].
func (r reader) AuditAfter(after leastkey.Revision, limit int) ([]control.AuditRead, error) {
	return all(r, func(row row) control.AuditRead {
		a, err := scanAudit(row)
		return control.AuditRead{Audit: a, Fault: err}
	}, auditAfter, int64(after), int64(max(limit, 0)))
}

// AuditHashes implements [control.Reader].
func (r reader) AuditHashes(first, last int64) ([]audit.Stored, error) {
	return all(r, func(row row) audit.Stored {
		return audit.Stored{Index: row.int(0), Hash: audit.Hash(row.hash(1))}
	}, auditHashes, first, last)
}

// addToTree stores the hashes of the row that follows the last one.
func (r reader) addToTree(row control.Audit) error {
	hashes, err := audit.Add(row, func(index int64) (audit.Hash, error) {
		found, err := r.AuditHashes(index, index+1)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("sqlite: hash %d of the audit log is missing: somebody changed the log; leastkey audit verify says what", index)
		}
		if err != nil {
			return audit.Hash{}, err
		}
		return found[0].Hash, nil
	})
	if err != nil {
		return err
	}
	for _, h := range hashes {
		if err := r.run(insertAuditHash, nil, h.Index, leastkey.SecretHash(h.Hash)); err != nil {
			return fmt.Errorf("hash %d of the audit log: %w", h.Index, err)
		}
	}
	return nil
}

// PruneAudit implements [control.Notes].
func (n notes) PruneAudit(through leastkey.Revision, limit int) (int, error) {
	if err := n.run(pruneAudit, nil, int64(through), int64(max(limit, 0))); err != nil {
		return 0, fmt.Errorf("prune the audit log: %w", err)
	}
	return n.conn.Changes(), nil
}

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
			if err := r.addToTree(row.Audit); err != nil {
				return err
			}
			after = row.Revision
		}
	}
}
