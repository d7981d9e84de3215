// Package reach compares two catalogues, and what tokens may do under each. What a token may do is asked of a guard, by
// requests that stand for all others: there is no second reading of a catalogue here.
package reach

import (
	"slices"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// thing is one entry of a catalogue: what it is known by, and its sides as text.
type thing struct {
	key, name string
	id        leastkey.ID
	sides     []side
}

type side struct {
	what, is string
	same     string        // what is compared, if not the text
	set      []leastkey.ID // groups, of which only what is gone and what is new is told; then is is empty
	in       *catalog.Catalog
}

// detail says how a side differs from what it was, if it does.
func (s side) detail(was side) (api.CatalogDetail, bool) {
	if s.in != nil {
		gone, added := without(was.set, s.set), without(s.set, was.set)
		return api.CatalogDetail{What: s.what, Was: named(was.in, gone), Is: named(s.in, added)}, len(gone)+len(added) > 0
	}
	return api.CatalogDetail{What: s.what, Was: was.is, Is: s.is}, s.same != was.same || s.same == "" && s.is != was.is
}

// text is the side of what is in one catalogue only.
func (s side) text() string {
	if s.in != nil {
		return named(s.in, s.set)
	}
	return s.is
}

func without(ids, out []leastkey.ID) []leastkey.ID {
	return slices.DeleteFunc(slices.Clone(ids), func(id leastkey.ID) bool { return slices.Contains(out, id) })
}

// Catalogues says in what the second catalogue differs from the first: resource types, permission groups, roles,
// templates, operations, token headers, each in the order of the files, what is gone first.
func Catalogues(before, after *catalog.Catalog) []api.CatalogChange {
	changes := []api.CatalogChange{}
	for _, section := range []struct {
		kind string
		of   func(*catalog.Catalog) []thing
	}{
		{"resource type", types}, {"permission group", groups}, {"role", roles},
		{"template", templates}, {"operation", operations}, {"token header", headers},
	} {
		changes = append(changes, compare(section.kind, section.of(before), section.of(after))...)
	}
	return changes
}

func compare(kind string, before, after []thing) []api.CatalogChange {
	was, is := byKey(before), byKey(after)
	var changes []api.CatalogChange
	for _, t := range before {
		if _, still := is[t.key]; !still {
			changes = append(changes, api.CatalogChange{Kind: kind, Change: "removed", Name: t.name, ID: t.id, What: alone(t, false)})
		}
	}
	for _, t := range after {
		old, both := was[t.key]
		if !both {
			changes = append(changes, api.CatalogChange{Kind: kind, Change: "added", Name: t.name, ID: t.id, What: alone(t, true)})
			continue
		}
		c := api.CatalogChange{Kind: kind, Change: "changed", Name: t.name, ID: t.id}
		if old.name != t.name && !t.id.IsZero() {
			c.What = append(c.What, api.CatalogDetail{What: "name", Was: old.name, Is: t.name})
		}
		for i, s := range t.sides {
			if d, differs := s.detail(old.sides[i]); differs {
				c.What = append(c.What, d)
			}
		}
		if len(c.What) == 1 && c.What[0].What == "name" {
			c.Change = "renamed"
		}
		if len(c.What) > 0 {
			changes = append(changes, c)
		}
	}
	return changes
}

// alone are the sides of what is in one catalogue only.
func alone(t thing, is bool) []api.CatalogDetail {
	var details []api.CatalogDetail
	for _, s := range t.sides {
		switch text := s.text(); {
		case text == "":
		case is:
			details = append(details, api.CatalogDetail{What: s.what, Is: text})
		default:
			details = append(details, api.CatalogDetail{What: s.what, Was: text})
		}
	}
	return details
}

func byKey(things []thing) map[string]thing {
	m := map[string]thing{}
	for _, t := range things {
		m[t.key] = t
	}
	return m
}

func types(c *catalog.Catalog) []thing {
	var all []thing
	for _, r := range c.Resources() {
		all = append(all, thing{key: string(r.Type), name: string(r.Type), sides: []side{
			{what: "parent", is: string(r.Parent)}, {what: "key", is: r.Scope}, {what: "ids", is: r.IDs.String()},
		}})
	}
	return all
}

func groups(c *catalog.Catalog) []thing {
	var all []thing
	for _, g := range c.Groups() {
		all = append(all, thing{key: g.ID.String(), name: g.Name, id: g.ID, sides: []side{
			{what: "resource type", is: string(g.Type)}, {what: "access", is: g.Access.String()}, {what: "category", is: g.Category},
		}})
	}
	return all
}

func roles(c *catalog.Catalog) []thing {
	var all []thing
	for _, r := range c.Roles() {
		all = append(all, thing{key: r.ID.String(), name: r.Name, id: r.ID, sides: []side{{what: "permissions", set: r.Groups, in: c}}})
	}
	return all
}

func templates(c *catalog.Catalog) []thing {
	var all []thing
	for _, t := range c.Templates() {
		var permissions []leastkey.ID
		for _, g := range t.Permissions {
			permissions = append(permissions, g.ID)
		}
		var on []string
		for _, r := range t.Resources {
			on = append(on, string(r.Type)+": "+r.Choice.String())
		}
		all = append(all, thing{key: t.ID.String(), name: t.Name, id: t.ID, sides: []side{
			{what: "permissions", set: permissions, in: c}, {what: "resources", is: strings.Join(on, ", ")},
		}})
	}
	return all
}

func operations(c *catalog.Catalog) []thing {
	var all []thing
	for _, op := range c.Operations() {
		var accepted []leastkey.ID
		for _, p := range op.AnyOf {
			accepted = append(accepted, p.Group)
		}
		accepts := named(c, accepted)
		same := sorted(accepted) // another name for a group is no change
		switch op.Access {
		case catalog.ByCredential:
			accepts, same = "any usable token", "token"
		case catalog.ByAnyCredential:
			accepts, same = "any usable credential", "credential"
		}
		all = append(all, thing{key: keyOf(op), name: op.String(), sides: []side{
			{what: "accepts", is: accepts, same: same}, {what: "acts on", is: op.Target.String(), same: byPlace(op)}, {what: "items", is: itemsOf(op)}, {what: "afterwards", is: effects(op)}, {what: "upgrade", is: op.Upgrade}, {what: "service keys", is: takes(op.ServiceKey)},
		}})
	}
	return all
}

func takes(keys bool) string {
	if keys {
		return "taken"
	}
	return ""
}

func headers(c *catalog.Catalog) []thing {
	var all []thing
	for _, name := range c.TokenHeaders() {
		all = append(all, thing{key: strings.ToLower(name), name: name})
	}
	return all
}

// named gives groups by name, in a fixed order, with the type where a name has two.
func named(c *catalog.Catalog, ids []leastkey.ID) string {
	var names []string
	for _, id := range ids {
		g, ok := c.Group(id)
		switch {
		case !ok:
			names = append(names, id.String())
		case len(c.GroupsNamed(g.Name)) > 1:
			names = append(names, g.Name+" ("+string(g.Type)+")")
		default:
			names = append(names, g.Name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// sorted are ids as one text.
func sorted(ids []leastkey.ID) string {
	var texts []string
	for _, id := range ids {
		texts = append(texts, id.String())
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

// keyOf is what an operation is known by: its request, whatever its parameters are called.
func keyOf(op *catalog.Operation) string {
	segments := strings.Split(op.Route, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return op.Method + " " + op.Host + strings.Join(segments, "/")
}

// byPlace is the target with parameters by their place in the path, so that a new name for one is no change.
func byPlace(op *catalog.Operation) string {
	segments := strings.Split(op.Route, "/")
	placed := func(from catalog.Source) catalog.Source {
		from.Params = slices.Clone(from.Params)
		for i, name := range from.Params {
			from.Params[i] = strconv.Itoa(slices.Index(segments, "{"+name+"}"))
		}
		return from
	}
	rule := op.Target
	rule.ID, rule.In = placed(rule.ID), placed(rule.In)
	return rule.String()
}

func itemsOf(op *catalog.Operation) string {
	if op.Items == nil {
		return ""
	}
	text := "at " + quoted(op.Items.At) + " by " + quoted(op.Items.ID)
	if op.Paging != nil {
		text += ", in pages"
	}
	return text
}

func effects(op *catalog.Operation) string {
	var all []string
	if op.Creates != nil {
		all = append(all, "registers "+strings.TrimLeft(string(op.Creates.Type)+" ", " ")+quoted(op.Creates.ID))
	}
	if op.Deletes {
		all = append(all, "removes the target")
	}
	if op.Renames != nil {
		all = append(all, "renames the target to "+quoted(op.Renames))
	}
	if op.Moves != nil {
		all = append(all, "moves the target under "+string(op.Moves.Under)+" "+op.Moves.In.String())
	}
	return strings.Join(all, ", ")
}

func quoted(p catalog.Pointer) string {
	if len(p) == 0 {
		return "the top"
	}
	return p.String()
}
