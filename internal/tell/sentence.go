package tell

import (
	"fmt"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Sentence says one thing about what a token may do.
type Sentence struct {
	Effect leastkey.Effect // zero: about what grants nothing, or is not granted
	Text   string          // the sentence; of long lists only the beginning, and how many more
	Cut    bool            // there is such a list: Groups and Places have all of it
	Groups []string        // all permission groups that it is about
	Places []string        // all that they are on
}

// Sentences say what policies allow, what they deny, what in them has no effect any more, and that
// there is nothing else.
func (t Teller) Sentences(policies []leastkey.Policy) []Sentence {
	rights := t.rights(policies)
	var all []Sentence
	for _, r := range t.rules(rights) {
		all = append(all, t.sentence(r))
	}
	for _, text := range t.void(policies) {
		all = append(all, Sentence{Text: text})
	}
	return append(all, Sentence{Text: t.rest(rights)})
}

func (t Teller) sentence(r rule) Sentence {
	may := "May: "
	if r.effect == leastkey.Deny {
		may = "May not: "
	}
	parts, places := partNames(t.parts(r.kind, r.groups)), t.places(r.patterns)
	return Sentence{
		Effect: r.effect,
		Text:   may + listed(parts) + " on " + t.placed(r.patterns),
		Cut:    isCut(parts, mostListed) || isCut(places, mostListed),
		Groups: groupNames(r.groups), Places: places,
	}
}

// void says what in policies has no effect: what left the catalogue, and groups that nothing of
// their type stands beside.
func (t Teller) void(policies []leastkey.Policy) []string {
	var all []string
	add := func(text string) {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	for _, p := range policies {
		grants := "grants"
		if p.Effect == leastkey.Deny {
			grants = "denies"
		}
		for _, id := range p.Groups {
			switch group, known := t.Catalog.Group(id); {
			case !known:
				add(fmt.Sprintf("A permission group that this catalogue no longer has (id %s): %s nothing", id, grants))
			case !t.Catalog.Binds(id, p.Patterns):
				add(fmt.Sprintf("%s without any %s to be on: %s nothing", visible(group.Name), word(group.Type), grants))
			}
		}
		for _, pattern := range p.Patterns {
			if _, known := t.Catalog.Resource(pattern.Type); !known {
				add(fmt.Sprintf("A resource of a type that this catalogue no longer has (%s): %s nothing", visible(pattern.String()), grants))
			}
		}
	}
	return all
}

// rest says what is beyond all that is allowed.
func (t Teller) rest(rights []right) string {
	left, denied := effective(rights)
	switch {
	case len(left) == 0 && len(denied) == 0:
		return "Nothing: what no policy allows is refused"
	case len(left) == 0:
		return "Nothing: all that is allowed is denied too"
	}
	var no []string
	var beyond []leastkey.ResourceType
	every := true // permission of the types that are reached at all
	for _, r := range t.Catalog.Resources() {
		groups := map[leastkey.ID]bool{}
		reached, whole, known := false, false, 0
		for _, right := range left {
			if right.group.Type == r.Type {
				reached, whole = true, whole || right.pattern.Extent == leastkey.Every
				groups[right.group.ID] = true
			}
		}
		for _, g := range t.Catalog.Groups() {
			if g.Type == r.Type {
				known++
			}
		}
		switch {
		case known == 0:
		case !reached:
			beyond = append(beyond, r.Type)
		case !whole:
			no = append(no, "no other "+word(r.Type))
			fallthrough
		default:
			every = every && len(groups) == known
		}
	}
	if !every {
		no = slices.Insert(no, 0, "no other permission")
	}
	for _, kind := range beyond {
		no = append(no, "no "+word(kind))
	}
	text := "Nothing else"
	if len(no) > 0 {
		text += ": " + listed(no)
	}
	return text + t.harmless(left)
}

// harmless says what is told of a token first when it cannot be done.
func (t Teller) harmless(left []right) string {
	if !slices.ContainsFunc(left, func(r right) bool { return r.group.Access != catalog.Read }) {
		return ". It reads, and changes nothing"
	}
	var cannot []string
	if !holds(left, t.powers("tokens")) {
		cannot = append(cannot, "make or change tokens")
	}
	if !holds(left, t.powers("members")) {
		cannot = append(cannot, "manage members")
	}
	if len(cannot) == 0 {
		return ""
	}
	return ". It cannot " + strings.Join(cannot, " or ")
}

// powers are the permission groups with which something is changed through the control plane's own
// operations on tokens, or on members.
func (t Teller) powers(segment string) map[leastkey.ID]bool {
	ids := map[leastkey.ID]bool{}
	for _, op := range t.Catalog.Operations() {
		if !op.Control || op.Method == "GET" || !slices.Contains(strings.Split(op.Route, "/"), segment) {
			continue
		}
		for _, p := range op.AnyOf {
			ids[p.Group] = true
		}
	}
	return ids
}

func holds(rights []right, powers map[leastkey.ID]bool) bool {
	return slices.ContainsFunc(rights, func(r right) bool { return powers[r.group.ID] })
}
