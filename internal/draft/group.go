package draft

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Base is the name of a group without what it lets one do: "DNS" for "DNS Write". Groups that neither
// read nor write have none but their whole name.
func Base(g catalog.Group) string {
	i := strings.LastIndexByte(g.Name, ' ')
	if i < 0 || g.Access == catalog.Other || !strings.EqualFold(g.Name[i+1:], g.Access.String()) {
		return g.Name
	}
	return g.Name[:i]
}

// names finds the groups of a catalogue by what people call them.
type names struct {
	cat    *catalog.Catalog
	groups []catalog.Group
	called [4]map[Permission][]catalog.Group // by whole name and by base name; then each in lower case
}

func namesOf(cat *catalog.Catalog) names {
	n := names{cat: cat, groups: cat.Groups()}
	for i := range n.called {
		n.called[i] = map[Permission][]catalog.Group{}
	}
	for _, g := range n.groups {
		for i, text := range []string{g.Name, Base(g), strings.ToLower(g.Name), strings.ToLower(Base(g))} {
			p := Permission{g.Type, text, AccessOf(g)}
			n.called[i][p] = append(n.called[i][p], g)
		}
	}
	return n
}

// permission is the row that means the group: by its base name, unless that means another one.
func (n names) permission(g catalog.Group) Permission {
	for _, text := range []string{Base(g), g.Name} {
		p := Permission{g.Type, text, AccessOf(g)}
		if found, wrong := n.find(p); wrong == nil && found.ID == g.ID {
			return p
		}
	}
	return Permission{g.Type, g.ID.String(), AccessOf(g)}
}

// misfit says what is wrong with a row, and with which part of it.
type misfit struct{ part, message string }

// find reads an id, else a whole name, else a base name; each exactly, else in any case of letters.
// Type and access must agree with what is found, whichever way it was named.
func (n names) find(p Permission) (catalog.Group, *misfit) {
	if _, known := n.cat.Resource(p.Type); !known {
		return catalog.Group{}, &misfit{"type", "Choose what the permission is for, such as " + Title(leastkey.AccountType) + "."}
	}
	if id, err := leastkey.ParseID(p.Group); err == nil {
		g, ok := n.cat.Group(id)
		if !ok {
			return catalog.Group{}, &misfit{"group", "No permission group has the id " + p.Group + ". Choose one by its name."}
		}
		return g, p.disagreement(g)
	}
	for i, called := range n.called {
		text := p
		if i >= 2 {
			text.Group = strings.ToLower(p.Group)
		}
		switch found := called[text]; len(found) {
		case 0:
		case 1:
			return found[0], nil
		default:
			return catalog.Group{}, &misfit{"group", quoted(p.Group) + " could be several groups. Write the whole name of one."}
		}
	}
	return catalog.Group{}, n.advise(p)
}

// disagreement is between a group that was found and what else was chosen; nil when there is none.
func (p Permission) disagreement(g catalog.Group) *misfit {
	switch {
	case g.Type != p.Type:
		return &misfit{"type", fmt.Sprintf("%s applies to %s; choose %s.", g.Name, Nouns(g.Type), Title(g.Type))}
	case AccessOf(g) != p.Access:
		return &misfit{"access", fmt.Sprintf("%s comes as %s; choose that.", g.Name, quoted(AccessOf(g).Label()))}
	default:
		return nil
	}
}

// advise says what may have been meant by a name that is not there.
func (n names) advise(p Permission) *misfit {
	var here, elsewhere, near []catalog.Group
	for _, g := range n.groups {
		called := strings.EqualFold(g.Name, p.Group) || strings.EqualFold(Base(g), p.Group)
		switch {
		case called && g.Type == p.Type:
			here = append(here, g)
		case called:
			elsewhere = append(elsewhere, g)
		case g.Type == p.Type && strings.Contains(strings.ToLower(g.Name), strings.ToLower(p.Group)):
			near = append(near, g)
		}
	}
	switch {
	case len(here) > 0:
		labels := distinct(here, func(g catalog.Group) string { return quoted(AccessOf(g).Label()) })
		return &misfit{"access", fmt.Sprintf("%s comes as %s; choose %s.", p.Group, list(labels, "or"), map[bool]string{true: "that", false: "one"}[len(labels) == 1])}
	case len(elsewhere) > 0:
		nouns := distinct(elsewhere, func(g catalog.Group) string { return Nouns(g.Type) })
		titles := distinct(elsewhere, func(g catalog.Group) string { return Title(g.Type) })
		return &misfit{"group", fmt.Sprintf("%s applies to %s; choose %s.", p.Group, list(nouns, "and"), list(titles, "or"))}
	}
	message := fmt.Sprintf("No permission group for %s is called %s.", Nouns(p.Type), quoted(p.Group))
	if bases := distinct(near, Base); len(bases) > 0 {
		const most = 4
		message += " Did you mean " + list(bases[:min(len(bases), most)], "or") + "?"
	} else {
		message += " Choose one from the list."
	}
	return &misfit{"group", message}
}

// distinct are the words for the groups, each once.
func distinct(groups []catalog.Group, word func(catalog.Group) string) []string {
	var words []string
	for _, g := range groups {
		if w := word(g); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}

// Offered are the types whose permissions a token of this owner can have, in the catalogue's order.
// A person's own details are no business of an account's token.
func Offered(cat *catalog.Catalog, owner leastkey.Principal) []catalog.Resource {
	types := cat.Resources()
	if owner.Kind == leastkey.UserPrincipal {
		return types
	}
	return slices.DeleteFunc(types, func(r catalog.Resource) bool { return r.Type == leastkey.UserType })
}
