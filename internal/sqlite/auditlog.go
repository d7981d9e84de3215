package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	auditAfter  = selectAudit + ` WHERE revision > ? ORDER BY revision` + atMost
	auditHashes = `SELECT revision, hashes FROM commits WHERE revision >= ? AND revision <= ? ORDER BY revision`

	lastToPrune     = `SELECT coalesce(max(revision), 0) FROM (SELECT revision FROM audit WHERE revision > 0 AND revision <= ? ORDER BY revision` + atMost + `)`
	pruneAudit      = `DELETE FROM audit WHERE revision > 0 AND revision <= ?`
	pruneAuditIndex = `DELETE FROM audit_index WHERE (field, value, revision) IN (SELECT field, value, revision FROM audit_keys WHERE revision > 0 AND revision <= ?)`
)

// AuditAfter implements [control.Reader].
func (r reader) AuditAfter(after leastkey.Revision, limit int) ([]control.AuditRead, error) {
	return all(r, func(row row) control.AuditRead {
		a, err := scanAudit(row)
		return control.AuditRead{Audit: a, Fault: err}
	}, auditAfter, int64(after), int64(max(limit, 0)))
}

// AuditHashes implements [control.Reader]. A row of commits has those that its audit row added to the tree;
// when it has more, that of its last index comes once more, with the first of them.
func (r reader) AuditHashes(first, last int64) (list []audit.Stored, err error) {
	if first = max(first, 0); first >= last {
		return nil, nil
	}
	err = r.run(auditHashes, func(row row) error {
		revision, hashes := leastkey.Revision(row.int(0)), row.bytes(1)
		for index := audit.IndexOf(revision); index < audit.IndexOf(revision+1) && len(hashes) >= len(audit.Hash{}); index++ {
			if first <= index && index < last {
				list = append(list, audit.Stored{Index: index, Hash: audit.Hash(hashes)})
			}
			hashes = hashes[len(audit.Hash{}):]
		}
		if end := audit.IndexOf(revision+1) - 1; len(hashes) > 0 && first <= end && end < last {
			more := audit.Stored{Index: end}
			copy(more.Hash[:], hashes)
			list = append(list, more)
		}
		return nil
	}, int64(audit.RevisionOf(first)), int64(audit.RevisionOf(last-1)))
	return list, err
}

// auditHash gives one hash of the tree.
func (r reader) auditHash(index int64) (audit.Hash, error) {
	found, err := r.AuditHashes(index, index+1)
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("sqlite: hash %d of the audit log is missing: somebody changed the log; leastkey audit verify says what", index)
	}
	if err != nil {
		return audit.Hash{}, err
	}
	return found[0].Hash, nil
}

// inOrder are hashes of one row as commits keep them, one after the other.
func inOrder(stored []audit.Stored) []byte {
	hashes := make([]byte, 0, len(stored)*len(audit.Hash{}))
	for _, h := range stored {
		hashes = append(hashes, h.Hash[:]...)
	}
	return hashes
}

// PruneAudit implements [control.Notes].
func (n notes) PruneAudit(through leastkey.Revision, limit int) (int, error) {
	last, err := first(reader(n), func(row row) int64 { return row.int(0) }, lastToPrune, int64(through), int64(max(limit, 0)))
	if err != nil {
		return 0, fmt.Errorf("prune the audit log: %w", err)
	}
	if err := n.run(pruneAuditIndex, nil, last); err != nil {
		return 0, fmt.Errorf("prune the index of the audit log: %w", err)
	}
	if err := n.run(pruneAudit, nil, last); err != nil {
		return 0, fmt.Errorf("prune the audit log: %w", err)
	}
	return n.conn.Changes(), nil
}
