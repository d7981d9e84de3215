package leastkey

import (
	"cmp"
	"slices"
)

// Right is one permission on what a pattern matches.
type Right struct {
	Permission
	Pattern Pattern
}

// Rights are what a credential could do while it is usable: what its policies allow and its owner may
// do, without what a deny takes away as a whole. A deny of a part of a right leaves the right in the
// list, and the part refused. Each right is there once, by group, then in the words of the pattern.
func (c Credential) Rights(g Grants, w World) []Right {
	if !g.Active || g.Principal.IsZero() || g.Principal != c.Principal {
		return nil
	}
	named := c.Policies
	if !c.bounded() {
		named = g.Policies
	}
	var all []Right
	seen := map[ID]bool{}
	for _, pol := range named {
		for _, group := range pol.Groups {
			t, known := w.TypeOf(group)
			if seen[group] || !known {
				continue
			}
			seen[group] = true
			all = append(all, c.rightsOf(Permission{group, t}, g, w.Ancestry)...)
		}
	}
	slices.SortFunc(all, func(x, y Right) int {
		return cmp.Or(cmp.Compare(x.Group.String(), y.Group.String()), cmp.Compare(x.Pattern.String(), y.Pattern.String()))
	})
	return slices.CompactFunc(all, func(x, y Right) bool { return x == y })
}

func (c Credential) rightsOf(p Permission, g Grants, a Ancestry) []Right {
	own, denied := []Pattern{PatternEvery(p.Type)}, patternsOf(g.Policies, Deny, p)
	if c.bounded() {
		own = patternsOf(c.Policies, Allow, p)
		denied = append(denied, patternsOf(c.Policies, Deny, p)...)
	}
	held := patternsOf(g.Policies, Allow, p)
	var all []Right
	for _, pattern := range own {
		for _, part := range narrow(held, pattern, a) {
			if !covered(denied, part, a) {
				all = append(all, Right{p, part})
			}
		}
	}
	return all
}

// Beyond are the rights that the others do not cover.
func Beyond(rights, others []Right, a Ancestry) []Right {
	return slices.DeleteFunc(slices.Clone(rights), func(r Right) bool {
		return slices.ContainsFunc(others, func(o Right) bool { return o.Permission == r.Permission && o.Pattern.Covers(r.Pattern, a) })
	})
}

// May reports whether a credential could do something on a target while it is usable, from any address.
func (c Credential) May(g Grants, p Permission, t Target) bool {
	c.Status, c.Validity, c.Condition = Active, Validity{}, Condition{}
	return Decide(c, g, Request{AnyOf: []Permission{p}, Target: t, ServiceKey: true}).Allowed()
}
