package control

import (
	"context"
	"errors"
	"time"

	"github.com/leastkey/leastkey"
)

// AuditQuery asks for a part of an audit log. Zero fields do not restrict.
type AuditQuery struct {
	From, To time.Time         // at or after; before
	Actor    leastkey.ID       // a user
	Token    leastkey.ID       // a token
	Before   leastkey.Revision // rows older than this one, for the next page
	Limit    int               // at most this many, newest first; 0 means 100
}

// AuditEntry is an audit row with the names of who and what it is about, where they are known.
type AuditEntry struct {
	Audit
	ActorEmail string // empty for the operator, accounts, and users that are gone
}

// AuditLog lists what concerns an account, or what a user did and what was done to them.
func (c *Control) AuditLog(ctx context.Context, caller Caller, of leastkey.Principal, q AuditQuery) ([]AuditEntry, error) {
	filter := AuditFilter{From: q.From, To: q.To, Before: q.Before, Limit: q.Limit}
	if !q.Token.IsZero() {
		filter.Subject = "token " + q.Token.String()
	}
	if of.Kind == leastkey.AccountPrincipal {
		filter.Account = of.ID
		if !q.Actor.IsZero() {
			filter.Actor = leastkey.UserOf(q.Actor)
		}
	} else {
		filter.User = of.ID
	}
	var entries []AuditEntry
	err := c.view(ctx, caller, of.Resource(), func(r Reader) (err error) {
		entries, err = auditEntriesOf(r, filter)
		return err
	})
	return entries, err
}

func auditEntriesOf(r Reader, filter AuditFilter) ([]AuditEntry, error) {
	rows, err := r.AuditRows(filter)
	if err != nil {
		return nil, err
	}
	emails := map[leastkey.ID]string{}
	var entries []AuditEntry
	for _, row := range rows {
		entry := AuditEntry{Audit: row}
		if row.Actor.Kind == leastkey.UserPrincipal {
			if entry.ActorEmail, err = emailOf(r, row.Actor.ID, emails); err != nil {
				return nil, err
			}
		}
		entries = append(entries, entry)
	}
	return entries, nil
}

func emailOf(r Reader, id leastkey.ID, known map[leastkey.ID]string) (string, error) {
	if email, ok := known[id]; ok {
		return email, nil
	}
	user, err := r.User(id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	known[id] = user.Email
	return user.Email, nil
}
