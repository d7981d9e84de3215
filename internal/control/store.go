package control

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
)

// Errors of a [Store]. Anything else it returns is a fault of the store itself.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrExists: a unique value (id of another kind, e-mail, membership, secret) is taken.
	ErrExists = errors.New("exists already")
	// ErrNoAudit: a commit came without its audit row, and nothing was kept.
	ErrNoAudit = errors.New("a commit without an audit row")
)

// Store keeps the state of the control plane. Every implementation passes storetest.
type Store interface {
	// View runs fn on one consistent state. The Reader is dead when fn returns.
	View(ctx context.Context, fn func(Reader) error) error

	// Commit runs fn in one transaction, alone among writers, and makes it durable together
	// with the next revision, which is one more than the last, the audit row with that revision,
	// the hashes that audit.Add gives for it, and a change-log row that holds the Act's changes.
	// When it returns nil all of that survives the loss of power; when it returns an error, or
	// fn does, none of it happened. An Act without an Action is ErrNoAudit.
	//
	// Commits that are under way at the same time may share a transaction, in which each sees what
	// those before it did. One that fails is undone alone. When the whole of it cannot be made
	// durable, none of them happened, and all of them are told so. fn runs in the caller's goroutine.
	Commit(ctx context.Context, fn func(Tx) (Act, error)) (leastkey.Revision, error)

	// Note runs fn in one transaction of its own, which keeps what was seen: no act, so without
	// revision and audit row. It is as durable as a commit.
	Note(ctx context.Context, fn func(Notes) error) error

	// Close waits for what is running and lets go of the storage.
	Close() error
}

// Notes keeps what was seen. What is gone meanwhile is passed over.
type Notes interface {
	// SessionSeen sets when and, for the family of the address, from where a session was last
	// seen. An earlier time than the one kept changes nothing.
	SessionSeen(id leastkey.ID, at time.Time, addr netip.Addr) error
	// Used keeps uses, in the order given, of each credential the newest mostUses; and raises
	// when their credentials and secrets were last used. A time never goes back.
	Used(uses []Use, mostUses int) error
	// PruneAudit removes at most limit audit rows through a revision, and leaves their hashes; it
	// says how many went. It fails when no row of audit.ActionPrune says that they may go.
	PruneAudit(through leastkey.Revision, limit int) (int, error)
	// Sweep removes sessions that were over, or not seen since idle, and links that were over, at
	// the instant now.
	Sweep(now, idle time.Time) error
}

// Act is what one commit did: its audit row, and what enforcement nodes must learn of it.
type Act struct {
	Audit   Audit
	Changes []leastkey.Change

	// Publish, when it is not nil, is called once the commit is durable: in the order of revisions,
	// while no other fn runs, and before this or a later commit returns.
	Publish func(leastkey.Revision)
	// Last has the fn of every later commit run after Publish: it changes what they go by.
	Last bool
}

// Committed is one row of the change log.
type Committed struct {
	Revision leastkey.Revision
	Changes  []leastkey.Change
}

// AuditRead is an audit row as it was found.
type AuditRead struct {
	Audit
	Fault error // not nil: it cannot be read, and only its Revision is known
}

// AuditFilter selects audit rows; zero fields select everything.
type AuditFilter struct {
	Account leastkey.ID
	Actor   leastkey.Principal
	Subject string
	// About a user: what it did itself, and what was done to "user <id>". Not with Actor.
	User    leastkey.ID
	Action  string
	Refused bool              // only what was refused
	From    time.Time         // at or after
	To      time.Time         // before
	Before  leastkey.Revision // older than this row; 0: any
	Limit   int               // at most this many, newest first; 0 means 100
}

// ResourceSearch finds resources of a type below any of some ancestors.
type ResourceSearch struct {
	Type   leastkey.ResourceType
	Within []leastkey.Resource // ancestors, at any depth; none: nothing is found
	Text   string              // in the name, whatever the case of A to Z; or the whole id; empty: all
	Limit  int                 // at most this many; must be positive
}

// CredentialPage asks for a part of the live credentials of one kind that a principal owns.
type CredentialPage struct {
	Owner         leastkey.Principal
	Kind          leastkey.Kind
	Unexpired     time.Time // not zero: without those that are leastkey.CredentialExpired at that instant
	NewestFirst   bool
	Offset, Limit int // negative ones are 0
}

// Reader reads one consistent state. Methods that name one row return ErrNotFound when it is
// not there; lists are then empty. Lists come oldest first (creation time, then id) unless said.
type Reader interface {
	// Revision is the number of commits so far.
	Revision() (leastkey.Revision, error)
	// Changes lists change-log rows after a revision, in order, at most limit.
	Changes(after leastkey.Revision, limit int) ([]Committed, error)
	// State gives everything that enforcement nodes know, as changes, to fn, until fn fails:
	// principals first, then resources (parents need not come before children), memberships,
	// and every live credential. fn may keep what it is given, and must not use the Reader.
	State(fn func(leastkey.Change) error) error

	User(id leastkey.ID) (User, error)
	UserByEmail(email string) (User, error)
	Users() ([]User, error)

	Account(id leastkey.ID) (Account, error)
	Accounts() ([]Account, error)

	Member(account, id leastkey.ID) (Member, error)
	Members(account leastkey.ID) ([]Member, error)
	Memberships(user leastkey.ID) ([]Member, error)

	// Role gives a role that an account made itself.
	Role(account, id leastkey.ID) (Role, error)
	Roles(account leastkey.ID) ([]Role, error)

	Resource(r leastkey.Resource) (Resource, error)
	// Resources lists the registry; a zero type or parent does not restrict.
	Resources(t leastkey.ResourceType, parent leastkey.Resource) ([]Resource, error)

	// Credential gives a live credential. A revoked one is ErrNotFound, for ever.
	Credential(id leastkey.ID) (Credential, error)
	// CredentialWithSecret gives the live credential that a live secret belongs to.
	CredentialWithSecret(h leastkey.SecretHash) (Credential, error)
	// Credentials lists the live credentials of one kind that a principal owns.
	Credentials(owner leastkey.Principal, kind leastkey.Kind) ([]Credential, error)
	// CredentialPage lists a part of Credentials, or of what is left of them, and says how many all parts have. They
	// come without their secrets.
	CredentialPage(p CredentialPage) (part []Credential, total int, err error)
	// CountCredentials is how many Credentials would list.
	CountCredentials(owner leastkey.Principal, kind leastkey.Kind) (int, error)
	// CredentialsNaming lists the live credentials that have a policy, allow or deny, with a
	// pattern for the resource itself or for what is under it, by id.
	CredentialsNaming(r leastkey.Resource) ([]leastkey.ID, error)

	// FindResources lists by name (case of A to Z aside), then id. Those whose name begins with
	// the text come first.
	FindResources(s ResourceSearch) ([]Resource, error)
	// CountResources counts what a search without Limit would find.
	CountResources(s ResourceSearch) (int, error)

	// AuditRows lists audit rows, newest first.
	AuditRows(f AuditFilter) ([]Audit, error)
	// AuditRow gives one audit row.
	AuditRow(id leastkey.ID) (Audit, error)
	// AuditAfter lists audit rows behind a revision, oldest first, at most limit; those too that
	// are behind the last revision, or cannot be read, which nothing but a change of the storage
	// behind our back can bring about.
	AuditAfter(after leastkey.Revision, limit int) ([]AuditRead, error)
	// AuditHashes lists the hashes with indexes from first to before last, in order. Those that
	// are not there are left out; of a row with more than belong to it, its last index comes twice.
	AuditHashes(first, last int64) ([]audit.Stored, error)
	// AuditFaults says in words, at most limit of each kind, which rows behind a revision, and through
	// last, AuditRows does not find; from 0 on, also which rows are before the first.
	AuditFaults(after, last leastkey.Revision, limit int) ([]string, error)

	// Session gives a session, over or not, until it is deleted or swept.
	Session(id leastkey.ID) (Session, error)
	// SessionByHash gives the session whose key has the hash.
	SessionByHash(h leastkey.SecretHash) (Session, error)
	// Sessions lists the sessions of a user.
	Sessions(user leastkey.ID) ([]Session, error)
	// SignInLink gives a link, over or not, until it is deleted or swept.
	SignInLink(h leastkey.SecretHash) (SignInLink, error)

	// Identity gives the identity that a provider knows by the subject.
	Identity(issuer, subject string) (Identity, error)
	// Identities lists those of a user, by issuer.
	Identities(user leastkey.ID) ([]Identity, error)

	// Uses lists the uses of a credential that are kept, newest first.
	Uses(credential leastkey.ID) ([]Use, error)
}

// Tx reads and writes one transaction.
type Tx interface {
	Reader

	// PutUser inserts or replaces by id. ErrExists: another user has the e-mail.
	PutUser(User) error
	// PutAccount inserts or replaces by id.
	PutAccount(Account) error
	// PutMember inserts or replaces by id. ErrExists: the user has another membership there.
	PutMember(Member) error
	// DeleteMember removes a membership. ErrNotFound: there is none.
	DeleteMember(account, id leastkey.ID) error
	// PutRole inserts or replaces by id. What it grants to members is in their rows.
	PutRole(Role) error
	// DeleteRole removes a role. ErrNotFound: there is none.
	DeleteRole(account, id leastkey.ID) error
	// PutResource inserts or replaces by type and id.
	PutResource(Resource) error
	// DeleteResource removes a resource from the registry. ErrNotFound: there is none.
	DeleteResource(r leastkey.Resource) error
	// PutCredential inserts or replaces by id, with all its secrets. ErrExists: the id was
	// revoked, or a secret is or ever was another credential's, or was this one's and was
	// dropped. A secret that is left out is dropped, for ever.
	PutCredential(Credential) error
	// RevokeCredential removes a credential and all its secrets, for ever: neither its id nor
	// a secret of it can be put again. ErrNotFound: there is none.
	RevokeCredential(id leastkey.ID, at time.Time) error

	// PutSession inserts or replaces by id. ErrExists: another session has the hash.
	PutSession(Session) error
	// DeleteSession ends a session. ErrNotFound: there is none.
	DeleteSession(id leastkey.ID) error
	// PutSignInLink inserts a link. ErrExists: there is one with the hash.
	PutSignInLink(SignInLink) error
	// DeleteSignInLink removes a link. ErrNotFound: there is none.
	DeleteSignInLink(h leastkey.SecretHash) error
	// PutIdentity inserts an identity. ErrExists: the subject is known already, or the user has
	// another identity of the issuer.
	PutIdentity(Identity) error
	// DeleteIdentity removes an identity. ErrNotFound: there is none.
	DeleteIdentity(issuer, subject string) error
}
