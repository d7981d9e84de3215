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
		bounds.Principal.IsZero() || bounds.Principal != child.Principal {
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
	for _, pol := range child.Policies {
		if pol.Effect != Allow {
			continue
		}
		for _, group := range pol.Groups {
			for _, pattern := range pol.Patterns {
				if t, ok := w.TypeOf(group); !ok || t != pattern.Type {
					continue // the group does not reach this pattern: nothing is given
				}
				if excess := m.mayGiveOne(Permission{group, pattern.Type}, pattern, child, bounds, w); excess.What != NoExcess {
					return excess
				}
			}
		}
	}
	return Excess{}
}

// mayGiveOne is the rule for one permission on one pattern.
func (m Maker) mayGiveOne(p Permission, pattern Pattern, child Credential, bounds Grants, w World) Excess {
	effective := narrow(bounds.Policies, p, pattern, w.Ancestry)
	if len(effective) == 0 {
		return Excess{ExcessOwner, p, pattern}
	}
	own := effective
	if child.Principal == m.Credential.Principal {
		own = []Pattern{pattern}
		if pattern.Extent != Every && !covered(m.Grants.Policies, p, pattern, w.Ancestry) {
			return Excess{ExcessRight, p, pattern}
		}
	}
	for _, part := range effective {
		if !covered(m.Grants.Policies, p, part, w.Ancestry) {
			return Excess{ExcessRight, p, pattern}
		}
	}
	binding := m.Grants.Policies
	if m.Credential.bounded() {
		for _, part := range own {
			if !covered(m.Credential.Policies, p, part, w.Ancestry) {
				return Excess{ExcessRight, p, pattern}
			}
		}
		binding = slices.Concat(m.Credential.Policies, binding)
	}
	for _, denied := range patternsOf(binding, Deny, p) {
		if _, overlap := denied.Intersect(pattern, w.Ancestry); overlap && !keepsDeny(child, p, denied, pattern, w.Ancestry) {
			return Excess{ExcessDeny, p, denied}
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

// narrow gives the parts of the pattern that the policies allow p on.
func narrow(policies []Policy, p Permission, pattern Pattern, a Ancestry) []Pattern {
	var parts []Pattern
	for _, allowed := range patternsOf(policies, Allow, p) {
		if part, ok := allowed.Intersect(pattern, a); ok {
			parts = append(parts, part)
		}
	}
	return parts
}

// covered reports whether one allowed pattern covers the whole of this one.
func covered(policies []Policy, p Permission, pattern Pattern, a Ancestry) bool {
	return slices.ContainsFunc(patternsOf(policies, Allow, p), func(allowed Pattern) bool {
		return allowed.Covers(pattern, a)
	})
}

// keepsDeny reports whether the child denies p on all of what both the deny and the pattern match.
func keepsDeny(child Credential, p Permission, denied, pattern Pattern, a Ancestry) bool {
	return slices.ContainsFunc(patternsOf(child.Policies, Deny, p), func(kept Pattern) bool {
		return kept.Covers(denied, a) || kept.Covers(pattern, a)
	})
}
