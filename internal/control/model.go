package control

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
)

// User is a person.
type User struct {
	ID           leastkey.ID
	Email        string // normalised: trimmed, lower case; unique
	FirstName    string
	LastName     string
	PasswordHash string // argon2id in PHC form; empty: no password sign-in
	Disabled     bool
	CreatedOn    time.Time
	ModifiedOn   time.Time
}

// Account owns resources and has members. A new one takes no name that is in use; a renamed one
// may, because refusing that would tell what the accounts of others are called.
type Account struct {
	ID         leastkey.ID
	Name       string
	CreatedOn  time.Time
	ModifiedOn time.Time
}

// Member is a user's place in an account.
type Member struct {
	ID        leastkey.ID
	Account   leastkey.ID
	User      leastkey.ID
	Roles     []leastkey.ID // at least one, in the order given
	CreatedOn time.Time
}

// Resource is one row of the registry.
type Resource struct {
	leastkey.Resource
	Name      string // what people call it; the id when the API has no names
	Parent    leastkey.Resource
	CreatedOn time.Time
}

// Credential is a token or a Global API Key as the control plane keeps it.
type Credential struct {
	leastkey.Credential
	Name       string
	Secrets    []StoredSecret // newest first; at most two
	IssuedOn   time.Time
	ModifiedOn time.Time
	LastUsedOn time.Time // zero: never
}

// StoredSecret is what is kept of a secret.
type StoredSecret struct {
	leastkey.LiveSecret
	Tail      string // last four characters, so that an owner can tell two secrets apart
	CreatedOn time.Time
}

// Record is the credential as enforcement nodes hold it.
func (c Credential) Record() leastkey.CredentialRecord {
	rec := leastkey.CredentialRecord{Credential: c.Credential}
	for _, s := range c.Secrets {
		rec.Secrets = append(rec.Secrets, s.LiveSecret)
	}
	return rec
}

// Audit is one row of the audit log: who did what to what, from where, when.
type Audit struct {
	ID         leastkey.ID
	Revision   leastkey.Revision // set by the store
	At         time.Time
	Actor      leastkey.Principal // zero for the operator
	Credential leastkey.ID        // what the actor presented; zero for the operator
	Addr       netip.Addr         // the client's address; invalid for the operator
	Action     string             // such as "token.create"
	Subject    string             // kind and id of what was acted on, such as "token 7d2f..."
	Account    leastkey.ID        // the account concerned; zero when none
	Before     json.RawMessage    // the subject before, never with a secret; nil when there was none
	After      json.RawMessage    // the subject after; nil when it is gone
}
