package httpapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// The most of the audit log that one answer has.
const (
	mostAuditRows    = 1000
	mostAuditEntries = 5000
	mostAuditFaults  = 100     // of each kind
	largestAuditPage = 4 << 20 // bytes of rows, after which an answer has no more; a row is smaller than that by far
)

func (a *API) operatorAudit(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	search, err := auditSearchOf(r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	entries, err := a.control.SearchAudit(ctx, control.Operator(), search)
	if err != nil {
		return answer{}, err
	}
	rows := make([]api.AuditRow, len(entries))
	for i, e := range entries {
		rows[i] = auditRow(e)
	}
	return all(rows)
}

func auditSearchOf(asked url.Values) (s control.AuditSearch, err error) {
	var errs []error
	id := func(name string) (id leastkey.ID) {
		if text := asked.Get(name); text != "" {
			var err error
			if id, err = leastkey.ParseID(text); err != nil {
				errs = append(errs, &api.FieldError{Pointer: "/" + name, Message: err.Error()})
			}
		}
		return id
	}
	at := func(name string) (at time.Time) {
		if text := asked.Get(name); text != "" {
			var err error
			if at, err = time.Parse(time.RFC3339, text); err != nil {
				errs = append(errs, &api.FieldError{Pointer: "/" + name, Message: "want a time such as 2026-11-24T00:00:00Z"})
			}
		}
		return at
	}
	s = control.AuditSearch{Account: id("account"), Action: asked.Get("action"), Refused: asked.Get("refused") == "true"}
	s.Actor, s.Token, s.From, s.To = id("actor"), id("token"), at("since"), at("until")
	before, limit := uint64(0), mostAuditRows/10
	if err == nil && asked.Get("before") != "" {
		if before, err = strconv.ParseUint(asked.Get("before"), 10, 63); err != nil {
			errs = append(errs, &api.FieldError{Pointer: "/before", Message: "want a revision"})
		}
	}
	if asked.Get("limit") != "" {
		if limit, err = strconv.Atoi(asked.Get("limit")); err != nil || limit < 1 || limit > mostAuditRows {
			errs = append(errs, &api.FieldError{Pointer: "/limit", Message: "want a number from 1 to " + strconv.Itoa(mostAuditRows)})
		}
	}
	s.Before, s.Limit = leastkey.Revision(before), limit
	if len(errs) > 0 {
		return s, errs[0]
	}
	return s, nil
}

func auditRow(e control.AuditEntry) api.AuditRow {
	row := api.AuditRow{Revision: e.Revision, ID: e.ID, At: api.At(e.At), ActorEmail: e.ActorEmail, Agent: e.Agent, Action: e.Action,
		Subject: e.Subject, Refused: e.Refused, Before: e.Before, After: e.After}
	if !e.Actor.IsZero() {
		row.Actor = e.Actor.String()
	}
	if !e.Credential.IsZero() {
		row.Credential = e.Credential.String()
	}
	if e.Addr.IsValid() {
		row.Addr = e.Addr.String()
	}
	if !e.Account.IsZero() {
		row.Account = e.Account.String()
	}
	return row
}

func (a *API) operatorAuditEntries(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	asked := r.URL.Query()
	after, err1 := strconv.ParseUint(asked.Get("after"), 10, 63)
	limit, err2 := strconv.Atoi(asked.Get("limit"))
	if errors.Join(err1, err2) != nil || limit < 1 || limit > mostAuditEntries {
		return answer{}, &api.FieldError{Message: "want after, a revision, and limit, from 1 to " + strconv.Itoa(mostAuditEntries)}
	}
	entries, size, err := a.control.AuditEntries(ctx, control.Operator(), leastkey.Revision(after), limit)
	if err != nil {
		return answer{}, err
	}
	shown := api.AuditEntries{Size: size, Entries: []api.AuditEntry{}}
	bytes := 0
	for _, e := range entries {
		entry := api.AuditEntry{Revision: e.Revision, Leaf: string(e.Leaf), Fault: e.Fault}
		for _, h := range e.Hashes {
			entry.Hashes = append(entry.Hashes, h[:])
		}
		shown.Entries = append(shown.Entries, entry)
		if bytes += len(e.Leaf); bytes > largestAuditPage {
			break
		}
	}
	last := leastkey.Revision(after) + leastkey.Revision(len(shown.Entries))
	if shown.Faults, err = a.control.AuditFaults(ctx, control.Operator(), leastkey.Revision(after), last, mostAuditFaults); err != nil {
		return answer{}, err
	}
	return ok(shown)
}

func (a *API) operatorAuditCheckpoint(signer *audit.Signer) func(context.Context, *http.Request, []byte) (answer, error) {
	return func(ctx context.Context, _ *http.Request, _ []byte) (answer, error) {
		size, root, err := a.control.AuditTree(ctx, control.Operator())
		if err != nil {
			return answer{}, err
		}
		signed, err := signer.Sign(audit.Checkpoint{Size: size, Root: root})
		if err != nil {
			return answer{}, err
		}
		return ok(api.AuditCheckpoint{Size: size, Checkpoint: string(signed), Key: signer.Public()})
	}
}
