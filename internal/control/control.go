package control

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Config is what a Control is made of. Every field is needed; zero Limits mean the defaults.
type Config struct {
	Store   Store
	Catalog *catalog.Catalog
	Nodes   Nodes
	Brand   leastkey.Brand
	Limits  Limits
	Now     func() time.Time
	Random  io.Reader // crypto/rand.Reader outside tests
	Log     *slog.Logger
}

// Nodes are the enforcement nodes of this process. They learn of a commit before the call that
// made it returns, so that what was revoked is refused from then on.
type Nodes interface {
	// Load replaces all that they know with the state at a revision.
	Load(rev leastkey.Revision, each func(yield func(leastkey.Change) error) error) error
	// Apply makes the changes of the next revision.
	Apply(rev leastkey.Revision, changes []leastkey.Change) error
	// UseCatalog puts another catalogue in force.
	UseCatalog(c *catalog.Catalog)
	// Doubt makes them refuse every decision until the next Load.
	Doubt()
	// Revision is that of the last commit they know; false while they refuse for doubt.
	Revision() (leastkey.Revision, bool)
}

// Limits say how many there may be.
type Limits struct {
	UserTokens    int           // per user; 50
	AccountTokens int           // per account; 500
	Overlap       time.Duration // the longest that a rolled-away secret may live on; 7 days
}

// DefaultLimits are those of the wire contract.
func DefaultLimits() Limits {
	return Limits{UserTokens: 50, AccountTokens: 500, Overlap: 7 * 24 * time.Hour}
}

// Control runs the use cases of the control plane.
type Control struct {
	store   Store
	catalog atomic.Pointer[catalog.Catalog] // changed in publish only, and so between transactions
	nodes   Nodes
	brand   leastkey.Brand
	limits  Limits
	now     func() time.Time
	random  io.Reader
	log     *slog.Logger
	told    told
}

// Open makes a Control and tells the nodes all that the store holds.
func Open(ctx context.Context, c Config) (*Control, error) {
	if c.Limits == (Limits{}) {
		c.Limits = DefaultLimits()
	}
	control := &Control{
		store: c.Store, nodes: c.Nodes, brand: c.Brand, limits: c.Limits,
		// The store keeps microseconds; what is answered must be what is kept.
		now:    func() time.Time { return c.Now().UTC().Truncate(time.Microsecond) },
		random: c.Random, log: c.Log,
	}
	control.catalog.Store(c.Catalog)
	control.told.order.Lock()
	defer control.told.order.Unlock()
	if err := control.load(ctx); err != nil {
		return nil, fmt.Errorf("control: load the state: %w", err)
	}
	return control, nil
}

// Brand is what tokens of this installation begin with.
func (c *Control) Brand() leastkey.Brand { return c.brand }

// attempt is what a caller sets out to do, so that it can be recorded though it is refused.
type attempt struct {
	action  string // "token.roll"
	subject string // "token 7d2f..."; empty when there is none yet
}

// act is the one way in which anything changes: it authorizes the caller on the resource, runs
// do, and commits what do did with its audit row. What is refused leaves an audit row too. The nodes
// of this process know of it when act returns. Once begun it goes on though nobody waits for the
// answer: a transaction that is cut off would leave the nodes in doubt, and every client could do
// that to all others by hanging up.
func (c *Control) act(ctx context.Context, caller Caller, on leastkey.Resource, what attempt, do func(Tx, authority, *deed) error) error {
	begun := context.WithoutCancel(ctx)
	err := c.commit(begun, caller, func(tx Tx) (*deed, authority, error) {
		if err := ctx.Err(); err != nil {
			return nil, authority{}, err
		}
		by, err := c.authorize(tx, caller, on)
		if err == nil {
			err = onlyOnce(tx, caller)
		}
		done := &deed{action: what.action, subject: what.subject, account: accountOf(on)}
		if err == nil {
			err = do(tx, by, done)
		}
		return done, by, err
	})
	if caller.settled { // decided elsewhere, and what is not possible here is no wrong of theirs
		return err
	}
	return c.recordRefusal(begun, caller, on, what, err)
}

// commit makes one revision: what do did, with its audit row. Nodes know of it when it returns.
func (c *Control) commit(ctx context.Context, caller Caller, do func(Tx) (*deed, authority, error)) error {
	var refusal error
	_, err := c.store.Commit(ctx, func(tx Tx) (Act, error) {
		loads := c.told.loads.Load()
		done, by, err := do(tx)
		if err != nil {
			refusal = err
			return Act{}, err
		}
		act, err := c.record(caller, by, done)
		act.Publish = func(rev leastkey.Revision) { c.publish(ctx, rev, loads, done) }
		act.Last = done.then != nil
		return act, err
	})
	if err != nil && (refusal == nil || !errors.Is(err, refusal)) {
		c.renew(ctx, err) // the store failed: whether the commit happened is not certain
	}
	return settle(err)
}

// onlyOnce refuses an act whose id is in the audit log already.
func onlyOnce(r Reader, caller Caller) error {
	if caller.Once.IsZero() {
		return nil
	}
	row, err := r.AuditRow(caller.Once)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil
	case err != nil:
		return err
	case row.Actor != caller.Principal:
		return invalid("", "the form's id is not one that was given out for it; load the form again")
	default:
		return &Error{Kind: Repeated, Message: "this was done already"}
	}
}

// view runs a read-only use case.
func (c *Control) view(ctx context.Context, caller Caller, on leastkey.Resource, do func(Reader) error) error {
	err := c.store.View(ctx, func(r Reader) error {
		if _, err := c.authorize(r, caller, on); err != nil {
			return err
		}
		return do(r)
	})
	return settle(err)
}

// settle makes every error that leaves this package an *Error.
func settle(err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Kind: Internal, Message: "internal error", Cause: err}
}

// deed is what one use case did, to be recorded.
type deed struct {
	action  string
	subject string
	account leastkey.ID
	before  any    // nil: there was nothing before
	after   any    // nil: it is gone
	refused string // why nothing was done; empty: it was
	changes []leastkey.Change
	then    func() // what comes into force with the commit, before nodes hear of the next
}

// record is the act with its audit row.
func (c *Control) record(caller Caller, by authority, d *deed) (Act, error) {
	id := caller.Once
	if id.IsZero() || d.refused != "" { // what was refused may be tried again
		var err error
		if id, err = c.newRowID(); err != nil {
			return Act{}, err
		}
	}
	var err error
	row := Audit{
		ID: id, At: c.now(), Addr: caller.Addr, Agent: caller.agent, Action: d.action, Subject: strings.ToValidUTF8(d.subject, "\uFFFD"),
		Account: d.account, Actor: by.Credential.Principal, Credential: by.Credential.ID, Refused: strings.ToValidUTF8(d.refused, "\uFFFD"),
	}
	if row.Before, err = asJSON(d.before); err != nil {
		return Act{}, err
	}
	if row.After, err = asJSON(d.after); err != nil {
		return Act{}, err
	}
	return Act{Audit: row, Changes: d.changes}, nil
}

// newRowID makes an id that begins with the time, in milliseconds: what is made one after the other then
// stands side by side in tables that are ordered by id, and a commit changes one page of each, not one
// anywhere. 80 bits are left to chance. It is for what shows when it was made anyway.
func (c *Control) newRowID() (leastkey.ID, error) {
	id, err := leastkey.NewID(c.random)
	if err == nil {
		var at [8]byte
		binary.BigEndian.PutUint64(at[:], uint64(c.now().UnixMilli()))
		copy(id[:6], at[2:])
	}
	return id, err
}

func asJSON(v any) (json.RawMessage, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// accountOf is the account that an act on this resource concerns.
func accountOf(on leastkey.Resource) leastkey.ID {
	if on.Type != leastkey.AccountType {
		return leastkey.ID{}
	}
	id, err := leastkey.ParseID(on.ID)
	if err != nil {
		return leastkey.ID{}
	}
	return id
}
