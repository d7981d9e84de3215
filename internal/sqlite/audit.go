package sqlite

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectAudit = `SELECT revision, id, at, actor_kind, actor_id, credential, addr, action, subject, account, before, after, agent, refused FROM audit`
	auditByID   = selectAudit + ` WHERE id = ?`

	insertAudit = `INSERT INTO audit (revision, id, at, actor_kind, actor_id, credential, addr, action, subject, account, before, after, agent, refused)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	defaultAuditLimit = 100
)

func (t tx) insertAudit(rev leastkey.Revision, a control.Audit) error {
	err := t.run(insertAudit, nil, int64(rev), a.ID, a.At, int64(a.Actor.Kind), a.Actor.ID, a.Credential, a.Addr,
		a.Action, a.Subject, a.Account, optional(a.Before), optional(a.After), a.Agent, a.Refused)
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

// AuditRow implements [control.Reader].
func (r reader) AuditRow(id leastkey.ID) (control.Audit, error) {
	return firstOf(r, scanAudit, auditByID, id)
}

// The fields of audit_index, as audit_keys says; of actors there is one for each kind.
const (
	byTime = 1 + iota
	bySubject
	byAccount
	byActor
)

// notIndexed are the rows that are looked through: those since the index was last added to.
const notIndexed = `revision > (SELECT coalesce(max(revision), 0) / 256 * 256 FROM commits)`

// fromIndex finds what the index and the row agree on.
const fromIndex = `SELECT i.revision, id, a.at, actor_kind, actor_id, credential, addr, action, subject, account, before, after, agent, refused
	FROM audit_index AS i CROSS JOIN audit AS a ON a.revision = i.revision AND a.at IS i.at`

// auditQuery asks only for what the filter has. Rows that are in the index come from there by one field, the
// others from the end of the log, newest first both. What a user did and what was done to the user are two walks
// of the index side by side: the second leaves out what the first has.
func auditQuery(f control.AuditFilter) (string, []any) {
	limit := f.Limit
	if limit == 0 {
		limit = defaultAuditLimit
	}
	last := int64(max(limit, 0)) // a negative limit would be none at all to SQLite
	const newest = " ORDER BY revision DESC" + atMost

	rows := auditTerms(f, "revision", "at")
	var walks []terms
	switch indexed := auditTerms(f, "i.revision", "i.at"); {
	case !f.User.IsZero():
		user := leastkey.UserOf(f.User)
		did, met := "actor_kind = ? AND actor_id = ?", "subject = ?"
		rows = rows.and("("+did+" OR "+met+")", int64(user.Kind), user.ID, user.String())
		walks = append(walks, indexed.field(byActor+int64(user.Kind), user.ID).and(did, int64(user.Kind), user.ID),
			indexed.field(bySubject, user.String()).and(met, user.String()).and("NOT ("+did+")", int64(user.Kind), user.ID))
	case f.Subject != "":
		walks = append(walks, indexed.field(bySubject, f.Subject))
	case !f.Actor.IsZero():
		walks = append(walks, indexed.field(byActor+int64(f.Actor.Kind), f.Actor.ID))
	case !f.Account.IsZero():
		walks = append(walks, indexed.field(byAccount, f.Account))
	case !f.From.IsZero() || !f.To.IsZero(): // or the span would be looked for in all rows, newest first
		walks = append(walks, auditTerms(f, "i.revision", "value").and("field = ? AND a.at = value", int64(byTime)))
	default:
		return selectAudit + rows.where() + newest, append(rows.args, last)
	}
	rows = rows.and(notIndexed)
	query, args := selectAudit+rows.where(), rows.args
	for _, w := range walks {
		query, args = query+" UNION ALL "+fromIndex+w.where(), append(args, w.args...)
	}
	return query + newest, append(args, last)
}

// field are the terms of what is found in the index under a value.
func (t terms) field(field int64, value any) terms {
	return t.and("field = ? AND value = ?", field, value)
}

// auditTerms are the terms of every field but the user, with the columns in which revision and time are looked
// at. A row without a time is in no span.
func auditTerms(f control.AuditFilter, revision, at string) (t terms) {
	if !f.Account.IsZero() {
		t = t.and("account = ?", f.Account)
	}
	if !f.Actor.IsZero() {
		t = t.and("actor_kind = ? AND actor_id = ?", int64(f.Actor.Kind), f.Actor.ID)
	}
	if f.Subject != "" {
		t = t.and("subject = ?", f.Subject)
	}
	if f.Action != "" {
		t = t.and("action = ?", f.Action)
	}
	if f.Refused {
		t = t.and("refused <> ''")
	}
	if f.Before > 0 && f.Before <= math.MaxInt64 {
		t = t.and(revision+" < ?", int64(f.Before))
	}
	if !f.From.IsZero() {
		t = t.and(at+" >= ?", f.From)
	}
	if !f.To.IsZero() {
		t = t.and(at+" < ?", f.To)
	}
	return t
}

// terms must all hold.
type terms struct {
	sql  []string
	args []any
}

func (t terms) and(sql string, args ...any) terms {
	return terms{append(slices.Clip(t.sql), sql), append(slices.Clip(t.args), args...)}
}

func (t terms) where() string {
	if len(t.sql) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(t.sql, " AND ")
}

// scanAudit refuses what is cut or filled up when it is read: hashed, it would be as it was.
func scanAudit(r row) (control.Audit, error) {
	a := control.Audit{
		Revision: leastkey.Revision(r.int(0)), ID: r.id(1), At: r.time(2), Actor: r.principal(3, 4), Credential: r.id(5),
		Action: r.text(7), Subject: r.text(8), Account: r.id(9), Agent: r.text(12), Refused: r.text(13),
	}
	for _, col := range []int{1, 4, 5, 9} {
		if n := r.stmt.ColumnLen(col); n != len(leastkey.ID{}) {
			return a, fmt.Errorf("%s has %d bytes", r.stmt.ColumnName(col), n)
		}
	}
	if kind := r.int(3); kind < 0 || kind > int64(leastkey.AccountPrincipal) {
		return a, fmt.Errorf("actor_kind is %d", kind)
	}
	var err error
	if a.Addr, err = r.addr(6); err != nil {
		return a, err
	}
	if !r.isNull(10) {
		a.Before = json.RawMessage(r.text(10))
	}
	if !r.isNull(11) {
		a.After = json.RawMessage(r.text(11))
	}
	return a, nil
}
