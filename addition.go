package leastkey

import "slices"

// Addition gives the smallest policy that, added to those of the credential, turns the refusal of
// the request into an allow: one permission group on the narrowest pattern that is about the target.
// Of the accepted permissions it takes the first that will do, so put those that open least in front.
//
// A list shows nothing of its own: for one, the pattern is what the policies are about already, and
// where they are about nothing of the type, what the owner has that permission on.
//
// It is false when there is no such policy: the request is allowed; the credential is not usable, or
// not from this address, or has no policies; its owner may not do it, or the target is unknown; or
// a policy denies an accepted permission on it, which somebody meant.
func Addition(c Credential, g Grants, r Request) (Policy, bool) {
	if !c.bounded() || Decide(c, g, r).Allowed() {
		return Policy{}, false
	}
	for _, p := range r.AnyOf {
		if judge(c.Policies, p, r.Target).Reason == PermissionDenied {
			return Policy{}, false
		}
	}
	with := c
	for _, p := range r.AnyOf {
		for _, patterns := range narrowest(c, g, p, r.Target) {
			added := Policy{Effect: Allow, Groups: []ID{p.Group}, Patterns: patterns}
			with.Policies = append(slices.Clip(c.Policies), added)
			if Decide(with, g, r).Allowed() {
				return added, true
			}
		}
	}
	return Policy{}, false
}

// narrowest are the patterns with which p might reach the target, the narrowest first.
func narrowest(c Credential, g Grants, p Permission, t Target) [][]Pattern {
	of := t.Resource.Type
	switch {
	case t.Kind == TargetOne && t.Resource.ID != "":
		return [][]Pattern{{PatternOne(t.Resource)}}
	case t.Kind == TargetCreate && len(t.Ancestors) > 0:
		return [][]Pattern{{PatternUnder(of, t.Ancestors[0])}}
	case t.Kind == TargetCreate:
		return [][]Pattern{{PatternEvery(of)}}
	case t.Kind == TargetList:
		return listed(c, g, p, of)
	default:
		return nil
	}
}

// listed are the patterns with which a list of the type might be asked for.
func listed(c Credential, g Grants, p Permission, of ResourceType) [][]Pattern {
	var all [][]Pattern
	if named := allowedPatterns(c.Policies, of); len(named) > 0 {
		all = append(all, named)
	}
	if owner := c.Principal.Resource(); owner.Type == AccountType {
		pattern := PatternUnder(of, owner)
		if of == AccountType {
			pattern = PatternOne(owner)
		}
		all = append(all, []Pattern{pattern})
	}
	for _, held := range patternsOf(g.Policies, Allow, p) {
		all = append(all, []Pattern{held})
	}
	return all
}

// allowedPatterns are the patterns of a type on which the policies allow anything, each once, and
// only those that no other of them covers whatever the registry says.
func allowedPatterns(policies []Policy, of ResourceType) []Pattern {
	var all []Pattern
	for _, pol := range policies {
		for _, pattern := range pol.Patterns {
			if pol.Effect == Allow && pattern.Type == of && pattern.Extent != 0 && !slices.Contains(all, pattern) {
				all = append(all, pattern)
			}
		}
	}
	if every := PatternEvery(of); slices.Contains(all, every) {
		return []Pattern{every}
	}
	return all
}

// Reaches reports whether the credential may do anything at all on the target of the request,
// whatever the operation accepts: who may knows of the target already.
func (c Credential) Reaches(g Grants, r Request) bool {
	held := c.Policies
	if !c.bounded() {
		held = g.Policies
	}
	for _, pol := range held {
		if pol.Effect != Allow {
			continue
		}
		for _, group := range pol.Groups {
			p := Permission{group, r.Target.Resource.Type}
			r.AnyOf = []Permission{p}
			if pol.about(p, r.Target) && Decide(c, g, r).Allowed() {
				return true
			}
		}
	}
	return false
}
