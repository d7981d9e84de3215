package tell

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// mostListed is how many things a sentence names before it only counts.
const mostListed = 8

// listed joins things as people do: "a", "a and b", "a, b and c", "a, b and 7 more".
func listed(things []string) string { return clipped(things, mostListed) }

// isCut reports whether some of the things are only counted: "and 1 more" would be no shorter than to
// name it.
func isCut(things []string, most int) bool { return len(things) > most+1 }

func clipped(things []string, most int) string {
	if isCut(things, most) {
		return strings.Join(things[:most], ", ") + fmt.Sprintf(" and %d more", len(things)-most)
	}
	switch n := len(things); n {
	case 0:
		return ""
	case 1:
		return things[0]
	default:
		return strings.Join(things[:n-1], ", ") + " and " + things[n-1]
	}
}

// word is a resource type in words: "load balancer".
func word(kind leastkey.ResourceType) string { return strings.ReplaceAll(string(kind), "_", " ") }

// plural is more than one of them.
func plural(kind leastkey.ResourceType) string {
	w := word(kind)
	last := w[len(w)-1]
	switch {
	case last == 'y' && len(w) > 1 && !strings.ContainsRune("aeiou", rune(w[len(w)-2])):
		return w[:len(w)-1] + "ies"
	case last == 's' || last == 'x' || last == 'z' || strings.HasSuffix(w, "ch") || strings.HasSuffix(w, "sh"):
		return w + "es"
	default:
		return w + "s"
	}
}

// name is what a resource is called, or its id. With a name that another resource of its type has
// too, the id says which of them is meant.
func (t Teller) name(r leastkey.Resource) string {
	name := visible(t.Names[r])
	if name == "" {
		return visible(r.ID)
	}
	for other, called := range t.Names {
		same := called == t.Names[r] || name != t.Names[r] && visible(called) == name
		if same && other != r && other.Type == r.Type {
			return name + " (" + visible(r.ID) + ")"
		}
	}
	return name
}

// visible puts a mark where a character does not show or would turn the text that follows.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// places says the patterns of one type, each by itself.
func (t Teller) places(patterns []leastkey.Pattern) []string {
	all := make([]string, len(patterns))
	for i, p := range patterns {
		all[i] = t.place(p)
	}
	return all
}

func (t Teller) place(p leastkey.Pattern) string {
	switch p.Extent {
	case leastkey.One:
		return word(p.Type) + " " + t.name(leastkey.Resource{Type: p.Type, ID: p.ID})
	case leastkey.Under:
		return "every " + word(p.Type) + " of " + word(p.Parent.Type) + " " + t.name(p.Parent)
	case leastkey.Every:
		return "every " + word(p.Type)
	default:
		return "nothing"
	}
}

// placed joins the places of one type: "zones a and b, and every zone of account c, also zones
// added later".
func (t Teller) placed(patterns []leastkey.Pattern) string {
	var names, wider []string
	for _, p := range patterns {
		if p.Extent == leastkey.One {
			names = append(names, t.name(leastkey.Resource{Type: p.Type, ID: p.ID}))
		} else {
			wider = append(wider, t.place(p))
		}
	}
	var parts []string
	switch len(names) {
	case 0:
	case 1:
		parts = append(parts, word(patterns[0].Type)+" "+names[0])
	default:
		parts = append(parts, plural(patterns[0].Type)+" "+listed(names))
	}
	if len(wider) > 0 {
		parts = append(parts, listed(wider)+", also "+plural(patterns[0].Type)+" added later")
	}
	return strings.Join(parts, ", and ")
}

// part is one or several permission groups under one name.
type part struct {
	name string
	size int
}

// parts names the groups of one type: all of them, or all that read or write, have one name.
func (t Teller) parts(kind leastkey.ResourceType, groups []catalog.Group) []part {
	const fewest = 4 // of which it is worth to say "every"
	of := map[catalog.Access]int{}
	all := 0
	for _, g := range t.Catalog.Groups() {
		if g.Type == kind {
			of[g.Access]++
			all++
		}
	}
	if len(groups) == all && all >= fewest {
		return []part{{"every permission", all}}
	}
	has := map[catalog.Access]int{}
	for _, g := range groups {
		has[g.Access]++
	}
	var parts []part
	whole := func(a catalog.Access) bool { return a != catalog.Other && of[a] >= fewest && has[a] == of[a] }
	for _, every := range []struct {
		access catalog.Access
		name   string
	}{{catalog.Read, "every Read permission"}, {catalog.Write, "every Write permission"}} {
		if whole(every.access) {
			parts = append(parts, part{every.name, has[every.access]})
		}
	}
	for _, g := range groups {
		if !whole(g.Access) {
			parts = append(parts, part{visible(g.Name), 1})
		}
	}
	return parts
}

func partNames(parts []part) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}

func groupNames(groups []catalog.Group) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = visible(g.Name)
	}
	return names
}
