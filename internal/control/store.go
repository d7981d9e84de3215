package control

import (
	"context"
	"errors"
	"time"

	"github.com/leastkey/leastkey"
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
	// with the audit row, the next revision and a change-log row that holds the Act's changes.
	// When it returns nil all of that survives the loss of power; when it returns an error, or
	// fn does, none of it happened. An Act without an Action is ErrNoAudit.
	Commit(ctx context.Context, fn func(Tx) (Act, error)) (leastkey.Revision, error)

	// Close waits for what is running and lets go of the storage.
	Close() error
}

// Act is what one commit did: its audit row, and what enforcement nodes must learn of it.
type Act struct {
	Audit   Audit
	Changes []leastkey.Change
}

// Committed is one row of the change log.
type Committed struct {
	Revision leastkey.Revision
	Changes  []leastkey.Change
}

// AuditFilter selects audit rows; zero fields select everything.
type AuditFilter struct {
	Account leastkey.ID
	Actor   leastkey.Principal
	Subject string
	Limit   int // at most this many, newest first; 0 means 100
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
	// and every live credential.
	State(fn func(leastkey.Change) error) error

	User(id leastkey.ID) (User, error)
	UserByEmail(email string) (User, error)
	Users() ([]User, error)

	Account(id leastkey.ID) (Account, error)
	Accounts() ([]Account, error)

	Member(account, id leastkey.ID) (Member, error)
	Members(account leastkey.ID) ([]Member, error)
	Memberships(user leastkey.ID) ([]Member, error)

	Resource(r leastkey.Resource) (Resource, error)
	// Resources lists the registry; a zero type or parent does not restrict.
	Resources(t leastkey.ResourceType, parent leastkey.Resource) ([]Resource, error)

	// Credential gives a live credential. A revoked one is ErrNotFound, for ever.
	Credential(id leastkey.ID) (Credential, error)
	// Credentials lists the live credentials of one kind that a principal owns.
	Credentials(owner leastkey.Principal, kind leastkey.Kind) ([]Credential, error)

	// AuditRows lists audit rows, newest first.
	AuditRows(f AuditFilter) ([]Audit, error)
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
}
