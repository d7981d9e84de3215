package catalog

import (
	"slices"

	"github.com/leastkey/leastkey"
)

// Role is what a member of an account may hold.
type Role struct {
	ID          leastkey.ID
	Name        string
	Description string
	Groups      []leastkey.ID // in the order of Catalog.Groups; not to be modified

	byType []typeGroups // the same groups, shared by the grants of all who hold the role
}

// typeGroups are the groups of one type.
type typeGroups struct {
	t      leastkey.ResourceType
	groups []leastkey.ID
}

// Roles lists the roles: the general ones, then those of the file in its order.
func (c *Catalog) Roles() []Role { return slices.Clone(c.roles) }

// Role finds a role by its id.
func (c *Catalog) Role(id leastkey.ID) (Role, bool) {
	r, ok := c.roleByID[id]
	if !ok {
		return Role{}, false
	}
	return *r, true
}

// RoleNamed finds a role by its exact name.
func (c *Catalog) RoleNamed(name string) (Role, bool) {
	i := slices.IndexFunc(c.roles, func(r Role) bool { return r.Name == name })
	if i < 0 {
		return Role{}, false
	}
	return c.roles[i], true
}

// addRoles reads the section roles. All groups must be known: "all" means all.
func (b *builder) addRoles(section value) {
	for _, v := range section.list("roles") {
		e := v.entry("role", "id", "name", "description", "permissions", "except")
		id, okID := b.id(e, "role")
		name, okName := e.need("name", "role")
		if !okID || !okName || !b.unique(e, "role", name, quote(name)) {
			continue
		}
		r := Role{ID: id, Name: name}
		if d := e.key("description"); d.present() {
			r.Description, _ = d.text("description")
		}
		held := b.roleGroups(e, name)
		for _, g := range b.c.groups {
			if held[g.ID] {
				r.Groups = append(r.Groups, g.ID)
			}
		}
		r.byType = b.c.splitByType(r.Groups)
		b.c.roles = append(b.c.roles, r)
	}
}

// roleGroups gives the groups of a role. A user has the groups of type user on themselves
// whatever the role, so no role holds any.
func (b *builder) roleGroups(e entry, name string) map[leastkey.ID]bool {
	held := map[leastkey.ID]bool{}
	permissions := e.key("permissions")
	switch {
	case !permissions.present():
		permissions.wrong("role "+quote(name)+" without permissions", "add permissions: all, read, or a list of permission groups")
		return held
	case permissions.isText():
		word := permissions.node.Value
		if word != "all" && word != "read" {
			permissions.wrong("permissions of role "+quote(name)+" are "+quote(word), "use all, read, or a list of permission groups")
			return held
		}
		for _, g := range b.c.groups {
			held[g.ID] = g.Type != leastkey.UserType && (word == "all" || g.Access == Read)
		}
	default:
		for _, item := range permissions.list("permissions of role " + name) {
			g, ok := b.oneGroup(item, "role "+name)
			if ok && g.Type == leastkey.UserType {
				item.wrong("permission group "+quote(g.Name)+" is for user, which every user has without a role", "remove it")
				continue
			}
			held[g.ID] = ok
		}
	}
	for _, item := range e.key("except").list("except") {
		g, ok := b.oneGroup(item, "role "+name)
		if ok && !held[g.ID] {
			item.wrong("role "+quote(name)+" does not hold "+quote(g.Name)+" in the first place", "remove it from except")
		}
		delete(held, g.ID)
	}
	return held
}

// splitByType sorts groups into their types, in the order of Resources.
func (c *Catalog) splitByType(groups []leastkey.ID) []typeGroups {
	var split []typeGroups
	for _, r := range c.resources {
		var own []leastkey.ID
		for _, id := range groups {
			if c.groupByID[id].Type == r.Type {
				own = append(own, id)
			}
		}
		if len(own) > 0 {
			split = append(split, typeGroups{r.Type, slices.Clip(own)})
		}
	}
	return split
}
