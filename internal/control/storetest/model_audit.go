package storetest

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

func (tx *modelTx) Changes(after leastkey.Revision, limit int) ([]control.Committed, error) {
	if tx.over {
		return nil, errModelOver
	}
	var out []control.Committed
	for _, c := range tx.w.log {
		if c.Revision > after && len(out) < limit {
			out = append(out, c)
		}
	}
	return out, nil
}

func (tx *modelTx) AuditRows(f control.AuditFilter) ([]control.Audit, error) {
	if tx.over {
		return nil, errModelOver
	}
	limit := f.Limit
	if limit == 0 {
		limit = 100
	}
	var out []control.Audit
	for _, a := range slices.Backward(tx.w.audit) {
		if len(out) < limit && fits(a, f) {
			a.Before, a.After = bytes.Clone(a.Before), bytes.Clone(a.After)
			out = append(out, a)
		}
	}
	return out, nil
}

func fits(a control.Audit, f control.AuditFilter) bool {
	user := leastkey.UserOf(f.User)
	return (f.Account.IsZero() || a.Account == f.Account) && (f.Actor.IsZero() || a.Actor == f.Actor) &&
		(f.Subject == "" || a.Subject == f.Subject) && (f.Action == "" || a.Action == f.Action) && (!f.Refused || a.Refused != "") && (f.Before == 0 || a.Revision < f.Before) &&
		(f.User.IsZero() || a.Actor == user || a.Subject == user.String()) &&
		(f.From.IsZero() || !a.At.Before(f.From)) && (f.To.IsZero() || !a.At.IsZero() && a.At.Before(f.To))
}

func (tx *modelTx) AuditRow(id leastkey.ID) (control.Audit, error) {
	i := slices.IndexFunc(tx.w.audit, func(a control.Audit) bool { return a.ID == id })
	if i < 0 {
		return control.Audit{}, control.ErrNotFound
	}
	return tx.w.audit[i], nil
}

func (tx *modelTx) AuditAfter(after leastkey.Revision, limit int) ([]control.AuditRead, error) {
	if tx.over {
		return nil, errModelOver
	}
	var out []control.AuditRead
	for _, a := range tx.w.audit {
		if a.Revision > after && len(out) < limit {
			out = append(out, control.AuditRead{Audit: a})
		}
	}
	return out, nil
}

func (tx *modelTx) AuditHashes(first, last int64) ([]audit.Stored, error) {
	if tx.over {
		return nil, errModelOver
	}
	var out []audit.Stored
	for i := max(first, 0); i < min(last, int64(len(tx.w.hashes))); i++ {
		out = append(out, audit.Stored{Index: i, Hash: tx.w.hashes[i]})
	}
	return out, nil
}

// AuditFaults finds none: nobody changes the model behind its back.
func (tx *modelTx) AuditFaults(_, _ leastkey.Revision, _ int) ([]string, error) {
	if tx.over {
		return nil, errModelOver
	}
	return nil, nil
}

func (n *modelNotes) PruneAudit(through leastkey.Revision, limit int) (int, error) {
	if n.over {
		return 0, errModelOver
	}
	var said leastkey.Revision
	for _, a := range n.w.audit {
		var p audit.Pruned
		if a.Action == audit.ActionPrune && a.Refused == "" && json.Unmarshal(a.After, &p) == nil && p.Through < a.Revision {
			said = max(said, p.Through)
		}
	}
	var gone []leastkey.Revision
	for _, a := range n.w.audit {
		if a.Revision <= through && len(gone) < limit {
			gone = append(gone, a.Revision)
		}
	}
	if len(gone) > 0 && gone[len(gone)-1] > said {
		return 0, errors.New("no row says that these may go")
	}
	n.w.audit = slices.DeleteFunc(n.w.audit, func(a control.Audit) bool { return slices.Contains(gone, a.Revision) })
	return len(gone), nil
}
