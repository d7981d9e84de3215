package catalog

import (
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// Group is a permission group: the unit of permission.
type Group struct {
	ID       leastkey.ID
	Name     string // unique among the groups of its type
	Type     leastkey.ResourceType
	Category string // a word such as dns_and_zones; "" when the file says none
	Access   Access
}

// Permission is the group as a decision needs it.
func (g Group) Permission() leastkey.Permission {
	return leastkey.Permission{Group: g.ID, Type: g.Type}
}

// Access says what a group lets one do: templates and roles that only read are made of it.
type Access uint8

// What groups let one do.
const (
	Other Access = iota // neither: purge, run, revoke ...
	Read
	Write
)

// String gives "read", "write" or "other".
func (a Access) String() string { return [...]string{"other", "read", "write"}[min(a, Write)] }

// accessOf infers what a group does from the last word of its name.
func accessOf(name string) Access {
	words := strings.Fields(strings.ToLower(name))
	switch words[len(words)-1] {
	case "read":
		return Read
	case "write":
		return Write
	default:
		return Other
	}
}

// Groups lists all groups, by type in the order of Resources, then by name.
func (c *Catalog) Groups() []Group { return slices.Clone(c.groups) }

// Group finds a group by its id.
func (c *Catalog) Group(id leastkey.ID) (Group, bool) {
	g, ok := c.groupByID[id]
	return g, ok
}

// GroupsNamed finds the groups with exactly this name: at most one for each type.
func (c *Catalog) GroupsNamed(name string) []Group { return slices.Clone(c.groupsByName[name]) }

// TypeOf tells the one resource type that a group applies to.
func (c *Catalog) TypeOf(group leastkey.ID) (leastkey.ResourceType, bool) {
	g, ok := c.groupByID[group]
	return g.Type, ok
}

// Binds reports whether the group applies to any of the patterns: a policy in which some group
// binds to nothing is a mistake.
func (c *Catalog) Binds(group leastkey.ID, patterns []leastkey.Pattern) bool {
	t, ok := c.TypeOf(group)
	return ok && slices.ContainsFunc(patterns, func(p leastkey.Pattern) bool { return p.Type == t })
}

// addGroups reads the section permission_groups.
func (b *builder) addGroups(section value) {
	for _, v := range section.list("permission_groups") {
		if g, ok := b.group(v); ok {
			b.c.groups = append(b.c.groups, g)
			b.c.groupByID[g.ID] = g
			b.c.groupsByName[g.Name] = append(b.c.groupsByName[g.Name], g)
		}
	}
}

func (b *builder) group(v value) (Group, bool) {
	e := v.entry("permission group", "id", "name", "resource", "category", "access")
	id, okID := b.id(e, "permission group")
	name, okName := e.need("name", "permission group")
	t, okType := b.knownType(e, "resource", "permission group")
	if !okID || !okName || !okType {
		return Group{}, false
	}
	g := Group{ID: id, Name: name, Type: t}
	if _, err := leastkey.ParseID(name); err == nil || strings.HasPrefix(name, "$") || name != strings.Join(strings.Fields(name), " ") {
		e.key("name").wrong("permission group name "+quote(name)+" cannot be told from an id, a set or another name",
			"use words with single spaces, not beginning with $")
		return Group{}, false
	}
	g.Access = accessOf(name)
	if a := e.key("access"); a.present() {
		switch text, _ := a.text("access"); text {
		case "read":
			g.Access = Read
		case "write":
			g.Access = Write
		case "other":
			g.Access = Other
		default:
			a.wrong("unknown access "+quote(text), "use read, write or other")
		}
	}
	if c := e.key("category"); c.present() {
		g.Category, _ = c.text("category")
	}
	return g, b.unique(e, "permission group", name+" for "+string(t), quote(name)+" for "+string(t))
}

// sortGroups orders the groups once all are read.
func (b *builder) sortGroups() {
	place := map[leastkey.ResourceType]int{}
	for i, r := range b.c.resources {
		place[r.Type] = i
	}
	slices.SortStableFunc(b.c.groups, func(x, y Group) int {
		if x.Type != y.Type {
			return place[x.Type] - place[y.Type]
		}
		return strings.Compare(x.Name, y.Name)
	})
}

// setName is the name of a set in one file: no file can widen what another accepts by it.
type setName struct {
	doc  *document
	name string
}

// addSets reads the section sets: named lists of groups, for lists that many operations share.
func (b *builder) addSets(section value) {
	sets := section.entry("sets")
	for _, key := range sets.keys {
		name := key.node.Value
		for _, ref := range sets.at[name].list("set " + name) {
			text, ok := ref.text("a permission group of set " + name)
			if !ok {
				continue
			}
			if _, known := b.named(text); !known {
				b.unknownGroup(ref, text)
				continue
			}
			b.sets[setName{key.doc, name}] = append(b.sets[setName{key.doc, name}], ref)
		}
	}
}

// named finds the groups that a name or an id in the file may mean.
func (b *builder) named(text string) ([]Group, bool) {
	if id, err := leastkey.ParseID(text); err == nil {
		g, ok := b.c.groupByID[id]
		return []Group{g}, ok
	}
	gs := b.c.groupsByName[text]
	return gs, len(gs) > 0
}

func (b *builder) unknownGroup(at value, text string) {
	fix := "define it under permission_groups, or correct the name"
	for name := range b.c.groupsByName {
		if strings.EqualFold(name, text) {
			fix = "write " + quote(name)
		}
	}
	at.wrong("unknown permission group "+quote(text), fix)
}

// acceptedGroups reads a list of names, ids and $sets of groups of one type.
func (b *builder) acceptedGroups(section value, t leastkey.ResourceType) []leastkey.Permission {
	var accepted []leastkey.Permission
	add := func(at value, text string) {
		gs, known := b.named(text)
		i := slices.IndexFunc(gs, func(g Group) bool { return g.Type == t })
		switch {
		case !known:
			b.unknownGroup(at, text)
		case i < 0:
			at.wrong("permission group "+quote(text)+" is for "+string(gs[0].Type)+", the target is "+string(t),
				"name a group for "+string(t)+", or correct the target")
		case !slices.Contains(accepted, gs[i].Permission()):
			accepted = append(accepted, gs[i].Permission())
		}
	}
	for _, ref := range section.list("any_of") {
		text, ok := ref.text("a permission group of any_of")
		if !ok {
			continue
		}
		name, isSet := strings.CutPrefix(text, "$")
		if !isSet {
			add(ref, text)
			continue
		}
		set, known := b.sets[setName{ref.doc, name}]
		if !known {
			ref.wrong("unknown set "+quote(text), "define it under sets, or correct the name")
		}
		for _, member := range set {
			add(ref, member.node.Value)
		}
	}
	return accepted
}

// oneGroup reads a group that stands by itself, in a role or a template: a name that is unique,
// an id, or {group: name, type: zone}.
func (b *builder) oneGroup(v value, what string) (Group, bool) {
	if v.isText() {
		gs, known := b.named(v.node.Value)
		switch {
		case !known:
			b.unknownGroup(v, v.node.Value)
			return Group{}, false
		case len(gs) > 1:
			v.wrong("permission group "+quote(v.node.Value)+" exists for "+string(gs[0].Type)+" and for "+string(gs[1].Type),
				"write {group: "+quote(v.node.Value)+", type: "+string(gs[0].Type)+"}")
			return Group{}, false
		}
		return gs[0], true
	}
	e := v.entry("a permission of "+what, "group", "type")
	name, okName := e.need("group", "permission")
	t, okType := b.knownType(e, "type", "permission")
	if !okName || !okType {
		return Group{}, false
	}
	gs, known := b.named(name)
	i := slices.IndexFunc(gs, func(g Group) bool { return g.Type == t })
	switch {
	case !known:
		b.unknownGroup(v, name)
		return Group{}, false
	case i < 0:
		v.wrong("permission group "+quote(name)+" is not for "+string(t), "write type: "+string(gs[0].Type))
		return Group{}, false
	}
	return gs[i], true
}
