package catalog

import (
	"slices"

	"github.com/leastkey/leastkey"
)

// Template is a token that is ready but for its resources.
type Template struct {
	ID          leastkey.ID
	Name        string
	Description string
	Permissions []Group            // in the order of the file; not to be modified
	Resources   []TemplateResource // one for each type among the permissions; not to be modified
}

// TemplateResource says on which resources of one type a template wants its permissions.
type TemplateResource struct {
	Type   leastkey.ResourceType
	Choice Choice
}

// Choice is who says which resources a template is about.
type Choice uint8

// The choices.
const (
	_      Choice = iota
	Choose        // whoever makes the token picks them
	All           // every one
	Self          // the user who makes the token
)

// String gives "choose", "all" or "self".
func (c Choice) String() string {
	switch c {
	case Choose:
		return "choose"
	case All:
		return "all"
	case Self:
		return "self"
	default:
		return "none"
	}
}

// Templates lists the templates: those of the file in its order, then the built-in ones.
func (c *Catalog) Templates() []Template { return slices.Clone(c.templates) }

// TemplateNamed finds a template by its exact name.
func (c *Catalog) TemplateNamed(name string) (Template, bool) {
	i := slices.IndexFunc(c.templates, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false
	}
	return c.templates[i], true
}

// addTemplates reads the section templates.
func (b *builder) addTemplates(section value) {
	for _, v := range section.list("templates") {
		e := v.entry("template", "id", "name", "description", "permissions", "resources")
		id, okID := b.id(e, "template")
		name, okName := e.need("name", "template")
		if !okID || !okName || !b.unique(e, "template", name, quote(name)) {
			continue
		}
		t := Template{ID: id, Name: name}
		found := v.problems()
		if d := e.key("description"); d.present() {
			t.Description, _ = d.text("description")
		}
		t.Resources = b.templateResources(e.key("resources"), name)
		if v.problems() > found {
			continue // what it may hold depends on the resources
		}
		t.Permissions = b.templateGroups(e.key("permissions"), t)
		if v.problems() == found {
			b.checkTemplate(e.value, t)
		}
		b.c.templates = append(b.c.templates, t)
	}
}

func (b *builder) templateResources(v value, name string) []TemplateResource {
	if !v.present() {
		v.wrong("template "+quote(name)+" without resources", "add resources: {zone: choose} or the like")
	}
	e := v.entry("resources of template " + name)
	var resources []TemplateResource
	for _, key := range e.keys {
		t := leastkey.ResourceType(key.node.Value)
		if _, known := b.c.byType[t]; !known {
			b.unknownType(key, key.node.Value)
			continue
		}
		choice := e.at[key.node.Value]
		text, _ := choice.text("the choice for " + key.node.Value)
		r := TemplateResource{Type: t}
		switch {
		case text == "self" && t == leastkey.UserType:
			r.Choice = Self
		case text == "choose" && t != leastkey.UserType:
			r.Choice = Choose
		case text == "all" && t != leastkey.UserType:
			r.Choice = All
		default:
			choice.wrong("unknown choice "+quote(text)+" for "+string(t), "use choose or all; for user, self")
		}
		resources = append(resources, r)
	}
	return resources
}

// templateGroups reads the permissions; "read" is every group that reads one of the template's types.
func (b *builder) templateGroups(v value, t Template) []Group {
	var groups []Group
	if v.isText() {
		if v.node.Value != "read" {
			v.wrong("permissions of template "+quote(t.Name)+" are "+quote(v.node.Value), "use read, or a list of permission groups")
		}
		for _, g := range b.c.groups {
			if g.Access == Read && t.about(g.Type) {
				groups = append(groups, g)
			}
		}
		return groups
	}
	for _, item := range v.list("permissions of template " + t.Name) {
		g, ok := b.oneGroup(item, "template "+t.Name)
		switch {
		case !ok:
		case !t.about(g.Type):
			item.wrong("template "+quote(t.Name)+" has "+quote(g.Name)+" for "+string(g.Type)+" and no resources of that type",
				"add "+string(g.Type)+" to its resources")
		case slices.Contains(groups, g):
			item.wrong("template "+quote(t.Name)+" has "+quote(g.Name)+" twice", "keep one")
		default:
			groups = append(groups, g)
		}
	}
	return groups
}

func (t Template) about(rt leastkey.ResourceType) bool {
	return slices.ContainsFunc(t.Resources, func(r TemplateResource) bool { return r.Type == rt })
}

// checkTemplate refuses resources that no permission is for.
func (b *builder) checkTemplate(at value, t Template) {
	for _, r := range t.Resources {
		if !slices.ContainsFunc(t.Permissions, func(g Group) bool { return g.Type == r.Type }) {
			at.wrong("template "+quote(t.Name)+" has resources of type "+string(r.Type)+" and no permission for them",
				"remove "+string(r.Type)+" from its resources, or add a permission")
		}
	}
}
