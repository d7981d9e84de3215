package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
)

// storedHash reads one hash of the tree over the audit log.
func storedHash(r Reader) func(index int64) (audit.Hash, error) {
	return func(index int64) (audit.Hash, error) {
		found, err := r.AuditHashes(index, index+1)
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("control: hash %d of the audit log is missing: somebody changed the log; see what with leastkey audit verify", index)
		}
		if err != nil {
			return audit.Hash{}, err
		}
		return found[0].Hash, nil
	}
}

// AuditTree is what the audit log amounts to: how many rows were ever written, and the hash over them.
func (c *Control) AuditTree(ctx context.Context, caller Caller) (size leastkey.Revision, root audit.Hash, err error) {
	err = c.view(ctx, caller, operatorOnly, func(r Reader) error {
		if size, err = r.Revision(); err != nil {
			return err
		}
		root, err = audit.Root(size, storedHash(r))
		return err
	})
	return size, root, err
}

// AuditEntries lists what is kept of the audit log behind a revision, oldest first and without gaps,
// at most limit: what an [audit.Verifier] wants. size is how many rows were ever written.
func (c *Control) AuditEntries(ctx context.Context, caller Caller, after leastkey.Revision, limit int) (entries []audit.Entry, size leastkey.Revision, err error) {
	err = c.view(ctx, caller, operatorOnly, func(r Reader) error {
		if size, err = r.Revision(); err != nil {
			return err
		}
		entries, err = auditEntries(r, after, size, limit)
		return err
	})
	return entries, size, err
}

func auditEntries(r Reader, after, size leastkey.Revision, limit int) ([]audit.Entry, error) {
	rows, err := r.AuditAfter(after, limit)
	if err != nil {
		return nil, err
	}
	last := min(max(size, after), after+leastkey.Revision(limit))
	if n := len(rows); n > 0 && rows[n-1].Revision > last { // behind the end: they were put in
		last = min(rows[n-1].Revision, after+leastkey.Revision(limit))
	}
	hashes, err := r.AuditHashes(audit.IndexOf(after+1), audit.IndexOf(last+1))
	if err != nil {
		return nil, err
	}
	var entries []audit.Entry
	for revision := after + 1; revision <= last; revision++ {
		e := audit.Entry{Revision: revision}
		if len(rows) > 0 && rows[0].Revision == revision {
			line, fault := rows[0].Leaf()
			if fault = errors.Join(rows[0].Fault, fault); fault != nil {
				e.Fault = fault.Error()
			} else {
				e.Leaf = line
			}
			rows = rows[1:]
		}
		for end := audit.IndexOf(revision + 1); len(hashes) > 0 && hashes[0].Index < end; hashes = hashes[1:] {
			e.Hashes = append(e.Hashes, hashes[0].Hash)
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// AuditFaults says in words what is wrong beside the entries behind a revision, through last: see [Reader].
func (c *Control) AuditFaults(ctx context.Context, caller Caller, after, last leastkey.Revision, limit int) (faults []string, err error) {
	err = c.view(ctx, caller, operatorOnly, func(r Reader) error {
		faults, err = r.AuditFaults(after, last, limit)
		return err
	})
	return faults, err
}

// AuditSearch asks for rows of the whole log. Zero fields do not restrict.
type AuditSearch struct {
	AuditQuery
	Account leastkey.ID
	Action  string // such as "token.roll"
	Refused bool   // only what was refused
}

// SearchAudit lists rows of the whole log, newest first. Only the operator may.
func (c *Control) SearchAudit(ctx context.Context, caller Caller, s AuditSearch) ([]AuditEntry, error) {
	filter := AuditFilter{From: s.From, To: s.To, Before: s.Before, Limit: s.Limit, Account: s.Account, Action: s.Action, Refused: s.Refused}
	if !s.Token.IsZero() {
		filter.Subject = "token " + s.Token.String()
	}
	if !s.Actor.IsZero() {
		filter.Actor = leastkey.UserOf(s.Actor)
	}
	var entries []AuditEntry
	err := c.view(ctx, caller, operatorOnly, func(r Reader) (err error) {
		entries, err = auditEntriesOf(r, filter)
		return err
	})
	return entries, err
}

// mostPruned bounds the rows that go in one transaction, beside which nobody else can write.
const mostPruned = 1000

// PruneAudit ends the keeping of audit rows that are older than an instant. Their hashes stay, and a
// row of the log says through which number rows went, so that the log can be verified still. The act
// is one of Leastkey itself, by configuration.
func (c *Control) PruneAudit(ctx context.Context, before time.Time) (gone int, err error) {
	caller := Caller{agent: "retention", settled: true}
	var oldest, newest Audit // that are to go
	err = c.store.View(ctx, func(r Reader) error {
		first, err := r.AuditAfter(0, 1)
		if err != nil || len(first) == 0 || first[0].Fault != nil {
			return err
		}
		last, err := r.AuditRows(AuditFilter{To: before, Limit: 1})
		if err == nil && len(last) > 0 {
			oldest, newest = first[0].Audit, last[0]
		}
		return err
	})
	if err != nil || newest.Revision == 0 || newest.Revision < oldest.Revision {
		return 0, settle(err)
	}
	if oldest.At.After(before) { // the clock went back once: nothing goes before what is kept longer
		return 0, nil
	}
	through := newest.Revision
	err = c.act(ctx, caller, operatorOnly, attempt{audit.ActionPrune, "audit"}, func(_ Tx, _ authority, done *deed) error {
		done.after = audit.Pruned{Through: through}
		return nil
	})
	for more := err == nil; more; {
		n := 0
		err = c.store.Note(ctx, func(notes Notes) (err error) {
			n, err = notes.PruneAudit(through, mostPruned)
			return err
		})
		gone += n
		more = err == nil && n == mostPruned
	}
	return gone, settle(err)
}
