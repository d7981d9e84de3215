package guard

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// State is what an enforcement node knows: credentials, principals with their grants, and the
// registry of resources. Readers see one immutable snapshot; writers replace it whole.
//
// The catalogue is part of the snapshot: a request is decided by one catalogue from its beginning
// to its end, also while another comes into force.
type State struct {
	mu      sync.Mutex // one writer at a time
	rules   *rules     // in force, or to be when the state is sure again
	history *history   // nil: nobody asks for it
	follows bool       // a Follower writes it, and nobody else
	current atomic.Pointer[snapshot]
	changed atomic.Pointer[chan struct{}]
}

// ErrGap says that changes were lost between what the state has and what it was given. The
// state is then unsure, and every decision is refused, until Load.
var ErrGap = errors.New("guard: a change is missing")

// errFollows says that a state is another's to change.
var errFollows = errors.New("guard: the state follows that of another process")

// NewState makes a state that knows nothing and is unsure until Load.
func NewState(c *catalog.Catalog) *State { return newState(rulesOf(c)) }

func newState(r *rules) *State {
	s := &State{rules: r}
	changed := make(chan struct{})
	s.changed.Store(&changed)
	return s
}

// UseCatalog puts another catalogue in force: what principals may do is computed anew, and every
// decision that starts when it has returned goes by it. Requests under way go on by the old one.
func (s *State) UseCatalog(c *catalog.Catalog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = rulesOf(c)
	was := s.current.Load()
	if was == nil {
		return
	}
	edit := s.begin(was)
	for h := range was.principals.values() {
		edit.hold(&holder{record: h.record, memberships: h.memberships})
	}
	edit.rename()
	s.publish(edit.finish(was.revision))
}

// Catalog is the catalogue in force. It is nil for a [Follower] that has heard nothing yet.
func (s *State) Catalog() *catalog.Catalog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules.catalog
}

// Changed is closed at the next change of what is known, or of the catalogue. Ask for it before
// you look at what you watch.
func (s *State) Changed() <-chan struct{} { return *s.changed.Load() }

// publish makes a snapshot current, nil for none that is sure. The caller holds mu.
func (s *State) publish(n *snapshot) {
	s.current.Store(n)
	next := make(chan struct{})
	close(*s.changed.Swap(&next))
}

// Load replaces everything with what each gives, which is the state at revision rev. When it
// fails the state is as it was.
func (s *State) Load(rev leastkey.Revision, each func(yield func(leastkey.Change) error) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follows {
		return errFollows
	}
	edit := s.begin(emptySnapshot())
	if err := each(edit.apply); err != nil {
		return err
	}
	s.history.forget()
	s.publish(edit.finish(rev))
	return nil
}

// Apply makes the changes of one commit. When it returns nil, every decision that starts from
// now on knows them. A revision that does not follow the one the state has makes it unsure.
func (s *State) Apply(rev leastkey.Revision, changes []leastkey.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follows {
		return errFollows
	}
	was := s.current.Load()
	if was == nil || rev != was.revision+1 {
		s.publish(nil)
		return fmt.Errorf("%w: revision %d came where the state has %s", ErrGap, rev, was)
	}
	edit := s.begin(was)
	for _, c := range changes {
		if err := edit.apply(c); err != nil {
			s.publish(nil)
			return err
		}
	}
	s.history.add(rev, changes)
	s.publish(edit.finish(rev))
	return nil
}

// Doubt makes the state unsure until the next Load: decisions are refused with 503.
func (s *State) Doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.publish(nil)
}

// Revision is that of the last commit the state knows; false while it is unsure.
func (s *State) Revision() (leastkey.Revision, bool) {
	now := s.sure()
	if now == nil {
		return 0, false
	}
	return now.revision, true
}

// sure is the snapshot to decide by; nil when there is none that is certain.
func (s *State) sure() *snapshot {
	now := s.current.Load()
	if now == nil || !now.lease.holds() {
		return nil
	}
	return now
}

// snapshot is the state at one revision. It never changes once it can be read.
type snapshot struct {
	revision    leastkey.Revision
	lease       lease
	rules       *rules
	secrets     sharded[[16]byte, secretEntry]
	credentials sharded[leastkey.ID, *leastkey.CredentialRecord]
	principals  sharded[leastkey.Principal, *holder]
	resources   sharded[leastkey.Resource, registered]
	names       sharded[hostName, []leastkey.Resource] // of the types that are found by host names
}

// rules are a catalogue, and what is made of it once, so that to observe allocates nothing.
type rules struct {
	catalog      *catalog.Catalog
	names        map[*catalog.Operation]string
	tokenHeaders []string
	byHost       map[leastkey.ResourceType]bool // found by host names
}

func rulesOf(c *catalog.Catalog) *rules {
	return &rules{c, operationNames(c), c.TokenHeaders(), foundByHost(c)}
}

type secretEntry struct {
	leastkey.LiveSecret
	credential leastkey.ID
}

// holder is a principal with what follows from its memberships.
type holder struct {
	record      leastkey.PrincipalRecord
	memberships []leastkey.Membership
	grants      leastkey.Grants
}

func emptySnapshot() *snapshot {
	return &snapshot{
		secrets:     newSharded[[16]byte, secretEntry](),
		credentials: newSharded[leastkey.ID, *leastkey.CredentialRecord](),
		principals:  newSharded[leastkey.Principal, *holder](),
		resources:   newSharded[leastkey.Resource, registered](),
		names:       newSharded[hostName, []leastkey.Resource](),
	}
}

// String names the revision, for errors.
func (n *snapshot) String() string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(uint64(n.revision))
}

// deepest bounds the chain of parents; a catalogue's types nest far less.
const deepest = 16

// ancestry tells the ancestors of a resource, nearest first. It is a leastkey.Ancestry.
func (n *snapshot) ancestry(r leastkey.Resource) ([]leastkey.Resource, bool) {
	var chain []leastkey.Resource
	for {
		if r.Type == leastkey.UserType || r.Type == leastkey.AccountType {
			return chain, n.hasPrincipal(r)
		}
		row, known := n.resources.get(r)
		if !known || len(chain) == deepest {
			return nil, false
		}
		chain = append(chain, row.parent)
		r = row.parent
	}
}

func (n *snapshot) hasPrincipal(r leastkey.Resource) bool {
	id, err := leastkey.ParseID(r.ID)
	if err != nil {
		return false
	}
	p := leastkey.AccountOf(id)
	if r.Type == leastkey.UserType {
		p = leastkey.UserOf(id)
	}
	_, known := n.principals.get(p)
	return known
}

// change is a snapshot in the making.
type change struct {
	lease       lease
	rules       *rules
	secrets     *editor[[16]byte, secretEntry]
	credentials *editor[leastkey.ID, *leastkey.CredentialRecord]
	principals  *editor[leastkey.Principal, *holder]
	resources   *editor[leastkey.Resource, registered]
	names       *editor[hostName, []leastkey.Resource]
}

func (s *State) begin(from *snapshot) *change {
	return begin(s.rules, from)
}

func begin(r *rules, from *snapshot) *change {
	return &change{from.lease, r, from.secrets.edit(), from.credentials.edit(), from.principals.edit(), from.resources.edit(), from.names.edit()}
}

func (e *change) finish(rev leastkey.Revision) *snapshot {
	return &snapshot{rev, e.lease, e.rules, e.secrets.done(), e.credentials.done(), e.principals.done(), e.resources.done(), e.names.done()}
}

func (e *change) apply(c leastkey.Change) error {
	known := 0
	if c.Credential != nil {
		e.credential(*c.Credential)
		known++
	}
	if c.Principal != nil {
		e.principal(*c.Principal)
		known++
	}
	if c.Membership != nil {
		e.membership(*c.Membership)
		known++
	}
	if c.Resource != nil {
		e.resource(*c.Resource)
		known++
	}
	if known != 1 { // a kind of change this node does not know could be a revocation
		return fmt.Errorf("guard: a change of %d known kinds where one was expected", known)
	}
	return nil
}

func (e *change) credential(rec leastkey.CredentialRecord) {
	id := rec.Credential.ID
	if was, ok := e.credentials.get(id); ok {
		for _, secret := range was.Secrets {
			e.secrets.drop(secret.Hash.Lookup())
		}
	}
	if len(rec.Secrets) == 0 {
		e.credentials.drop(id)
		return
	}
	for _, secret := range rec.Secrets {
		e.secrets.put(secret.Hash.Lookup(), secretEntry{secret, id})
	}
	e.credentials.put(id, &rec)
}

func (e *change) principal(rec leastkey.PrincipalRecord) {
	next := &holder{record: rec}
	if was, ok := e.principals.get(rec.Principal); ok {
		next.memberships = was.memberships
	}
	e.hold(next)
}

func (e *change) membership(m leastkey.Membership) {
	next := &holder{record: leastkey.PrincipalRecord{Principal: leastkey.UserOf(m.User)}}
	if was, ok := e.principals.get(leastkey.UserOf(m.User)); ok {
		next.record = was.record
		next.memberships = slices.DeleteFunc(slices.Clone(was.memberships), func(old leastkey.Membership) bool {
			return old.Account == m.Account
		})
	}
	if len(m.Roles) > 0 {
		next.memberships = append(next.memberships, m)
	}
	e.hold(next)
}

// hold computes the grants of a principal anew, from all that is known of it.
func (e *change) hold(h *holder) {
	h.grants = e.rules.catalog.Grants(h.record.Principal, h.record.Active, h.memberships)
	e.principals.put(h.record.Principal, h)
}

func (e *change) resource(rec leastkey.ResourceRecord) {
	if was, ok := e.resources.get(rec.Resource); ok {
		e.unname(rec.Resource, was.name)
	}
	if rec.Gone {
		e.resources.drop(rec.Resource)
		return
	}
	e.resources.put(rec.Resource, registered{rec.Parent, rec.Name})
	e.name(rec.Resource, rec.Name)
}
