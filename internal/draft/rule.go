package draft

import (
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// rule compiles one rule.
func (c *compiler) rule(i int, r Rule) {
	if r.Kept {
		p, ok := c.stored(r.Policy)
		if !ok {
			c.wrong(RuleField(i, "effect"), "This rule is no longer part of the token, which was changed meanwhile. Remove the rule.")
			return
		}
		c.add(p, place{rule: i})
		return
	}
	before := len(c.problems)
	if r.Effect != leastkey.Allow && r.Effect != leastkey.Deny {
		c.wrong(RuleField(i, "effect"), "Choose whether the token may, or may not.")
	}
	groups, from := c.groups(i, r)
	included, excluded := c.reached(i, r)
	if len(c.problems) > before {
		return // what is said of their fit would be about rows that are wrong
	}
	c.binding(i, groups, from, included, excluded)
	if len(c.problems) > before {
		return
	}
	c.policy(i, r.Policy, r.Effect, groups, from, included)
	c.policy(i, r.Exclusion, leastkey.Deny, groups, from, excluded)
}

// policy adds what a rule says of the resources, in one policy if that can be spelled on the wire, else
// in two. Each lists only those of the groups that its resources are about: no policy may list a group
// that binds to nothing.
func (c *compiler) policy(i int, id leastkey.ID, effect leastkey.Effect, groups []catalog.Group, from []int, on extents) {
	for part, reached := range on.spellable() {
		if len(reached.patterns) == 0 {
			continue
		}
		p := leastkey.Policy{Effect: effect, Patterns: reached.patterns}
		if part == 0 {
			p.ID = c.known(id)
		}
		at := place{rule: i, resources: reached.rows}
		for j, g := range groups {
			if reached.has(g.Type) {
				p.Groups, at.permissions = append(p.Groups, g.ID), append(at.permissions, from[j])
			}
		}
		if len(p.Groups) > 0 {
			c.add(p, at)
		}
	}
}

// groups are those of the rule's permissions, each with its row. A row in which nothing is chosen is
// passed over where others are.
func (c *compiler) groups(i int, r Rule) (groups []catalog.Group, from []int) {
	for j, p := range r.Permissions {
		if p.IsZero() {
			continue
		}
		g, wrong := c.names.find(p)
		switch {
		case wrong != nil:
			c.wrong(PermissionField(i, j, wrong.part), wrong.message)
			continue
		case g.Type == leastkey.UserType && c.token.Principal.Kind != leastkey.UserPrincipal:
			c.wrong(PermissionField(i, j, "group"), g.Name+" is about a person: a token of an account cannot have it. Remove it.")
			continue
		}
		if !slices.Contains(groups, g) { // twice is once, as the control plane has it
			groups, from = append(groups, g), append(from, j)
		}
	}
	if len(groups) > 0 {
		return groups, from
	}
	field := RuleField(i, "effect")
	if len(r.Permissions) > 0 {
		field = PermissionField(i, 0, "group")
	}
	if !slices.ContainsFunc(r.Permissions, func(p Permission) bool { return !p.IsZero() }) {
		c.wrong(field, "Choose a permission. Without one the rule grants nothing.")
	}
	return nil, nil
}

// extents are patterns, each with its row.
type extents struct {
	patterns []leastkey.Pattern
	rows     []int
}

func (e extents) has(t leastkey.ResourceType) bool {
	return slices.ContainsFunc(e.patterns, func(p leastkey.Pattern) bool { return p.Type == t })
}

// spellable parts what has one key on the wire and two meanings: a resource, and all that is under it.
func (e extents) spellable() [2]extents {
	var parts [2]extents
	for k, p := range e.patterns {
		part := 0
		if p.Extent == leastkey.Under && slices.Contains(e.patterns, leastkey.PatternOne(p.Parent)) {
			part = 1
		}
		parts[part].patterns, parts[part].rows = append(parts[part].patterns, p), append(parts[part].rows, e.rows[k])
	}
	return parts
}

// reached is what the rows of a rule include and exclude.
func (c *compiler) reached(i int, r Rule) (included, excluded extents) {
	for j, row := range r.Resources {
		patterns, wrong := row.patterns(c.cat, c.token.Principal)
		if wrong != nil {
			c.wrong(ResourceField(i, j, wrong.part), wrong.message)
			continue
		}
		to := &included
		if row.Mode == Exclude {
			to = &excluded
			if r.Effect == leastkey.Deny {
				c.wrong(ResourceField(i, j, "mode"), "Only a rule that says “may” can exclude. Choose Include, or add a rule.")
			}
		}
		for _, p := range patterns {
			if slices.Contains(to.patterns, p) {
				continue
			}
			to.patterns, to.rows = append(to.patterns, p), append(to.rows, j)
		}
	}
	return included, excluded
}

// binding holds that every group has resources to be about, and that what is excluded has groups.
func (c *compiler) binding(i int, groups []catalog.Group, from []int, included, excluded extents) {
	var missing []leastkey.ResourceType
	for j, g := range groups {
		if !included.has(g.Type) && !slices.Contains(missing, g.Type) {
			missing = append(missing, g.Type)
			c.wrong(PermissionField(i, from[j], "group"), g.Name+" applies to "+Nouns(g.Type)+", and the rule includes none. Add a resource: which "+Nouns(g.Type)+" are meant.")
		}
	}
	seen := -1
	for k, p := range excluded.patterns {
		about := slices.ContainsFunc(groups, func(g catalog.Group) bool { return g.Type == p.Type })
		if row := excluded.rows[k]; !about && row != seen {
			seen = row
			c.wrong(ResourceField(i, row, "type"), "No permission of the rule is about "+Nouns(p.Type)+", so there is nothing to exclude. Remove the row.")
		}
	}
}
