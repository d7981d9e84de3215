package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// Row is one row of the audit log: who did what to what, from where, when, and what came of it.
type Row struct {
	ID         leastkey.ID
	Revision   leastkey.Revision  // the row's number in the log, from 1
	At         time.Time          // to the microsecond
	Actor      leastkey.Principal // zero for the operator; with an Agent, whose things it acted on, or zero
	Credential leastkey.ID        // what the actor presented; zero for the operator
	Addr       netip.Addr         // the client's address; invalid for the operator
	Agent      string             // which part of Leastkey acted by itself, such as "discovery"; otherwise empty
	Action     string             // such as "token.create"
	Subject    string             // kind and id of what was acted on, such as "token 7d2f..."; empty when it is not there
	Account    leastkey.ID        // the account concerned; zero when none
	Refused    string             // why nothing was done, in words; empty: it was done
	Before     json.RawMessage    // the subject before, never with a secret; nil when there was none
	After      json.RawMessage    // the subject after; nil when it is gone, and when nothing was done
}

// leaf is a row on the wire, and what is hashed. Names and order of the fields must stay as they are
// for as long as there are logs: add fields at the end, with omitempty.
type leaf struct {
	Revision   leastkey.Revision `json:"revision"`
	ID         string            `json:"id"`
	At         string            `json:"at,omitempty"`
	Actor      string            `json:"actor,omitempty"`
	Credential string            `json:"credential,omitempty"`
	Addr       string            `json:"addr,omitempty"`
	Agent      string            `json:"agent,omitempty"`
	Action     string            `json:"action"`
	Subject    string            `json:"subject,omitempty"`
	Account    string            `json:"account,omitempty"`
	Refused    string            `json:"refused,omitempty"`
	Before     json.RawMessage   `json:"before,omitempty"`
	After      json.RawMessage   `json:"after,omitempty"`
}

// Leaf gives the bytes that stand for the row in the tree: one line of JSON, without its end. It fails
// for what cannot be told from another row then: texts that are not UTF-8, values that are not JSON.
func (r Row) Leaf() ([]byte, error) {
	if !r.Actor.IsZero() && r.Actor != leastkey.UserOf(r.Actor.ID) && r.Actor != leastkey.AccountOf(r.Actor.ID) {
		return nil, fmt.Errorf("audit: row %d: its actor is neither a user nor an account", r.Revision)
	}
	for _, text := range []string{r.Agent, r.Action, r.Subject, r.Refused} {
		if !utf8.ValidString(text) { // JSON would have it say something else
			return nil, fmt.Errorf("audit: row %d: %q is not UTF-8", r.Revision, text)
		}
	}
	l := leaf{Revision: r.Revision, ID: r.ID.String(), Agent: r.Agent, Action: r.Action, Subject: r.Subject, Refused: r.Refused, Before: r.Before, After: r.After}
	if !r.At.IsZero() {
		l.At = r.At.UTC().Format(time.RFC3339Nano)
	}
	if !r.Actor.IsZero() {
		l.Actor = r.Actor.String()
	}
	if !r.Credential.IsZero() {
		l.Credential = r.Credential.String()
	}
	if r.Addr.IsValid() {
		l.Addr = r.Addr.String()
	}
	if !r.Account.IsZero() {
		l.Account = r.Account.String()
	}
	line, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("audit: row %d: %w", r.Revision, err)
	}
	return line, nil
}

// ParseLeaf reads what Leaf gave, and nothing else: a line that says the same in other bytes is an error.
func ParseLeaf(line []byte) (Row, error) {
	var l leaf
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return Row{}, fmt.Errorf("audit: this is no row: %w", err)
	}
	r := Row{Revision: l.Revision, Agent: l.Agent, Action: l.Action, Subject: l.Subject, Refused: l.Refused, Before: l.Before, After: l.After}
	var errs [5]error
	r.ID, errs[0] = leastkey.ParseID(l.ID)
	r.Credential, errs[1] = optional(l.Credential, leastkey.ParseID)
	r.Account, errs[2] = optional(l.Account, leastkey.ParseID)
	r.Addr, errs[3] = optional(l.Addr, netip.ParseAddr)
	r.At, errs[4] = optional(l.At, func(s string) (time.Time, error) { return time.Parse(time.RFC3339Nano, s) })
	if err := errors.Join(errs[:]...); err != nil {
		return Row{}, fmt.Errorf("audit: row %d: %w", l.Revision, err)
	}
	var err error
	if r.Actor, err = optional(l.Actor, parsePrincipal); err != nil {
		return Row{}, fmt.Errorf("audit: row %d: %w", l.Revision, err)
	}
	if again, err := r.Leaf(); err != nil || !bytes.Equal(again, line) {
		return Row{}, fmt.Errorf("audit: row %d is not in the form in which rows are written", l.Revision)
	}
	return r, nil
}

func optional[T any](text string, parse func(string) (T, error)) (value T, err error) {
	if text == "" {
		return value, nil
	}
	return parse(text)
}

// parsePrincipal reads "user 7d2f..." and "account 023e...".
func parsePrincipal(text string) (leastkey.Principal, error) {
	kind, rest, _ := strings.Cut(text, " ")
	id, err := leastkey.ParseID(rest)
	for _, p := range []leastkey.Principal{leastkey.UserOf(id), leastkey.AccountOf(id)} {
		if string(p.Resource().Type) == kind {
			return p, err
		}
	}
	return leastkey.Principal{}, fmt.Errorf("%q is neither a user nor an account", text)
}
