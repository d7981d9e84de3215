package draft

import (
	"net/url"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// LinkAllow is the field of a link that proposes one permission group on one place; it may come
// several times. A group goes by its id: "4755a26eedb94da69e1066d98aa820be on zone:023e...", "... on
// every zone", "... on every zone of account:01a7...".
const LinkAllow = "allow"

// mostProposed bounds a link: what goes through every browser and proxy, in bytes.
const mostProposed = 4000

// Proposal is a link, from the first slash on, to the form of a token with what a policy allows
// proposed: of the owner's token with that id, or of a new one. It is false for more than a link holds.
func Proposal(owner leastkey.Principal, token leastkey.ID, p leastkey.Policy) (link string, fits bool) {
	home := "/profile"
	if owner.Kind == leastkey.AccountPrincipal {
		home = "/account/" + owner.ID.String()
	}
	page := "/new"
	if !token.IsZero() {
		page = "/" + token.String() + "/edit"
	}
	asked := url.Values{}
	for _, id := range p.Groups {
		for _, pattern := range p.Patterns {
			asked.Add(LinkAllow, id.String()+" on "+spelled(pattern))
		}
	}
	link = home + "/api-tokens" + page + "?" + asked.Encode()
	return link, len(link) <= mostProposed
}

func spelled(p leastkey.Pattern) string {
	switch p.Extent {
	case leastkey.One:
		return string(p.Type) + ":" + p.ID
	case leastkey.Under:
		return "every " + string(p.Type) + " of " + string(p.Parent.Type) + ":" + p.Parent.ID
	default:
		return "every " + string(p.Type)
	}
}

// IsProposal reports whether a query proposes permissions.
func IsProposal(v url.Values) bool { return v.Has(LinkAllow) }

// Propose is the draft with a rule more for what a link proposes. The problems are what was not
// understood.
func (d Draft) Propose(cat *catalog.Catalog, owner leastkey.Principal, v url.Values) (Draft, []Problem) {
	d = d.clone()
	l := link{cat: cat, names: namesOf(cat), owner: owner}
	type asked struct {
		group    catalog.Group
		patterns []leastkey.Pattern
	}
	var all []asked
	for i, text := range v[LinkAllow] {
		if i == mostKeys {
			l.wrong("The link asks for more than %d permissions. The rest are left out.", mostKeys)
			break
		}
		g, pattern, ok := l.proposed(text)
		if !ok {
			continue
		}
		at := slices.IndexFunc(all, func(a asked) bool { return a.group.ID == g.ID })
		if at < 0 {
			at = len(all)
			all = append(all, asked{group: g})
		}
		if !slices.Contains(all[at].patterns, pattern) {
			all[at].patterns = append(all[at].patterns, pattern)
		}
	}
	for _, a := range all {
		if len(d.Rules) == mostRules {
			l.wrong("There is no room for more in one token.")
			break
		}
		d.Rules = append(d.Rules, Rule{Effect: leastkey.Allow, Permissions: []Permission{l.names.permission(a.group)}, Resources: resourcesOf(a.patterns, Include)})
	}
	return d, l.problems
}

// proposed reads one permission group on one place.
func (l *link) proposed(text string) (catalog.Group, leastkey.Pattern, bool) {
	id, place, _ := strings.Cut(text, " on ")
	g, known := catalog.Group{}, false
	if parsed, err := leastkey.ParseID(id); err == nil {
		g, known = l.cat.Group(parsed)
	}
	if !known || !suits(g.Type, l.owner) {
		l.wrong("The link asks for %s, which is no permission here.", quoted(text))
		return g, leastkey.Pattern{}, false
	}
	p, ok := l.pattern(g.Type, place)
	if !ok {
		l.wrong("The link asks for %s on %s, which is no resource that it could be on.", quoted(g.Name), quoted(place))
	}
	return g, p, ok
}

// pattern reads a place of the type.
func (l *link) pattern(t leastkey.ResourceType, place string) (leastkey.Pattern, bool) {
	of, every := strings.CutPrefix(place, "every ")
	if !every {
		kind, id, _ := strings.Cut(place, ":")
		r := leastkey.Resource{Type: t, ID: id}
		own := t != leastkey.UserType || r == l.owner.Resource()
		return leastkey.PatternOne(r), kind == string(t) && own && l.cat.ValidID(t, id)
	}
	kind, under, narrowed := strings.Cut(of, " of ")
	if kind != string(t) || t == leastkey.UserType {
		return leastkey.Pattern{}, false
	}
	if !narrowed {
		return leastkey.PatternEvery(t), true
	}
	parent, id, _ := strings.Cut(under, ":")
	in := leastkey.Resource{Type: leastkey.ResourceType(parent), ID: id}
	return leastkey.PatternUnder(t, in), slices.Contains(Parents(l.cat, t), in.Type) && l.cat.ValidID(in.Type, id)
}
