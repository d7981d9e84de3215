package control

import (
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
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
	Groups    []leastkey.ID // that those of them grant which the account made itself
	CreatedOn time.Time
}

// Role is what an account made to give to its members, beside the roles of the catalogue.
type Role struct {
	ID          leastkey.ID
	Account     leastkey.ID
	Name        string
	Description string
	Groups      []leastkey.ID // permission groups; on the account itself, or on all of their type in it
	CreatedOn   time.Time
	ModifiedOn  time.Time
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
	Tail       string // last four characters, so that an owner can tell two secrets apart
	CreatedOn  time.Time
	LastUsedOn time.Time // zero: never
}

// Session is a person signed in to the dashboard, in one browser. Enforcement nodes never hear of
// it: what it is known by is no credential of the API.
type Session struct {
	ID          leastkey.ID
	User        leastkey.ID
	Hash        leastkey.SecretHash // of the key that the browser holds
	CreatedOn   time.Time
	ExpiresOn   time.Time  // whatever happens
	SeenOn      time.Time  // to within a minute
	ConfirmedOn time.Time  // when the person last proved who they are
	ByLink      bool       // begun with a sign-in link, not with the password
	Addr        netip.Addr // the client's address at the beginning
	Addr4       netip.Addr // the last IPv4 address it was seen from; invalid: none
	Addr6       netip.Addr // and IPv6
	Agent       string     // User-Agent at the beginning, cut to 200 bytes
}

// SignInLink lets a person sign in once without the password.
type SignInLink struct {
	Hash      leastkey.SecretHash // of the code in the link
	User      leastkey.ID
	ExpiresOn time.Time
}

// Identity is by what an identity provider knows a user. It stays with the user whatever becomes of
// the e-mail address.
type Identity struct {
	Issuer    string // of the provider, as it names itself
	Subject   string // unique there, and never given to anybody else
	User      leastkey.ID
	CreatedOn time.Time
}

// Use is one request in which a credential was recognised, whatever came of it.
type Use struct {
	Credential leastkey.ID
	Secret     leastkey.SecretHash
	At         time.Time
	Addr       netip.Addr // the client's; may be invalid
	Operation  string     // such as "GET /client/v4/zones/{zone_id}"; empty: none matched
	Target     string     // such as "zone 7d2f..."; empty: none
	Allowed    bool
	Reason     string // of a refusal, by the name that leastkey.Reason gives it
}

// Record is the credential as enforcement nodes hold it.
func (c Credential) Record() leastkey.CredentialRecord {
	rec := leastkey.CredentialRecord{Credential: c.Credential}
	for _, s := range c.Secrets {
		rec.Secrets = append(rec.Secrets, s.LiveSecret)
	}
	return rec
}

// Audit is one row of the audit log.
type Audit = audit.Row
