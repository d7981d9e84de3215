package web

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/tell"
)

// tokenLine is a token in short.
type tokenLine struct {
	May, Where string
	From       string // addresses; "" for everywhere
}

// mostNamed is how many resources of one type are named for one token: a line shows one or none.
const mostNamed = 3

// tokenLines say what each token may do, with the names of resources that the owner may see.
func (s *Site) tokenLines(ctx context.Context, v *visit, tokens []control.Credential) ([]tokenLine, error) {
	var named []leastkey.Resource
	for _, token := range tokens {
		of := map[leastkey.ResourceType]int{}
		for _, r := range tell.Resources(token.Policies...) {
			if of[r.Type]++; of[r.Type] <= mostNamed {
				named = append(named, r)
			}
		}
	}
	names, err := s.Control.Names(ctx, s.caller(v, "GET /tokens"), v.owner, named)
	if err != nil {
		return nil, err
	}
	teller := tell.Teller{Catalog: s.Catalog(), Names: names, Now: s.Now()}
	lines := make([]tokenLine, len(tokens))
	for i, token := range tokens {
		lines[i] = tokenLine{May: teller.May(token.Policies), Where: teller.On(token.Policies), From: addresses(token.Condition)}
	}
	return lines, nil
}

// addresses says in short from where alone a token works.
func addresses(c leastkey.Condition) string {
	first := func(word string, of []leastkey.AddressRange) string {
		text := word + of[0].String()
		if more := len(of) - 1; more > 0 {
			text += fmt.Sprintf(", +%d more", more)
		}
		return text
	}
	switch {
	case len(c.In) > 0 && len(c.NotIn) > 0:
		return first("from ", c.In) + ", " + first("not from ", c.NotIn)
	case len(c.In) > 0:
		return first("from ", c.In)
	case len(c.NotIn) > 0:
		return first("not from ", c.NotIn)
	default:
		return ""
	}
}

// search gives the tokens that the query asks for, newest first.
func (s *Site) search(ctx context.Context, v *visit, tokens []control.Credential, q listQuery) ([]control.Credential, error) {
	now, text := s.Now(), strings.TrimSpace(q.Text)
	found := slices.DeleteFunc(slices.Clone(tokens), func(t control.Credential) bool {
		return q.Status != "" && strings.ReplaceAll(strings.ToLower(statusBadge(t, now).Text), " ", "-") != q.Status
	})
	slices.Reverse(found)
	if text == "" {
		return found, nil
	}
	resources, err := s.resourcesLike(ctx, v, found, text)
	if err != nil {
		return nil, err
	}
	groups := map[leastkey.ID]bool{}
	for _, g := range s.Catalog().Groups() {
		groups[g.ID] = contains(g.Name, text)
	}
	return slices.DeleteFunc(found, func(t control.Credential) bool {
		return !contains(t.Name, text) && t.ID.String() != text && !slices.ContainsFunc(t.Policies, func(p leastkey.Policy) bool {
			return slices.ContainsFunc(p.Groups, func(id leastkey.ID) bool { return groups[id] }) ||
				slices.ContainsFunc(tell.Resources(p), func(r leastkey.Resource) bool { return resources[r] })
		})
	}), nil
}

func contains(s, text string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(text))
}

// mostLike is how many resources of one type are looked up by their name. When more than that have
// it, those that the tokens name are looked at one by one.
const mostLike = 200

// resourcesLike are those of the resources of the tokens whose name contains the text.
func (s *Site) resourcesLike(ctx context.Context, v *visit, tokens []control.Credential, text string) (map[leastkey.Resource]bool, error) {
	byType := map[leastkey.ResourceType][]leastkey.Resource{}
	seen := map[leastkey.Resource]bool{}
	for _, token := range tokens {
		for _, r := range tell.Resources(token.Policies...) {
			if !seen[r] {
				seen[r] = true
				byType[r.Type] = append(byType[r.Type], r)
			}
		}
	}
	like := map[leastkey.Resource]bool{}
	caller := s.caller(v, "GET /tokens")
	for kind, named := range byType {
		found, err := s.Control.FindResources(ctx, caller, v.owner, control.ResourceQuery{Type: kind, Text: text, Limit: mostLike})
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			like[r.Resource] = true
		}
		if len(found) < mostLike && kind != leastkey.UserType { // users are not found by a search
			continue
		}
		names, err := s.Control.Names(ctx, caller, v.owner, named)
		if err != nil {
			return nil, err
		}
		for r, name := range names {
			like[r] = contains(name, text) || r.ID == text
		}
	}
	return like, nil
}
