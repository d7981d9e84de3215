package guard

import (
	"errors"
	"hash/maphash"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard/internal/table"
)

// A clause is what a policy says: an effect, groups by their numbers, patterns; and the id of the policy,
// which no decision depends on. In the record of the credential, that stands in front.
//
// A short clause stands in the record itself. A longer one is kept once, however many policies say
// the same, with what makes it quick to look through: a bit for each of its groups, and its patterns
// in order.
type clause struct {
	id       []byte
	effect   leastkey.Effect
	groups   []byte // 16 bits each, as their owner wrote them
	patterns []byte // patternSize each, likewise
	members  []byte // a bit for each group; nil when there are few
	sorted   []byte // the patterns in order; nil when there are few
}

// A pattern is its extent and the number of its type in 16 bits, and the handle of the resource or
// the parent in 32. As one number, patterns of one extent and type stand together.
const (
	patternSize = 6
	typeBits    = 13
)

type pattern uint64

func patternOf(extent leastkey.Extent, kind uint16, at handle) pattern {
	return pattern(min(uint64(extent), 7)<<typeBits|uint64(kind))<<32 | pattern(at)
}

func (p pattern) extent() leastkey.Extent { return leastkey.Extent(p >> (32 + typeBits)) }
func (p pattern) kind() uint16            { return uint16(p>>32) & (mostTypes - 1) }
func (p pattern) at() handle              { return handle(p) }

func patternAt(list []byte, i int) pattern {
	item := list[patternSize*i : patternSize*i+patternSize]
	return pattern(le.Uint16(item))<<32 | pattern(le.Uint32(item[2:]))
}

func appendPattern(to []byte, p pattern) []byte {
	to = le.AppendUint16(to, uint16(p>>32))
	return le.AppendUint32(to, uint32(p))
}

// few is how many are looked through one by one.
const few = 8

// has reports whether the clause is about a group.
func (c *clause) has(group uint16) bool {
	if c.members != nil {
		at := int(group / 8)
		return at < len(c.members) && c.members[at]&(1<<(group%8)) != 0
	}
	for i := 0; i < len(c.groups); i += 2 {
		if le.Uint16(c.groups[i:]) == group {
			return true
		}
	}
	return false
}

// reaches reports whether one of the patterns matches the target, as [leastkey.Pattern.Matches] does.
func (c *clause) reaches(t *target) bool {
	if t.kind == noType {
		return false
	}
	switch t.on {
	case leastkey.TargetOne:
		return t.at != nowhere && c.holds(patternOf(leastkey.One, t.kind, t.at)) || c.holds(patternOf(leastkey.Every, t.kind, nowhere)) || c.under(t)
	case leastkey.TargetCreate:
		return c.holds(patternOf(leastkey.Every, t.kind, nowhere)) || c.under(t)
	case leastkey.TargetList:
		for i := range len(c.patterns) / patternSize {
			if p := patternAt(c.patterns, i); p.kind() == t.kind && p.extent() != 0 {
				return true
			}
		}
	}
	return false
}

func (c *clause) under(t *target) bool {
	for _, above := range t.above[:t.depth] {
		if c.holds(patternOf(leastkey.Under, t.kind, above)) {
			return true
		}
	}
	return false
}

// every reports whether a pattern is every resource of a type.
func (c *clause) every(kind uint16) bool {
	return kind != noType && c.holds(patternOf(leastkey.Every, kind, nowhere))
}

// holds looks for one pattern.
func (c *clause) holds(want pattern) bool {
	if c.sorted == nil {
		for i := 0; i < len(c.patterns); i += patternSize {
			if le.Uint32(c.patterns[i+2:]) == uint32(want) && le.Uint16(c.patterns[i:]) == uint16(want>>32) {
				return true
			}
		}
		return false
	}
	low, high := 0, len(c.sorted)/patternSize
	for low < high {
		if mid := (low + high) / 2; patternAt(c.sorted, mid) < want {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(c.sorted)/patternSize && patternAt(c.sorted, low) == want
}

// In the record of a credential, a clause is a byte for its effect (2 bits), whether it is kept elsewhere
// (1) and how many groups it has (5); then either a byte for how many patterns, and groups and patterns;
// or a sieve of its groups and the handle in the table of clauses. The sieve spares a look at clauses
// about something else.
const (
	effectBits  = 1<<2 - 1
	isShared    = 1 << 2
	groupShift  = 3
	mostInPlace = 40 // bytes of groups and patterns, of which at most 20 are groups
)

// appendClause writes a policy without its id, and counts what it names.
func (e *change) appendClause(to []byte, pol leastkey.Policy) ([]byte, error) {
	groups, patterns, err := e.spell(pol)
	if err != nil {
		return nil, err
	}
	effect := byte(pol.Effect)
	if effect > byte(leastkey.Deny) {
		effect = 0 // it does nothing either
	}
	if len(groups)+len(patterns) <= mostInPlace {
		to = append(to, effect|byte(len(pol.Groups))<<groupShift, byte(len(pol.Patterns)))
		return append(append(to, groups...), patterns...), nil
	}
	at, err := e.share(groups, patterns)
	if err != nil {
		return nil, err
	}
	to = le.AppendUint32(append(to, effect|isShared), sieveOf(groups))
	return le.AppendUint32(to, at), nil
}

// sieveOf has a bit for every group, which some have in common.
func sieveOf(groups []byte) (sieve uint32) {
	for i := 0; i < len(groups); i += 2 {
		sieve |= 1 << (le.Uint16(groups[i:]) % 32)
	}
	return sieve
}

// anyGroup is the sieve through which every clause passes.
const anyGroup = ^uint32(0)

// spell gives groups and patterns as records have them. It counts the places that patterns name.
func (e *change) spell(pol leastkey.Policy) (groups, patterns []byte, err error) {
	groups = slices.Grow(e.spare[:0], 2*len(pol.Groups)+patternSize*len(pol.Patterns)) // for both
	for _, id := range pol.Groups {
		n, err := e.rules.words.group(id)
		if err != nil {
			return nil, nil, err
		}
		groups = le.AppendUint16(groups, n)
	}
	patterns = groups[len(groups):]
	for _, p := range pol.Patterns {
		kind, err := e.rules.words.kind(p.Type)
		if err != nil {
			return nil, nil, err
		}
		at := nowhere
		switch p.Extent {
		case leastkey.One:
			at, err = e.place(leastkey.Resource{Type: p.Type, ID: p.ID})
		case leastkey.Under:
			at, err = e.place(p.Parent)
		}
		if err != nil {
			return nil, nil, err
		}
		patterns = appendPattern(patterns, patternOf(p.Extent, kind, at))
	}
	e.spare = groups[:0]
	return groups, patterns, nil
}

// leavePatterns takes back what spell counted.
func (e *change) leavePatterns(patterns []byte) {
	for i := range len(patterns) / patternSize {
		e.leave(patternAt(patterns, i).at())
	}
}

// The record of a shared clause: how many policies say it, how many groups, how many patterns, in 32
// bits each; the groups and the patterns; the bits of the groups, after how many bytes they are in 16
// bits, when there are more than few; the patterns in order, likewise.
const (
	sharedHead   = 12
	sharedGroups = 4
)

// share keeps a clause once, and gives its handle. What it says, it says once: the places that it
// names count it, not each policy.
func (e *change) share(groups, patterns []byte) (handle, error) {
	all := clauseHandles(e.seed, groups, patterns)
	free := nowhere
	for range probes {
		at := all.take()
		if rec := e.clauses.Write(at, func(rec []byte) bool { return sameClause(rec, groups, patterns) }); rec != nil {
			le.PutUint32(rec, le.Uint32(rec)+1)
			e.leavePatterns(patterns)
			return at, nil
		}
		c := e.clauses.Seek(at)
		if _, taken := c.Next(); !taken && free == nowhere {
			if free = at; !e.clauses.Gaps() { // see placeOf
				break
			}
		}
	}
	if free == nowhere {
		return nowhere, errNoHandle
	}
	rec, err := newShared(groups, patterns)
	if err != nil {
		return nowhere, err
	}
	e.clauses.Put(free, rec)
	return free, nil
}

func clauseHandles(seed maphash.Seed, groups, patterns []byte) handles {
	var h maphash.Hash
	h.SetSeed(seed)
	_, _ = h.Write(groups) // neither fails
	_ = h.WriteByte(0)
	_, _ = h.Write(patterns)
	sum := h.Sum64()
	return handles{uint32(sum), uint32(sum>>32) | 1}
}

func sameClause(rec, groups, patterns []byte) bool {
	var c clause
	c.readShared(rec)
	return string(c.groups) == string(groups) && string(c.patterns) == string(patterns)
}

func newShared(groups, patterns []byte) ([]byte, error) {
	rec := le.AppendUint32(nil, 1)
	for _, n := range []int{len(groups) / 2, len(patterns) / patternSize} {
		size, err := size32(n)
		if err != nil {
			return nil, err
		}
		rec = le.AppendUint32(rec, size)
	}
	rec = append(append(rec, groups...), patterns...)
	if len(groups)/2 > few {
		var bits []byte
		for i := 0; i < len(groups); i += 2 {
			n := le.Uint16(groups[i:])
			for int(n/8) >= len(bits) {
				bits = append(bits, 0)
			}
			bits[n/8] |= 1 << (n % 8)
		}
		rec = le.AppendUint16(rec, uint16(len(bits)))
		rec = append(rec, bits...)
	}
	if n := len(patterns) / patternSize; n > few {
		order := make([]pattern, n)
		for i := range n {
			order[i] = patternAt(patterns, i)
		}
		slices.Sort(order)
		for _, p := range order {
			rec = appendPattern(rec, p)
		}
	}
	return rec, nil
}

func (c *clause) readShared(rec []byte) {
	groups, patterns := int(le.Uint32(rec[sharedGroups:])), int(le.Uint32(rec[sharedGroups+4:]))
	rest := rec[sharedHead:]
	c.groups, rest = rest[:2*groups], rest[2*groups:]
	c.patterns, rest = rest[:patternSize*patterns], rest[patternSize*patterns:]
	if groups > few {
		n := int(le.Uint16(rest))
		c.members, rest = rest[2:2+n], rest[2+n:]
	}
	if patterns > few {
		c.sorted = rest
	}
}

// unshare takes back a share; when it was the last, what it named too.
func (e *change) unshare(at handle) {
	rec := e.clauses.Write(at, only)
	left := le.Uint32(rec) - 1
	le.PutUint32(rec, left)
	if left > 0 {
		return
	}
	var c clause
	c.readShared(rec)
	e.leavePatterns(slices.Clone(c.patterns))
	e.clauses.Drop(at, only)
}

// read reads a policy of a credential's record, and gives what follows it. One that is kept elsewhere and
// does not pass through the sieve says nothing. The clause is zero before.
func (c *clause) read(from []byte, shared *table.Table, sieve uint32) (rest []byte) {
	c.id = from[:idSize]
	head := from[idSize]
	c.effect = leastkey.Effect(head & effectBits)
	if head&isShared == 0 {
		groups, patterns := 2*int(head>>groupShift), patternSize*int(from[idSize+1])
		from = from[idSize+2:]
		c.groups, c.patterns = from[:groups], from[groups:groups+patterns]
		return from[groups+patterns:]
	}
	if sieve == anyGroup || le.Uint32(from[idSize+1:])&sieve != 0 {
		cursor := shared.Seek(sharedAt(from))
		rec, _ := cursor.Next()
		c.readShared(rec)
	}
	return from[idSize+9:]
}

// sharedAt is where the clause of a policy is kept.
func sharedAt(pol []byte) handle { return le.Uint32(pol[idSize+5:]) }

// policy is a policy as its owner wrote it.
func (n *snapshot) policy(c *clause) leastkey.Policy {
	pol := leastkey.Policy{ID: leastkey.ID(c.id), Effect: c.effect}
	for i := 0; i < len(c.groups); i += 2 {
		pol.Groups = append(pol.Groups, n.groups[le.Uint16(c.groups[i:])])
	}
	for i := range len(c.patterns) / patternSize {
		p := patternAt(c.patterns, i)
		out := leastkey.Pattern{Extent: p.extent(), Type: n.types[p.kind()]}
		switch p.extent() {
		case leastkey.One:
			out.ID = n.resource(p.at()).ID
		case leastkey.Under:
			out.Parent = n.resource(p.at())
		}
		pol.Patterns = append(pol.Patterns, out)
	}
	return pol
}

// errTooMany is for a credential with more of something than a record counts.
var errTooMany = errors.New("guard: a credential with too many policies, addresses or secrets")
