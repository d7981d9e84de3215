package guard

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard/internal/table"
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
	fault   error      // why it cannot be sure, whatever it is given; nil usually
	current atomic.Pointer[snapshot]
	changed atomic.Pointer[chan struct{}]
}

// ErrGap says that changes were lost between what the state has and what it was given. The
// state is then unsure, and every decision is refused, until Load.
var ErrGap = errors.New("guard: a change is missing")

// errFollows says that a state is another's to change.
var errFollows = errors.New("guard: the state follows that of another process")

// NewState makes a state that knows nothing and is unsure until Load.
func NewState(c *catalog.Catalog) *State {
	r, err := rulesOf(c, newWords())
	if err != nil {
		panic(err) // only when it has tens of thousands of permission groups
	}
	return newState(r)
}

func newState(r *rules) *State {
	s := &State{rules: r}
	changed := make(chan struct{})
	s.changed.Store(&changed)
	return s
}

// UseCatalog puts another catalogue in force: what principals may do is computed anew, and every
// decision that starts when it has returned goes by it. Requests under way go on by the old one. When
// it fails, which takes tens of thousands of permission groups, the state is unsure until it is loaded
// anew; it never goes on by the old catalogue.
func (s *State) UseCatalog(c *catalog.Catalog) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := false
	defer s.unless(&done)
	next, err := rulesOf(c, s.rules.words)
	if err != nil { // the numbers of all catalogues so far are used up: a load begins with none
		if next, err = rulesOf(c, newWords()); err == nil {
			s.rules = next
		}
		s.fault = err
		return
	}
	s.rules, s.fault = next, nil
	was := s.current.Load()
	if was == nil {
		done = true
		return
	}
	edit := s.begin(was)
	if err := edit.useCatalog(); err != nil {
		return
	}
	if next, err := edit.finish(was.revision); err == nil {
		s.publish(next)
		done = true
	}
}

// unless leaves the state unsure when what was begun is not done, for whatever reason: what nodes were
// told of is not to be passed over.
func (s *State) unless(done *bool) {
	if !*done {
		s.publish(nil)
	}
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
	switch {
	case s.follows:
		return errFollows
	case s.fault != nil:
		return s.fault
	}
	edit := beginLoad(s.rules)
	if err := each(edit.apply); err != nil {
		return err
	}
	next, err := edit.finish(rev)
	if err != nil {
		return err
	}
	s.history.forget()
	s.publish(next)
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
	done := false
	defer s.unless(&done)
	was := s.current.Load()
	if was == nil || rev != was.revision+1 {
		return fmt.Errorf("%w: revision %d came where the state has %s", ErrGap, rev, was)
	}
	edit := s.begin(was)
	for _, c := range changes {
		if err := edit.apply(c); err != nil {
			return err
		}
	}
	next, err := edit.finish(rev)
	if err != nil {
		return err
	}
	s.history.add(rev, changes)
	s.publish(next)
	done = true
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
	revision leastkey.Revision
	lease    lease
	rules    *rules
	seed     maphash.Seed
	groups   []leastkey.ID           // by the numbers that records have for them
	types    []leastkey.ResourceType // likewise

	secrets, ids, owners, places, clauses, names table.Table // see change
}

func emptySnapshot() *snapshot { return &snapshot{seed: maphash.MakeSeed()} }

// String names the revision, for errors.
func (n *snapshot) String() string {
	if n == nil {
		return "none"
	}
	return fmt.Sprint(uint64(n.revision))
}

func (s *State) begin(from *snapshot) *change { return begin(s.rules, from) }
