// Package tell says a token in sentences, for people: what it may do, from where and until when,
// what about it is worth a second look, and what an edit changes. It says the same token as a
// command line, as Terraform and as curl too. It decides nothing, and asks nobody: names of
// resources are handed to it.
package tell

import (
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Teller knows what its sentences are made with.
type Teller struct {
	Catalog *catalog.Catalog
	Names   map[leastkey.Resource]string // as far as they are known; ids stand for the rest
	Now     time.Time
}

// right is one permission group on one pattern of its type: what policies come down to.
type right struct {
	effect  leastkey.Effect
	group   catalog.Group
	pattern leastkey.Pattern
}

// rights are what policies come down to, each once, in the order in which they were written.
func (t Teller) rights(policies []leastkey.Policy) []right {
	var all []right
	seen := map[right]bool{}
	for _, p := range policies {
		for _, id := range p.Groups {
			group, known := t.Catalog.Group(id)
			for _, pattern := range p.Patterns {
				r := right{p.Effect, group, pattern}
				if known && pattern.Type == group.Type && !seen[r] {
					seen[r] = true
					all = append(all, r)
				}
			}
		}
	}
	return all
}

// rule is rights that share all: each of the groups on each of the patterns.
type rule struct {
	effect   leastkey.Effect
	kind     leastkey.ResourceType
	groups   []catalog.Group
	patterns []leastkey.Pattern
}

// rules puts rights together: patterns of one type on which exactly the same groups are allowed, or
// denied, make one rule. They are in the order allow, deny, then by the types of the catalogue, so
// that how rights were spread over policies does not show.
func (t Teller) rules(rights []right) []rule {
	var all []rule
	for _, effect := range []leastkey.Effect{leastkey.Allow, leastkey.Deny} {
		for _, r := range t.Catalog.Resources() {
			all = append(all, gather(effect, r.Type, rights)...)
		}
	}
	return all
}

func gather(effect leastkey.Effect, kind leastkey.ResourceType, rights []right) []rule {
	var patterns []leastkey.Pattern
	groups := map[leastkey.Pattern][]catalog.Group{}
	for _, r := range rights {
		if r.effect != effect || r.group.Type != kind {
			continue
		}
		if groups[r.pattern] == nil {
			patterns = append(patterns, r.pattern)
		}
		groups[r.pattern] = append(groups[r.pattern], r.group)
	}
	var all []rule
	at := map[string]int{}
	for _, p := range patterns {
		same := signature(groups[p])
		i, seen := at[same]
		if !seen {
			i = len(all)
			at[same] = i
			all = append(all, rule{effect: effect, kind: kind, groups: groups[p]})
		}
		all[i].patterns = append(all[i].patterns, p)
	}
	return all
}

// signature is the same text for the same groups in whatever order.
func signature(groups []catalog.Group) string {
	ids := make([]string, len(groups))
	for i, g := range groups {
		ids[i] = g.ID.String()
	}
	slices.Sort(ids)
	return strings.Join(ids, "")
}

// effective are the allowed rights that no deny takes away as a whole. Whether one resource lies
// under another is not known here, so a deny that might reach is taken not to.
func effective(rights []right) (left, denied []right) {
	denies := map[leastkey.ID][]leastkey.Pattern{}
	for _, r := range rights {
		if r.effect == leastkey.Deny {
			denies[r.group.ID] = append(denies[r.group.ID], r.pattern)
		}
	}
	for _, r := range rights {
		if r.effect != leastkey.Allow {
			continue
		}
		covers := func(deny leastkey.Pattern) bool { return deny.Covers(r.pattern, nothingKnown) }
		if slices.ContainsFunc(denies[r.group.ID], covers) {
			denied = append(denied, r)
		} else {
			left = append(left, r)
		}
	}
	return left, denied
}

func nothingKnown(leastkey.Resource) ([]leastkey.Resource, bool) { return nil, false }

// Resources lists what policies name, each once, so that names can be found for it.
func Resources(policies ...leastkey.Policy) []leastkey.Resource {
	var all []leastkey.Resource
	seen := map[leastkey.Resource]bool{}
	for _, p := range policies {
		for _, pattern := range p.Patterns {
			named := pattern.Parent
			if pattern.Extent == leastkey.One {
				named = leastkey.Resource{Type: pattern.Type, ID: pattern.ID}
			}
			if !named.IsZero() && !seen[named] {
				seen[named] = true
				all = append(all, named)
			}
		}
	}
	return all
}
