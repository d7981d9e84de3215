package guard

import (
	"errors"
	"hash/maphash"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard/internal/table"
)

// foundByHost are the types that operations of the catalogue find by host names.
func foundByHost(c *catalog.Catalog) map[leastkey.ResourceType]bool {
	found := map[leastkey.ResourceType]bool{}
	for _, op := range c.Operations() {
		if op.Target.ID.Host {
			found[op.Target.Type] = true
		}
		if op.Target.In.Host {
			found[op.Target.Under] = true
		}
		if op.Moves != nil && op.Moves.In.Host {
			found[op.Moves.Under] = true
		}
	}
	return found
}

// name puts a place down by its name.
func (e *change) name(at handle, kind uint16, name string) {
	if called, ok := readHostName(name); ok && e.rules.byHost[kind] {
		e.names.Put(nameKey(e.seed, called), le.AppendUint32(nil, at))
	}
}

func (e *change) unname(at handle, kind uint16, name string) {
	if called, ok := readHostName(name); ok && e.rules.byHost[kind] {
		e.names.Drop(nameKey(e.seed, called), func(rec []byte) bool { return le.Uint32(rec) == at })
	}
}

// nameKey is where what has a host name stands.
func nameKey(seed maphash.Seed, name string) uint32 {
	return uint32(maphash.String(seed, name))
}

// rename puts everything down by its name anew, for another catalogue.
func (e *change) rename() {
	e.names = (&table.Table{}).Edit()
	for at, rec := range e.places.All() {
		if p := place(rec); p.is(isRegistered) {
			e.name(at, p.kind(), string(p.name()))
		}
	}
}

// named is the one place of a type that all the host names belong to: each has its name, or is below
// it, with none of the type nearer. It is nowhere when there is none, when a name is that of two, or
// when they belong to several: nobody who asks learns which.
func (n *snapshot) named(kind uint16, hosts []string) (handle, error) {
	all := nowhere
	several := false
	for i, host := range hosts {
		name, ok := readHostName(strings.TrimPrefix(host, "*."))
		if !ok {
			return nowhere, errors.New("a host name that it acts on has not the form of one")
		}
		on := n.nearest(kind, name)
		several = several || i > 0 && on != all
		all = on
	}
	if several {
		return nowhere, nil
	}
	return all, nil
}

// nearest is the place whose name is the host name, or the longest one above it.
func (n *snapshot) nearest(kind uint16, name string) handle {
	for {
		switch called := n.called(kind, name); len(called) {
		case 0:
		case 1:
			return called[0]
		default:
			return nowhere // of two, neither
		}
		_, above, more := strings.Cut(name, ".")
		if !more {
			return nowhere
		}
		name = above
	}
}

// called are the places of a type with a host name.
func (n *snapshot) called(kind uint16, name string) (all []handle) {
	c := n.names.Seek(nameKey(n.seed, name))
	for {
		rec, more := c.Next()
		if !more {
			return all
		}
		at := le.Uint32(rec)
		p := placeAt(&n.places, at)
		if p == nil || p.kind() != kind || !p.is(isRegistered) {
			continue
		}
		if is, ok := readHostName(string(p.name())); ok && is == name {
			all = append(all, at)
		}
	}
}

// readHostName reads a host name in its one spelling. What a resolver would take for another name,
// or for none, is none.
func readHostName(s string) (string, bool) {
	const longest, longestLabel = 253, 63
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > longest {
		return "", false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > longestLabel || strings.Trim(label, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", false
		}
	}
	return strings.ToLower(s), true
}
