package draft

import (
	"fmt"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Parents are the types under which every resource of a type can be meant, nearest first.
func Parents(cat *catalog.Catalog, t leastkey.ResourceType) []leastkey.ResourceType {
	var parents []leastkey.ResourceType
	for r, ok := cat.Resource(t); ok && r.Parent != ""; r, ok = cat.Resource(r.Parent) {
		parents = append(parents, r.Parent)
	}
	return parents
}

// Extents are those that make sense for a type.
func Extents(cat *catalog.Catalog, t leastkey.ResourceType) []Extent {
	switch {
	case t == leastkey.UserType:
		return []Extent{Self}
	case len(Parents(cat, t)) > 0:
		return []Extent{One, Under, Every}
	default:
		return []Extent{One, Every}
	}
}

// patterns is what the row reaches, for a token of this owner.
func (r Resource) patterns(cat *catalog.Catalog, owner leastkey.Principal) ([]leastkey.Pattern, *misfit) {
	kind, known := cat.Resource(r.Type)
	switch {
	case !known:
		return nil, &misfit{"type", "Choose a type of resource."}
	case r.Type == leastkey.UserType && owner.Kind != leastkey.UserPrincipal:
		return nil, &misfit{"type", "A token of an account has no user of its own. Choose another type, or remove this row."}
	case r.Mode == "":
		return nil, &misfit{"mode", "Choose whether this is included or excluded."}
	case !slices.Contains(Extents(cat, r.Type), r.Extent):
		return nil, &misfit{"extent", "Choose which " + Nouns(r.Type) + " are meant."}
	}
	switch r.Extent {
	case Every:
		return []leastkey.Pattern{leastkey.PatternEvery(r.Type)}, nil
	case Self:
		return []leastkey.Pattern{leastkey.PatternOne(owner.Resource())}, nil
	case Under:
		parent, ok := cat.Resource(r.Parent.Type)
		if !ok || !slices.Contains(Parents(cat, r.Type), r.Parent.Type) {
			return nil, &misfit{"parent", fmt.Sprintf("Choose the %s whose %s are meant.", Noun(kind.Parent), Nouns(r.Type))}
		}
		if !parent.IDs.Admits(r.Parent.ID) {
			return nil, &misfit{"parent", notAnID(r.Parent.ID, parent)}
		}
		return []leastkey.Pattern{leastkey.PatternUnder(r.Type, r.Parent)}, nil
	}
	if len(r.IDs) == 0 {
		message := "Choose at least one " + Noun(r.Type) + "."
		if r.Find != "" {
			message = "Choose at least one " + Noun(r.Type) + " of those that Find shows."
		}
		return nil, &misfit{"find", message}
	}
	var patterns []leastkey.Pattern
	for _, id := range r.IDs {
		if !kind.IDs.Admits(id) {
			return nil, &misfit{"find", notAnID(id, kind)}
		}
		patterns = append(patterns, leastkey.PatternOne(leastkey.Resource{Type: r.Type, ID: id}))
	}
	return patterns, nil
}

func notAnID(id string, of catalog.Resource) string {
	return fmt.Sprintf("%s is not the id of %s: ids are %s. Remove it, and choose by name.", quoted(id), article(of.Type), of.IDs)
}

// resourcesOf are the rows that reach the patterns, in their order.
func resourcesOf(patterns []leastkey.Pattern, mode Mode) []Resource {
	var rows []Resource
	for _, p := range patterns {
		row := Resource{Type: p.Type, Mode: mode}
		last := len(rows) - 1
		switch {
		case p.Extent == leastkey.One && p.Type == leastkey.UserType:
			row.Extent = Self
		case p.Extent == leastkey.One && last >= 0 && rows[last].Extent == One && rows[last].Type == p.Type:
			rows[last].IDs = append(rows[last].IDs, p.ID)
			continue
		case p.Extent == leastkey.One:
			row.Extent, row.IDs = One, []string{p.ID}
		case p.Extent == leastkey.Every:
			row.Extent = Every
		case p.Extent == leastkey.Under:
			row.Extent, row.Parent = Under, p.Parent
		}
		rows = append(rows, row)
	}
	return rows
}
