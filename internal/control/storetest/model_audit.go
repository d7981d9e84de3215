package storetest

import (
	"bytes"
	"slices"

	"github.com/leastkey/leastkey"
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
		(f.Subject == "" || a.Subject == f.Subject) && (f.Before == 0 || a.Revision < f.Before) &&
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
