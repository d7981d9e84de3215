package guard

import (
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// rules are a catalogue, and what is made of it once: its permissions as records have them.
type rules struct {
	catalog      *catalog.Catalog
	words        *words
	names        []string // of operations, by their numbers
	accepted     []accepted
	tokenHeaders []string
	byHost       map[uint16]bool // types that are found by host names

	byRole map[leastkey.ID][]byte // bits of the groups that a role of the catalogue grants

	user, account       uint16 // the numbers of these types
	ofUsers, ofAccounts []byte // bits of the groups that each has on itself and below, without a membership
}

// accepted is what an operation asks for.
type accepted struct {
	kind   uint16   // of its target
	under  uint16   // of what it is in or below, as the catalogue says; noType for nothing
	groups []uint16 // any one suffices, in the order of the catalogue
	bits   []byte   // of the same
	sieve  uint32   // of the same
}

// rulesOf makes the rules of a catalogue, in words that may have others in them already.
func rulesOf(c *catalog.Catalog, w *words) (*rules, error) {
	r := &rules{catalog: c, words: w, tokenHeaders: c.TokenHeaders(), byHost: map[uint16]bool{}, byRole: map[leastkey.ID][]byte{}}
	var err error
	kind := func(t leastkey.ResourceType) (n uint16) {
		if err == nil {
			n, err = w.kind(t)
		}
		return n
	}
	group := func(id leastkey.ID) (n uint16) {
		if err == nil {
			n, err = w.group(id)
		}
		return n
	}
	r.user, r.account = kind(leastkey.UserType), kind(leastkey.AccountType)
	for _, g := range c.Groups() {
		if n := group(g.ID); g.Type == leastkey.UserType {
			r.ofUsers = setBit(r.ofUsers, n)
		} else {
			r.ofAccounts = setBit(r.ofAccounts, n)
		}
	}
	for _, role := range c.Roles() {
		var bits []byte
		for _, id := range c.GrantedBy([]leastkey.ID{role.ID}, nil) {
			bits = setBit(bits, group(id))
		}
		r.byRole[role.ID] = bits
	}
	for t := range foundByHost(c) {
		r.byHost[kind(t)] = true
	}
	for _, op := range c.Operations() {
		a := accepted{kind: kind(op.Target.Type), under: kind(op.Target.Under)}
		for _, p := range op.AnyOf {
			n := group(p.Group)
			a.groups, a.bits, a.sieve = append(a.groups, n), setBit(a.bits, n), a.sieve|1<<(n%32)
		}
		r.accepted, r.names = append(r.accepted, a), append(r.names, op.String())
	}
	return r, err
}

func setBit(bits []byte, n uint16) []byte {
	for int(n/8) >= len(bits) {
		bits = append(bits, 0)
	}
	bits[n/8] |= 1 << (n % 8)
	return bits
}

// grantedBy are the bits of what a membership grants.
func (r *rules) grantedBy(m seat) (bits []byte) {
	for _, role := range m.roles {
		granted := r.byRole[role] // nothing, of one that the catalogue does not know
		for len(bits) < len(granted) {
			bits = append(bits, 0)
		}
		for i, more := range granted {
			bits[i] |= more
		}
	}
	for _, id := range r.catalog.GrantedBy(nil, m.groups) {
		bits = setBit(bits, r.words.groupAt[id]) // every group of the catalogue has a number
	}
	return bits
}
