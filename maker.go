package leastkey

import "slices"

// Maker is whoever creates, edits or rolls a token: the credential they act with, and what its
// principal may do at this moment.
type Maker struct {
	Credential Credential
	Grants     Grants
}

// Excess says what a token would have and its maker has not. The zero Excess is none.
type Excess struct {
	What       ExcessKind
	Permission Permission // for the kinds that are about one
	Pattern    Pattern
}

// ExcessKind says in which respect a token exceeds its maker.
type ExcessKind uint8

// The respects in which a token may exceed its maker.
const (
	NoExcess       ExcessKind = iota
	ExcessMaker               // the maker is not usable itself
	ExcessValidity            // valid for longer than the maker's token
	ExcessAddress             // usable from addresses the maker's token is not
	ExcessOwner               // the owner of the token itself may not do it on any such resource
	ExcessRight               // the maker may not do it on every such resource
	ExcessDeny                // a deny that binds the maker is not kept
)

// World is what the mint rule must know of the catalogue and the registry.
type World struct {
	TypeOf   func(group ID) (ResourceType, bool) // the one resource type of a permission group
	Ancestry Ancestry
}

// MayGive holds the law that nobody escalates by minting: every right, instant and address of
// the child must be one the maker has at this moment, and denies that bind the maker must bind
// the child too. bounds are the grants of the principal that will own the child. The answer is
// NoExcess, or the first thing that is too much.
//
// A child of the same principal is bounded by that principal's grants for ever (law 3), so a
// pattern such as "every zone" needs cover only by the maker's own policies. A child of another
// principal (an account) is first narrowed to what that principal may do at all.
func (m Maker) MayGive(child Credential, bounds Grants, w World) Excess {
	if m.Grants.Principal.IsZero() || m.Grants.Principal != m.Credential.Principal || !m.Grants.Active ||
		bounds.Principal.IsZero() || bounds.Principal != child.Principal || m.Credential.Kind == ServiceKey {
		return Excess{What: ExcessMaker}
	}
	switch {
	case m.Credential.bounded() && !child.bounded():
		return Excess{What: ExcessRight}
	case !child.Validity.endsWithin(m.Credential.Validity):
		return Excess{What: ExcessValidity}
	case !child.Condition.within(m.Credential.Condition):
		return Excess{What: ExcessAddress}
	}
	rules := map[ID]rule{}
	for _, pol := range child.Policies {
		if pol.Effect != Allow {
			continue
		}
		for _, group := range pol.Groups {
			t, ok := w.TypeOf(group)
			if !ok {
				continue // a group that nothing accepts: nothing is given
			}
			r, made := rules[group]
			if !made {
				r = m.ruleFor(Permission{group, t}, child, bounds)
				rules[group] = r
			}
			for _, pattern := range pol.Patterns {
				if pattern.Type != t {
					continue // the group does not reach this pattern
				}
				if excess := r.excess(pattern, w.Ancestry); excess.What != NoExcess {
					return excess
				}
			}
		}
	}
	return Excess{}
}

// rule is what the patterns of one permission are held to.
type rule struct {
	Permission
	bounds  []Pattern // what the child's owner may do
	held    []Pattern // what the maker's principal may do
	own     []Pattern // what the maker's own policies allow
	bounded bool      // whether the maker has policies of its own
	same    bool      // whether maker and child have the same principal
	denied  []Pattern // what binds the maker
	kept    []Pattern // what the child denies
}

func (m Maker) ruleFor(p Permission, child Credential, bounds Grants) rule {
	r := rule{
		Permission: p,
		bounds:     patternsOf(bounds.Policies, Allow, p),
		held:       patternsOf(m.Grants.Policies, Allow, p),
		bounded:    m.Credential.bounded(),
		same:       child.Principal == m.Credential.Principal,
		denied:     patternsOf(m.Grants.Policies, Deny, p),
		kept:       patternsOf(child.Policies, Deny, p),
	}
	if r.bounded {
		r.own = patternsOf(m.Credential.Policies, Allow, p)
		r.denied = append(r.denied, patternsOf(m.Credential.Policies, Deny, p)...)
	}
	return r
}

// excess holds one pattern of the child to the rule.
func (r rule) excess(pattern Pattern, a Ancestry) Excess {
	effective := narrow(r.bounds, pattern, a)
	if len(effective) == 0 {
		return Excess{ExcessOwner, r.Permission, pattern}
	}
	mine := effective
	if r.same {
		mine = []Pattern{pattern}
		if pattern.Extent != Every && !covered(r.held, pattern, a) {
			return Excess{ExcessRight, r.Permission, pattern}
		}
	}
	for _, part := range effective {
		if !covered(r.held, part, a) {
			return Excess{ExcessRight, r.Permission, pattern}
		}
	}
	if r.bounded {
		for _, part := range mine {
			if !covered(r.own, part, a) {
				return Excess{ExcessRight, r.Permission, pattern}
			}
		}
	}
	for _, denied := range r.denied {
		if _, overlap := denied.Intersect(pattern, a); overlap && !covered(r.kept, denied, a) && !covered(r.kept, pattern, a) {
			return Excess{ExcessDeny, r.Permission, denied}
		}
	}
	return Excess{}
}

// patternsOf lists the patterns on which the policies have the effect for p.
func patternsOf(policies []Policy, e Effect, p Permission) []Pattern {
	var out []Pattern
	for _, pol := range policies {
		if pol.Effect != e || !slices.Contains(pol.Groups, p.Group) {
			continue
		}
		for _, pat := range pol.Patterns {
			if pat.Type == p.Type {
				out = append(out, pat)
			}
		}
	}
	return out
}

// narrow gives the parts of the pattern that are allowed.
func narrow(allowed []Pattern, pattern Pattern, a Ancestry) []Pattern {
	var parts []Pattern
	for _, candidate := range allowed {
		if part, ok := candidate.Intersect(pattern, a); ok {
			parts = append(parts, part)
		}
	}
	return parts
}

// covered reports whether one of the patterns covers the whole of this one.
func covered(patterns []Pattern, whole Pattern, a Ancestry) bool {
	return slices.ContainsFunc(patterns, func(p Pattern) bool { return p.Covers(whole, a) })
}
