package catalog

import "github.com/leastkey/leastkey"

// Grants says what a principal may itself do. A user has every group of type user on itself, and
// in each account the groups of the roles held there, the catalogue's and the account's own: those of type account on the account, the
// others on everything of their type under it. An account has every group but the user ones on
// itself and under itself. Memberships of anyone else, and roles that the catalogue does not
// know, grant nothing. The lists of groups are shared and not to be modified.
func (c *Catalog) Grants(p leastkey.Principal, active bool, memberships []leastkey.Membership) leastkey.Grants {
	g := leastkey.Grants{Principal: p, Active: active}
	switch p.Kind {
	case leastkey.UserPrincipal:
		for _, tg := range c.userGroups {
			g.Policies = append(g.Policies, grant(tg, p.Resource()))
		}
		for _, m := range memberships {
			if m.User != p.ID {
				continue
			}
			for _, id := range m.Roles {
				if role, ok := c.roleByID[id]; ok {
					g.Policies = grantAll(g.Policies, role.byType, m.Account)
				}
			}
			g.Policies = grantAll(g.Policies, c.splitByType(c.ofRoles(m.Groups)), m.Account)
		}
	case leastkey.AccountPrincipal:
		g.Policies = grantAll(nil, c.accountGroups, p.ID)
	}
	return g
}

// GrantedBy lists the groups that a member has in an account who holds these roles of the catalogue,
// and roles of the account's own that grant these groups: what [Catalog.Grants] makes policies of.
func (c *Catalog) GrantedBy(roles, own []leastkey.ID) []leastkey.ID {
	var all []leastkey.ID
	for _, id := range roles {
		if role, ok := c.roleByID[id]; ok {
			all = append(all, role.Groups...)
		}
	}
	return append(all, c.ofRoles(own)...)
}

// ofRoles are those of the groups that a role can hold: known ones, and not those that every user has.
func (c *Catalog) ofRoles(groups []leastkey.ID) []leastkey.ID {
	var held []leastkey.ID
	for _, id := range groups {
		if g, known := c.groupByID[id]; known && g.Type != leastkey.UserType {
			held = append(held, id)
		}
	}
	return held
}

func grantAll(to []leastkey.Policy, groups []typeGroups, account leastkey.ID) []leastkey.Policy {
	on := leastkey.AccountOf(account).Resource()
	for _, tg := range groups {
		to = append(to, grant(tg, on))
	}
	return to
}

// grant allows groups of one type on the resource itself, or on everything of the type under it.
func grant(tg typeGroups, on leastkey.Resource) leastkey.Policy {
	pattern := leastkey.PatternUnder(tg.t, on)
	if tg.t == on.Type {
		pattern = leastkey.PatternOne(on)
	}
	return leastkey.Policy{Effect: leastkey.Allow, Groups: tg.groups, Patterns: []leastkey.Pattern{pattern}}
}
