package leastkey

import "time"

// Revision numbers committed changes: commit order is revision order, without gaps.
type Revision uint64

// LiveSecret is one secret of a credential, by its hash. A rolled-away secret lives until the
// end of its overlap; a zero Until is no end.
type LiveSecret struct {
	Hash  SecretHash `json:"hash"`
	Until time.Time  `json:"until,omitzero"`
}

// LiveAt reports whether the secret still works at the instant now.
func (s LiveSecret) LiveAt(now time.Time) bool { return s.Until.IsZero() || now.Before(s.Until) }

// CredentialRecord is a credential as enforcement nodes hold it. Without a secret it is revoked.
type CredentialRecord struct {
	Credential Credential   `json:"credential"`
	Secrets    []LiveSecret `json:"secrets"`
}

// Membership is a user's place in an account. Without roles it has ended.
type Membership struct {
	User    ID   `json:"user"`
	Account ID   `json:"account"`
	Roles   []ID `json:"roles"`
	Groups  []ID `json:"groups,omitempty"` // what those of the roles grant that the account made itself
}

// PrincipalRecord says that a user or account exists and whether it is active.
type PrincipalRecord struct {
	Principal Principal `json:"principal"`
	Email     string    `json:"email,omitempty"` // of a user: what a Global API Key is sent with
	Active    bool      `json:"active"`
}

// ResourceRecord says that a resource exists, and under which parent. Gone means it was deleted:
// an id that comes back is a new resource.
type ResourceRecord struct {
	Resource Resource `json:"resource"`
	Parent   Resource `json:"parent,omitzero"`
	Name     string   `json:"name,omitempty"` // what people call it, by which some operations find it
	Gone     bool     `json:"gone,omitempty"`
}

// Change is one step in what enforcement nodes know: the new state of exactly one thing.
// A commit of the control plane is a list of them under one revision.
type Change struct {
	Credential *CredentialRecord `json:"credential,omitempty"`
	Membership *Membership       `json:"membership,omitempty"`
	Principal  *PrincipalRecord  `json:"principal,omitempty"`
	Resource   *ResourceRecord   `json:"resource,omitempty"`
}
