package contender

import (
	"net/netip"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// minimal is what somebody would write by hand for these very tokens: everything in a few flat arrays, a group as a
// number, a resource as 16 bytes. It knows neither routes nor what owners may do: requests come to it with the groups
// that they need, and the ids of zone and account, read already.
type minimal struct {
	index    map[[16]byte]int32
	tokens   []minimalToken
	policies []minimalPolicy
	groups   []uint16
	patterns []minimalPattern
	networks []netip.Prefix
	number   map[leastkey.ID]uint16
	now      int64
	requests []minimalRequest
}

type minimalToken struct {
	ends     int64
	policies span
	networks span
	disabled bool
}

// span is a part of an array.
type span struct {
	first uint32
	n     uint16
}

func of[T any](all []T, s span) []T { return all[s.first : s.first+uint32(s.n)] }

type minimalPolicy struct {
	groups, patterns span
	deny             bool
}

type minimalPattern struct {
	extent leastkey.Extent
	id     [16]byte
}

type minimalRequest struct {
	secret            string
	groups            []uint16
	addr              netip.Addr
	resource, account [16]byte
}

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
	m.index, m.tokens = make(map[[16]byte]int32, w.Tokens), make([]minimalToken, w.Tokens)
	m.policies = make([]minimalPolicy, 0, w.Tokens*22/10)
	m.groups = make([]uint16, 0, w.Tokens*45/10)
	m.patterns = make([]minimalPattern, 0, w.Tokens*45/10)
	m.networks = make([]netip.Prefix, 0, w.Tokens*26/100)
	for i := range w.Tokens {
		m.add(i, w.Token(i).Credential)
		m.index[keyOf(w.Secret(i))] = int32(i) // #nosec G115 -- millions at most
	}
	return nil
}

func (m *minimal) add(i int, c leastkey.Credential) {
	t := &m.tokens[i]
	t.ends, t.disabled = ends(c), c.Status != leastkey.Active
	t.networks = grow(&m.networks, prefixes(c))
	policies := make([]minimalPolicy, len(c.Policies))
	for k, p := range c.Policies {
		groups := make([]uint16, len(p.Groups))
		for j, g := range p.Groups {
			groups[j] = m.number[g]
		}
		patterns := make([]minimalPattern, len(p.Patterns))
		for j, on := range p.Patterns {
			patterns[j] = minimalPattern{on.Extent, bytesOf(on.ID + on.Parent.ID)}
		}
		policies[k] = minimalPolicy{grow(&m.groups, groups), grow(&m.patterns, patterns), p.Effect == leastkey.Deny}
	}
	t.policies = grow(&m.policies, policies)
}

// grow appends a part to an array and says where it is.
func grow[T any](all *[]T, part []T) span {
	s := span{uint32(len(*all)), uint16(len(part))} // #nosec G115 -- millions at most
	*all = append(*all, part...)
	return s
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
		r := minimalRequest{secret: c.Secret, addr: c.Addr, resource: bytesOf(c.Resource.ID), account: bytesOf(c.Account.ID)}
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
	found, known := m.index[keyOf(r.secret)]
	if !known {
		return false
	}
	t := &m.tokens[found]
	if t.disabled || t.ends != 0 && m.now >= t.ends || !within(of(m.networks, t.networks), r.addr) {
		return false
	}
	policies := of(m.policies, t.policies)
	for _, g := range r.groups {
		if m.allows(policies, g, r) {
			return true
		}
	}
	return false
}

func (m *minimal) allows(policies []minimalPolicy, group uint16, r *minimalRequest) (allowed bool) {
	for k := range policies {
		p := &policies[k]
		if allowed && !p.deny || !m.about(p, group, r) {
			continue
		}
		if p.deny {
			return false
		}
		allowed = true
	}
	return allowed
}

func (m *minimal) about(p *minimalPolicy, group uint16, r *minimalRequest) bool {
	named := false
	for _, g := range of(m.groups, p.groups) {
		named = named || g == group
	}
	if !named {
		return false
	}
	for _, on := range of(m.patterns, p.patterns) {
		if on.extent == leastkey.Every || on.extent == leastkey.One && on.id == r.resource || on.extent == leastkey.Under && on.id == r.account {
			return true
		}
	}
	return false
}

// Want implements [Contender].
func (m *minimal) Want(c *workload.Case) bool { return c.ByPolicies }
