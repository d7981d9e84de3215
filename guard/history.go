package guard

import (
	"slices"

	"github.com/leastkey/leastkey"
)

// Bounds of a history, in commits and in changes. Who is further behind gets everything.
const (
	mostCommits = 1000
	mostChanges = 10_000
)

// history is the last commits, for those who follow. The mutex of its state guards it.
type history struct {
	generation int // how often the state was loaded: from then on it may be of another history
	commits    []commit
	changes    int // in all of them
}

type commit struct {
	revision leastkey.Revision
	changes  []leastkey.Change
}

func (h *history) forget() {
	if h != nil {
		*h = history{generation: h.generation + 1}
	}
}

func (h *history) add(rev leastkey.Revision, changes []leastkey.Change) {
	if h == nil {
		return
	}
	kept := make([]leastkey.Change, len(changes))
	for i, c := range changes {
		c.Credential, c.Membership, c.Principal, c.Resource = own(c.Credential), own(c.Membership), own(c.Principal), own(c.Resource)
		kept[i] = c
	}
	h.commits = append(h.commits, commit{rev, kept})
	h.changes += len(changes)
	for len(h.commits) > 0 && (len(h.commits) > mostCommits || h.changes > mostChanges) {
		h.changes -= len(h.commits[0].changes)
		h.commits = slices.Delete(h.commits, 0, 1)
	}
}

// own copies a record: as far as the state does, so that whoever made the change may use it again.
func own[T any](record *T) *T {
	if record == nil {
		return nil
	}
	copied := *record
	return &copied
}

// after are the commits that follow a revision up to head; false when not all are there.
func (h *history) after(rev, head leastkey.Revision) ([]commit, bool) {
	if rev > head || head-rev > leastkey.Revision(len(h.commits)) {
		return nil, false
	}
	return slices.Clone(h.commits[len(h.commits)-int(head-rev):]), true
}

// keepHistory has the state remember its commits from now on.
func (s *State) keepHistory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.history == nil {
		s.history = &history{}
	}
}

// latest is what the state knows, and what came since a revision: nil and false when that is not
// all there. The snapshot is nil when the state is unsure.
func (s *State) latest(since leastkey.Revision) (now *snapshot, generation int, commits []commit, whole bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now = s.sure(); now == nil {
		return nil, 0, nil, false
	}
	commits, whole = s.history.after(since, now.revision)
	return now, s.history.generation, commits, whole
}
