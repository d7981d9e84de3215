package api

import (
	"encoding/json"

	"github.com/leastkey/leastkey"
)

// AuditRow is one row of the audit log, as GET /leastkey/v1/audit lists them: newest first, with the
// filters since and until (times), actor (the id of a user), account and token (ids), action, refused
// (true), before (a revision, for the next page) and limit (at most 1000; 100 unless said).
type AuditRow struct {
	Revision   leastkey.Revision `json:"revision"`
	ID         leastkey.ID       `json:"id"`
	At         Time              `json:"at"`
	Actor      string            `json:"actor,omitempty"` // "user 7d2f...", "account 023e..."; the operator is nobody of these
	ActorEmail string            `json:"actor_email,omitempty"`
	Credential string            `json:"credential,omitempty"` // id of what the actor presented
	Addr       string            `json:"addr,omitempty"`
	Agent      string            `json:"agent,omitempty"` // which part of Leastkey acted by itself
	Action     string            `json:"action"`          // "token.roll"
	Subject    string            `json:"subject,omitempty"`
	Account    string            `json:"account,omitempty"`
	Refused    string            `json:"refused,omitempty"` // why nothing was done; without it, it was
	Before     json.RawMessage   `json:"before,omitempty"`
	After      json.RawMessage   `json:"after,omitempty"`
}

// AuditEntry is what is kept under one number of the audit log.
type AuditEntry struct {
	Revision leastkey.Revision `json:"revision"`
	Leaf     string            `json:"leaf,omitempty"`   // the row, byte for byte as it is hashed; without it the row is not there
	Fault    string            `json:"fault,omitempty"`  // why the row cannot be read
	Hashes   [][]byte          `json:"hashes,omitempty"` // stored with the row: its own first, then those of the subtrees that it completes
}

// AuditEntries is the answer to GET /leastkey/v1/audit/entries, which takes after (a revision) and
// limit (at most 5000): entries oldest first, without gaps. There may be fewer than were asked for; there
// are none behind the last.
type AuditEntries struct {
	Size    leastkey.Revision `json:"size"` // how many rows were ever written
	Entries []AuditEntry      `json:"entries"`
	Faults  []string          `json:"faults,omitempty"` // what is wrong beside the entries, such as in the index of them
}

// AuditCheckpoint is the answer to GET /leastkey/v1/audit/checkpoint.
type AuditCheckpoint struct {
	Size       leastkey.Revision `json:"size"`
	Checkpoint string            `json:"checkpoint"` // a signed note, in the form of C2SP tlog-checkpoint
	Key        string            `json:"key"`        // with which its signature is checked
}
