package usage

import (
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
)

// The bounds of a batch, in uses and in credentials.
const (
	perCredential = 20     // uses of one credential: as many as are kept for good
	inFull        = 10_000 // credentials with more than their last uses
	most          = 500    // uses handed on at once, since other writers wait meanwhile; perCredential or more
)

// batch is uses that wait to be handed on. The zero batch is empty.
type batch struct {
	lines []*line // in the order of their first uses
	of    map[leastkey.ID]*line
}

// line is the uses of one credential. The oldest is uses[oldest], and after the last comes the first: one
// more takes the place of the oldest, without moving the others.
type line struct {
	uses   []guard.Observation
	oldest int
	bound  int
}

// inOrder gives the uses in the order in which they were told.
func (l *line) inOrder() []guard.Observation {
	if l.oldest > 0 {
		l.uses, l.oldest = slices.Concat(l.uses[l.oldest:], l.uses[:l.oldest]), 0
	}
	return l.uses
}

func (b *batch) empty() bool { return len(b.lines) == 0 }

func (b *batch) add(o *guard.Observation) {
	l, known := b.of[o.Credential]
	if !known {
		l = &line{bound: perCredential}
		if len(b.lines) >= inFull {
			l.bound = 1
		}
		if b.of == nil {
			b.of = map[leastkey.ID]*line{}
		}
		b.of[o.Credential] = l
		b.lines = append(b.lines, l)
	}
	l.add(o)
}

func (b *batch) addAll(later batch) {
	if b.empty() {
		*b = later
		return
	}
	for _, l := range later.lines {
		for _, o := range l.inOrder() {
			b.add(&o)
		}
	}
}

func (l *line) add(o *guard.Observation) {
	if len(l.uses) == l.bound && l.uses[l.oldest].Secret == o.Secret { // the oldest is not the last of its secret
		l.uses[l.oldest] = *o
		if l.oldest++; l.oldest == len(l.uses) {
			l.oldest = 0
		}
		return
	}
	l.uses = append(l.inOrder(), *o)
	if len(l.uses) <= l.bound {
		return
	}
	for i, u := range l.uses {
		if slices.ContainsFunc(l.uses[i+1:], func(later guard.Observation) bool { return later.Secret == u.Secret }) {
			l.uses = slices.Delete(l.uses, i, i+1)
			return
		}
	}
	if len(l.uses) > perCredential { // of as many secrets: a token has two that live
		l.uses = slices.Delete(l.uses, 0, 1)
	}
}

// first gives the uses of the first credentials, as many as are handed on at once, and how many
// credentials these are.
func (b *batch) first() (uses []control.Use, credentials int) {
	for _, l := range b.lines {
		if len(uses)+len(l.uses) > most {
			break
		}
		for _, o := range l.inOrder() {
			uses = append(uses, use(o))
		}
		credentials++
	}
	return uses, credentials
}

// drop removes the first credentials.
func (b *batch) drop(credentials int) {
	for _, l := range b.lines[:credentials] {
		delete(b.of, l.uses[0].Credential)
	}
	b.lines = b.lines[credentials:]
	if b.empty() {
		*b = batch{} // so that a crowd once does not hold memory for ever
	}
}

// use is the observation as it is kept.
func use(o guard.Observation) control.Use {
	u := control.Use{Credential: o.Credential, Secret: o.Secret, At: o.At, Addr: o.Addr, Operation: o.Operation, Allowed: o.Allowed}
	u.Target = string(o.Target.Type)
	if o.Target.ID != "" {
		u.Target = o.Target.String()
	}
	if !o.Allowed {
		u.Reason = o.Reason.String()
	}
	return u
}
