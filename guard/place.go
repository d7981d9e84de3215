package guard

import (
	"encoding/hex"
	"errors"
	"hash/maphash"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard/internal/table"
)

// A place is what is known of one resource: whether the registry has it and below what, whether it is
// a user or account that exists, or only that some policy names it. Its handle stands for its type
// and id wherever else it is meant: two places never have the same. It is the key in the table.
//
// The record: how many records name it (32 bits), the handle of its parent (32), the number of its
// type (16), flags (8), its id, and what people call it.
type handle = uint32

// nowhere is no place.
const nowhere handle = 0

const (
	placeParent = 4
	placeType   = 8
	placeFlags  = 10
	placeID     = 11
)

const (
	isRegistered = 1 << iota // the registry has it
	isExisting               // a user or an account that exists
	isRooted                 // its parent is one: both exist for good, so nothing above need be looked at
	isAwaited                // something was registered below it before it existed
)

// probes is how many handles a place may have, and where it is looked for. With ten million places, the
// next handle is taken in one of four hundred cases; so many in a row, never.
const probes = 8

var errNoHandle = errors.New("guard: no handle is left for a resource")

// handles are the numbers that a place of a type with an id may have, one after the other. The seed
// keeps whoever chooses ids from choosing them.
type handles struct{ next, step uint32 }

func handlesOf(seed maphash.Seed, kind uint16, id string) handles {
	hash := maphash.String(seed, id) ^ uint64(kind)*0x9e3779b97f4a7c15
	return handles{uint32(hash), uint32(hash>>32) | 1}
}

func (h *handles) take() handle {
	for {
		n := h.next
		h.next += h.step
		if n != nowhere {
			return n
		}
	}
}

// place is a record, as it is read.
type place []byte

func (p place) parent() handle    { return le.Uint32(p[placeParent:]) }
func (p place) kind() uint16      { return le.Uint16(p[placeType:]) }
func (p place) is(flag byte) bool { return p[placeFlags]&flag != 0 }

func (p place) id() []byte {
	id, _ := readText(p[placeID:])
	return id
}

func (p place) name() []byte {
	_, name := readText(p[placeID:])
	return name
}

func (p place) standsFor(kind uint16, id string) bool {
	return p.kind() == kind && string(p.id()) == id
}

// placeOf finds a place by what it stands for; nowhere when nothing is known of it. It took the first handle
// that was free; so where no place has gone since, none is behind one that is free.
func placeOf(t *table.Table, seed maphash.Seed, kind uint16, id string) (handle, place) {
	all := handlesOf(seed, kind, id)
	for range probes {
		at := all.take()
		switch p := placeAt(t, at); {
		case p != nil && p.standsFor(kind, id):
			return at, p
		case p == nil && !t.Gaps():
			return nowhere, nil
		}
	}
	return nowhere, nil
}

// placeAt finds a place by its handle.
func placeAt(t *table.Table, at handle) place {
	c := t.Seek(at)
	rec, _ := c.Next()
	return rec
}

// resource is what a place stands for.
func (n *snapshot) resource(at handle) leastkey.Resource {
	p := placeAt(&n.places, at)
	if p == nil {
		return leastkey.Resource{}
	}
	return leastkey.Resource{Type: n.types[p.kind()], ID: string(p.id())}
}

// find is the handle of a resource; nowhere when nothing is known of it.
func (n *snapshot) find(r leastkey.Resource) handle {
	kind := n.kindOf(r.Type)
	if kind == noType && r.Type != "" {
		return nowhere
	}
	at, _ := placeOf(&n.places, n.seed, kind, r.ID)
	return at
}

// only is for a table in which no two records have the same key.
func only([]byte) bool { return true }

// place gives the handle of a resource, and counts whoever names it; see leave.
func (e *change) place(r leastkey.Resource) (handle, error) {
	if r == (leastkey.Resource{}) {
		return nowhere, nil
	}
	kind, err := e.rules.words.kind(r.Type)
	if err != nil {
		return nowhere, err
	}
	at, _, err := e.placeAs(kind, r.ID, nowhere, "")
	return at, err
}

// placeOfPrincipal is place for a principal as a resource. Each credential names one, so its id is not put
// together on the heap.
func (e *change) placeOfPrincipal(p leastkey.Principal) (handle, error) {
	var kind uint16
	switch p.Kind {
	case leastkey.UserPrincipal:
		kind = e.rules.user
	case leastkey.AccountPrincipal:
		kind = e.rules.account
	default:
		return nowhere, nil
	}
	var id [2 * idSize]byte
	hex.Encode(id[:], p.ID[:])
	at, _, err := e.placeAs(kind, string(id[:]), nowhere, "")
	return at, err
}

// placeAs is place for what the registry says. One that is not known yet is put where it is told to be.
func (e *change) placeAs(kind uint16, id string, parent handle, name string) (at handle, put bool, err error) {
	all, free := handlesOf(e.seed, kind, id), nowhere
	for range probes {
		at := all.take()
		if rec := e.places.Write(at, func(rec []byte) bool { return place(rec).standsFor(kind, id) }); rec != nil {
			le.PutUint32(rec, le.Uint32(rec)+1)
			return at, false, nil
		}
		if free == nowhere && placeAt(&e.places.Table, at) == nil {
			if free = at; !e.places.Gaps() { // see placeOf
				break
			}
		}
	}
	if free == nowhere {
		return nowhere, false, errNoHandle
	}
	e.places.Put(free, newPlace(1, parent, kind, 0, id, name))
	return free, true, nil
}

func newPlace(named uint32, parent handle, kind uint16, flags byte, id, name string) []byte {
	rec := make([]byte, 0, placeID+2+len(id)+len(name))
	rec = le.AppendUint32(rec, named)
	rec = le.AppendUint32(rec, parent)
	rec = le.AppendUint16(rec, kind)
	rec = append(rec, flags)
	return append(appendText(rec, id), name...)
}

// leave says that one record less names a place. What nothing names and nobody knows goes.
func (e *change) leave(at handle) {
	if at == nowhere {
		return
	}
	rec := e.places.Write(at, only)
	named := le.Uint32(rec) - 1
	le.PutUint32(rec, named)
	if named == 0 && rec[placeFlags]&(isRegistered|isExisting) == 0 {
		e.places.Drop(at, only)
	}
}

// flag sets or takes away what a place is, of which somebody else holds a count.
func (e *change) flag(at handle, flag byte, on bool) {
	rec := e.places.Write(at, only)
	if on {
		rec[placeFlags] |= flag
	} else {
		rec[placeFlags] &^= flag
	}
}
