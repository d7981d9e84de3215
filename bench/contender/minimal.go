package contender

import (
	"encoding/binary"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// minimal is what somebody would write by hand for these very tokens: one after the other in one array of bytes, a
// group as a number, a resource as 16 bytes, so that a decision reads few lines of memory and no pointers. It knows
// neither routes nor what owners may do: requests come to it with the groups that they need, and the ids of zone and
// account, read already.
type minimal struct {
	index    map[[16]byte]uint64 // where the token begins
	tokens   []byte
	number   map[leastkey.ID]uint16
	now      int64
	requests []minimalRequest
}

type minimalRequest struct {
	secret            string
	groups            []uint16
	addr              [4]byte
	resource, account [16]byte
}

// A token is: its end; 1 if it is disabled; how many networks; how many policies; networks of four bytes and a length;
// policies. A policy is: its effect; how many groups; how many patterns; groups; patterns of an extent and an id.
const (
	minimalHead    = 8 + 3
	minimalNetwork = 4 + 1
	minimalPattern = 1 + 16
)

// Load implements [Contender].
func (m *minimal) Load(w *workload.Workload, p Part) error {
	if p != Tokens {
		return nil
	}
	m.now = workload.Now().Unix()
	m.number = map[leastkey.ID]uint16{}
	for i, g := range w.Catalog.Groups() {
		m.number[g.ID] = uint16(i) // #nosec G115 -- hundreds
	}
	m.index = make(map[[16]byte]uint64, w.Tokens)
	m.tokens = make([]byte, 0, w.Tokens*110)
	for i := range w.Tokens {
		m.index[keyOf(w.Secret(i))] = uint64(len(m.tokens))
		m.add(w.Token(i).Credential)
	}
	m.tokens = slices.Clip(m.tokens)
	return nil
}

func (m *minimal) add(c leastkey.Credential) {
	to, networks := m.tokens, prefixes(c)
	to = binary.LittleEndian.AppendUint64(to, uint64(ends(c))) // #nosec G115 -- of this century
	disabled := byte(0)
	if c.Status != leastkey.Active {
		disabled = 1
	}
	to = append(to, disabled, byte(len(networks)), byte(len(c.Policies)))
	for _, n := range networks {
		four := n.Addr().As4()
		to = append(append(to, four[:]...), byte(n.Bits()))
	}
	for _, p := range c.Policies {
		to = append(to, byte(p.Effect), byte(len(p.Groups)), byte(len(p.Patterns)))
		for _, g := range p.Groups {
			to = binary.LittleEndian.AppendUint16(to, m.number[g])
		}
		for _, on := range p.Patterns {
			id := bytesOf(on.ID + on.Parent.ID)
			to = append(append(to, byte(on.Extent)), id[:]...)
		}
	}
	m.tokens = to
}

func bytesOf(hex string) [16]byte {
	if hex == "" {
		return [16]byte{}
	}
	return leastkey.MustParseID(hex)
}

// Prepare implements [Contender].
func (m *minimal) Prepare(_ *workload.Workload, cases []workload.Case) error {
	m.requests = make([]minimalRequest, len(cases))
	for i, c := range cases {
		r := minimalRequest{secret: c.Secret, addr: c.Addr.As4(), resource: bytesOf(c.Resource.ID), account: bytesOf(c.Account.ID)}
		for _, p := range c.AnyOf {
			r.groups = append(r.groups, m.number[p.Group])
		}
		m.requests[i] = r
	}
	return nil
}

// Warm implements [Contender].
func (m *minimal) Warm(i int) byte {
	r := &m.requests[i]
	return touch(r.secret) + r.account[15] + byte(r.groups[0])
}

// Decide implements [Contender].
func (m *minimal) Decide(i int) bool {
	r := &m.requests[i]
	at, known := m.index[keyOf(r.secret)]
	if !known {
		return false
	}
	token := m.tokens[at:]
	end := int64(binary.LittleEndian.Uint64(token)) // #nosec G115 -- of this century
	networks, policies := int(token[9]), int(token[10])
	if token[8] == 1 || end != 0 && m.now >= end || !inside(token[minimalHead:], networks, r.addr) {
		return false
	}
	for _, g := range r.groups {
		if allows(token[minimalHead+networks*minimalNetwork:], policies, g, r) {
			return true
		}
	}
	return false
}

func inside(networks []byte, n int, addr [4]byte) bool {
	from := binary.BigEndian.Uint32(addr[:])
	for k := range n {
		one := networks[k*minimalNetwork:]
		if (from^binary.BigEndian.Uint32(one))>>(32-one[4]) == 0 {
			return true
		}
	}
	return n == 0
}

func allows(policies []byte, n int, group uint16, r *minimalRequest) (allowed bool) {
	for range n {
		groups, patterns := int(policies[1]), int(policies[2])
		body := policies[3:]
		if named(body, groups, group) && about(body[2*groups:], patterns, r) {
			if leastkey.Effect(policies[0]) == leastkey.Deny {
				return false
			}
			allowed = true
		}
		policies = body[2*groups+minimalPattern*patterns:]
	}
	return allowed
}

func named(groups []byte, n int, group uint16) bool {
	for k := range n {
		if binary.LittleEndian.Uint16(groups[2*k:]) == group {
			return true
		}
	}
	return false
}

func about(patterns []byte, n int, r *minimalRequest) bool {
	for k := range n {
		on := patterns[k*minimalPattern:]
		id := [16]byte(on[1:minimalPattern])
		switch leastkey.Extent(on[0]) {
		case leastkey.Every:
			return true
		case leastkey.One:
			if id == r.resource {
				return true
			}
		case leastkey.Under:
			if id == r.account {
				return true
			}
		}
	}
	return false
}

// Want implements [Contender].
func (m *minimal) Want(c *workload.Case) bool { return c.ByPolicies }
