package sqlite

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectAudit = `SELECT revision, id, at, actor_kind, actor_id, credential, addr, action, subject, account, before, after FROM audit`

	insertAudit = `INSERT INTO audit (revision, id, at, actor_kind, actor_id, credential, addr, action, subject, account, before, after)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	defaultAuditLimit = 100
)

func (t tx) insertAudit(rev leastkey.Revision, a control.Audit) error {
	addr := ""
	if a.Addr.IsValid() {
		addr = a.Addr.String()
	}
	err := t.run(insertAudit, nil, int64(rev), a.ID, a.At, int64(a.Actor.Kind), a.Actor.ID, a.Credential, addr,
		a.Action, a.Subject, a.Account, optional(a.Before), optional(a.After))
	if err != nil {
		return fmt.Errorf("audit row %v: %w", a.ID, err)
	}
	return nil
}

func optional(text json.RawMessage) any {
	if text == nil {
		return nil
	}
	return string(text)
}

// AuditRows implements [control.Reader].
func (r reader) AuditRows(f control.AuditFilter) ([]control.Audit, error) {
	query, args := auditQuery(f)
	return allOf(r, scanAudit, query, args...)
}

// auditQuery asks only for what the filter has, so that each field alone has an index.
func auditQuery(f control.AuditFilter) (string, []any) {
	var where []string
	var args []any
	if !f.Account.IsZero() {
		where, args = append(where, "account = ?"), append(args, f.Account)
	}
	if !f.Actor.IsZero() {
		where, args = append(where, "actor_kind = ?", "actor_id = ?"), append(args, int64(f.Actor.Kind), f.Actor.ID)
	}
	if f.Subject != "" {
		where, args = append(where, "subject = ?"), append(args, f.Subject)
	}
	query := selectAudit
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	limit := f.Limit
	if limit == 0 {
		limit = defaultAuditLimit
	}
	// A negative limit would be none at all to SQLite.
	return query + " ORDER BY revision DESC LIMIT ?", append(args, int64(max(limit, 0)))
}

func scanAudit(r row) (control.Audit, error) {
	a := control.Audit{
		Revision: leastkey.Revision(r.int(0)), ID: r.id(1), At: r.time(2), Actor: r.principal(3, 4), Credential: r.id(5),
		Action: r.text(7), Subject: r.text(8), Account: r.id(9),
	}
	if addr := r.text(6); addr != "" {
		var err error
		if a.Addr, err = netip.ParseAddr(addr); err != nil {
			return a, err
		}
	}
	if !r.isNull(10) {
		a.Before = json.RawMessage(r.text(10))
	}
	if !r.isNull(11) {
		a.After = json.RawMessage(r.text(11))
	}
	return a, nil
}
