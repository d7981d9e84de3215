package guard

import (
	"github.com/leastkey/leastkey"
)

// target is what one request acts on: [leastkey.Target], in handles. The zero target is nothing, and
// refused.
type target struct {
	on    leastkey.TargetKind
	kind  uint16 // of the resource
	at    handle // TargetOne: the resource; nowhere when no policy names it and the registry has it not
	known bool
	depth int
	above [deepest + 1]handle // the first depth of them: the ancestors, nearest first
}

// deepest bounds the chain of parents; a catalogue's types nest far less.
const deepest = 16

// ancestry puts the ancestors of a place behind those that are there already, and reports whether it
// is known: all of them are, up to a user or an account. What is not known has none.
func (n *snapshot) ancestry(t *target, p place) bool {
	from := t.depth
	for {
		switch {
		case p == nil:
		case p.kind() == n.rules.user || p.kind() == n.rules.account:
			if p.is(isExisting) {
				return true
			}
		case p.is(isRegistered) && t.depth-from < deepest:
			at := p.parent()
			if at == nowhere {
				break
			}
			t.above[t.depth] = at
			t.depth++
			if p.is(isRooted) {
				return true
			}
			p = placeAt(&n.places, at)
			continue
		}
		t.depth = from
		return false
	}
}

// one aims at the resource of a type with an id.
func (n *snapshot) one(t *target, kind uint16, id string) {
	*t = target{on: leastkey.TargetOne, kind: kind}
	var p place
	t.at, p = placeOf(&n.places, n.seed, kind, id)
	t.known = t.at != nowhere && n.ancestry(t, p)
}

// oneAt aims at the resource of a type that a handle stands for.
func (n *snapshot) oneAt(t *target, kind uint16, at handle) {
	*t = target{on: leastkey.TargetOne, kind: kind, at: at}
	t.known = at != nowhere && n.ancestry(t, placeAt(&n.places, at))
}

// in makes a target unknown that is not below a place.
func (t *target) in(above handle) {
	for _, a := range t.above[:t.depth] {
		if a == above && above != nowhere {
			return
		}
	}
	t.known, t.depth = false, 0
}

// created aims at a new resource of a type under a parent.
func (n *snapshot) created(t *target, kind uint16, parent handle) {
	n.childOf(t, parent, kind)
	t.on = leastkey.TargetCreate
	if !t.known && parent != nowhere {
		t.above[0], t.depth = parent, 1
	}
}

// childOf aims at some resource of a type below a parent, unknown when the parent is.
func (n *snapshot) childOf(t *target, parent handle, kind uint16) {
	*t = target{on: leastkey.TargetOne, kind: kind}
	p := placeAt(&n.places, parent)
	if parent == nowhere || p == nil {
		return
	}
	t.above[0], t.depth = parent, 1
	if t.known = n.ancestry(t, p); !t.known {
		t.depth = 0
	}
}

// parentOf is the ancestor of a type that a place has; nowhere when there is none.
func (n *snapshot) parentOf(kind uint16, id string, of uint16) handle {
	var t target
	n.one(&t, kind, id)
	for _, at := range t.above[:t.depth] {
		if p := placeAt(&n.places, at); p != nil && p.kind() == of {
			return at
		}
	}
	return nowhere
}

// whole is a target as the law has it. parent is that of what is to be created, in the words of the
// request: nothing may be known of it.
func (n *snapshot) whole(t *target, on, parent leastkey.Resource) leastkey.Target {
	out := leastkey.Target{Kind: t.on, Resource: on, Known: t.known}
	above := t.above[:t.depth]
	if t.on == leastkey.TargetCreate && parent.Type != "" {
		out.Ancestors = append(out.Ancestors, parent)
		above = above[min(1, len(above)):]
	}
	for _, at := range above {
		out.Ancestors = append(out.Ancestors, n.resource(at))
	}
	return out
}

// kindOf is the number of a type; noType when no record is about it.
func (n *snapshot) kindOf(t leastkey.ResourceType) uint16 {
	for kind, known := range n.types {
		if known == t {
			return uint16(kind)
		}
	}
	return noType
}
