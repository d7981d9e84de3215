package leastkey

import (
	"encoding/hex"
	"fmt"
	"time"
)

// PrincipalKind says what owns a credential.
type PrincipalKind uint8

// The kinds of principal.
const (
	_ PrincipalKind = iota
	UserPrincipal
	AccountPrincipal
)

// Principal owns credentials: a user, or an account ("account-owned token").
// The zero Principal is nobody.
type Principal struct {
	Kind PrincipalKind `json:"kind"`
	ID   ID            `json:"id"`
}

// UserOf names a user as principal.
func UserOf(id ID) Principal { return Principal{UserPrincipal, id} }

// AccountOf names an account as principal.
func AccountOf(id ID) Principal { return Principal{AccountPrincipal, id} }

// Resource is the principal seen as a resource: a user is of type user, an account of type account.
func (p Principal) Resource() Resource {
	switch p.Kind {
	case UserPrincipal:
		return Resource{UserType, p.ID.String()}
	case AccountPrincipal:
		return Resource{AccountType, p.ID.String()}
	default:
		return Resource{}
	}
}

// IsZero reports whether the principal is nobody.
func (p Principal) IsZero() bool { return p == Principal{} }

// String gives "user <id>" or "account <id>".
func (p Principal) String() string {
	if p.IsZero() {
		return "nobody"
	}
	buf := make([]byte, 0, len("account ")+2*len(p.ID))
	switch p.Kind {
	case UserPrincipal:
		buf = append(buf, UserType+" "...)
	case AccountPrincipal:
		buf = append(buf, AccountType+" "...)
	default:
		return p.Resource().String()
	}
	return string(hex.AppendEncode(buf, p.ID[:]))
}

// Kind says what sort of credential was presented, and so whether policies bound it.
// The zero kind is refused.
type Kind uint8

// The kinds of credential.
const (
	_            Kind = iota
	Token             // bounded by its policies and by its principal
	GlobalAPIKey      // bounded by its principal alone
	Session           // a person signed in to the dashboard; bounded by its principal alone
	ServiceKey        // an Origin CA Key: good for operations that name it, and there bounded by its principal alone
)

// String names the kind as users know it.
func (k Kind) String() string {
	switch k {
	case Token:
		return "API token"
	case GlobalAPIKey:
		return "Global API Key"
	case Session:
		return "dashboard session"
	case ServiceKey:
		return "Origin CA Key"
	default:
		return "unknown credential"
	}
}

// Status is what the owner set. Expiry is not a status of the record: it follows from the time.
// The zero status is refused.
type Status uint8

// The statuses of a credential.
const (
	_ Status = iota
	Active
	Disabled
)

// String gives "active" or "disabled".
func (s Status) String() string {
	switch s {
	case Active:
		return "active"
	case Disabled:
		return "disabled"
	default:
		return "none"
	}
}

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts "active" and "disabled".
func (s *Status) UnmarshalText(text []byte) error {
	switch string(text) {
	case "active":
		*s = Active
	case "disabled":
		*s = Disabled
	default:
		return fmt.Errorf("status %q: want active or disabled", clip(string(text)))
	}
	return nil
}

// Credential is everything about a credential that a decision depends on. It never holds the
// secret. The zero Credential is refused.
type Credential struct {
	ID        ID        `json:"id"`
	Kind      Kind      `json:"kind"`
	Principal Principal `json:"principal"`
	Status    Status    `json:"status"`
	Validity  Validity  `json:"validity,omitzero"`
	Condition Condition `json:"condition,omitzero"`
	Policies  []Policy  `json:"policies,omitempty"` // of a Token; other kinds have none
}

// Usable says whether the credential itself is in order at the instant now, whatever it is used
// for: Granted, or the reason why not.
func (c Credential) Usable(now time.Time) Reason {
	switch {
	case c.Kind != Token && c.Kind != GlobalAPIKey && c.Kind != Session && c.Kind != ServiceKey:
		return DeniedByDefault
	case c.Status == Disabled:
		return CredentialDisabled
	case c.Status != Active:
		return DeniedByDefault
	case !c.Validity.NotBefore.IsZero() && now.Before(c.Validity.NotBefore):
		return CredentialNotYetValid
	case !c.Validity.ExpiresOn.IsZero() && !now.Before(c.Validity.ExpiresOn):
		return CredentialExpired
	default:
		return Granted
	}
}

// bounded reports whether policies bound the credential below its principal.
func (c Credential) bounded() bool {
	return c.Kind != GlobalAPIKey && c.Kind != Session && c.Kind != ServiceKey
}

// Grants is what a principal may itself do at this moment, through memberships and roles.
// The zero Grants allow nothing.
type Grants struct {
	Principal Principal
	Active    bool // false: the user is disabled, or the account is closed
	Policies  []Policy
}
