package draft

import (
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Suits reports whether a token of this owner can be made from the template.
func Suits(t catalog.Template, owner leastkey.Principal) bool {
	return slices.ContainsFunc(t.Permissions, func(g catalog.Group) bool { return suits(g.Type, owner) })
}

func suits(t leastkey.ResourceType, owner leastkey.Principal) bool {
	return t != leastkey.UserType || owner.Kind == leastkey.UserPrincipal
}

// FromTemplate is a draft with what the template grants. What a token of this owner cannot have is
// left out; where the template leaves a choice, nothing is chosen.
func FromTemplate(cat *catalog.Catalog, t catalog.Template, owner leastkey.Principal) Draft {
	r, names := Rule{Effect: leastkey.Allow}, namesOf(cat)
	for _, g := range t.Permissions {
		if suits(g.Type, owner) {
			r.Permissions = append(r.Permissions, names.permission(g))
		}
	}
	for _, tr := range t.Resources {
		if !suits(tr.Type, owner) {
			continue
		}
		row := newResource(tr.Type, owner)
		if tr.Choice == catalog.All {
			row = wholeOf(tr.Type, owner)
		}
		r.Resources = append(r.Resources, row)
	}
	return Draft{Name: t.Name, Rules: []Rule{r}}
}

// wholeOf is every resource of a type: of an account, all of its own.
func wholeOf(t leastkey.ResourceType, owner leastkey.Principal) Resource {
	row := newResource(t, owner)
	switch {
	case t == leastkey.UserType:
	case owner.Kind == leastkey.UserPrincipal:
		row.Extent = Every
	case t != leastkey.AccountType:
		row.Extent, row.Parent = Under, owner.Resource()
	}
	return row
}
