package control

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// ResourceQuery asks for resources that the owner of a token may do anything at all on.
type ResourceQuery struct {
	Type    leastkey.ResourceType
	Account leastkey.ID // zero: of any account
	Text    string      // in the name, or the whole id
	Limit   int
}

// mostFound bounds one answer.
const mostFound = 1000

// FindResources lists resources on which the owner of a token has a grant, and who asks as well, by name.
func (c *Control) FindResources(ctx context.Context, caller Caller, owner leastkey.Principal, q ResourceQuery) ([]Resource, error) {
	var found []Resource
	err := c.view(ctx, caller, owner.Resource(), func(r Reader) error {
		sight, err := c.sightOf(r, caller, owner)
		if err != nil {
			return err
		}
		within := sight.within(q.Type)
		if !q.Account.IsZero() {
			only := leastkey.AccountOf(q.Account).Resource()
			within = slices.DeleteFunc(within, func(r leastkey.Resource) bool { return r != only })
		}
		limit := min(max(q.Limit, 1), mostFound)
		if q.Type == leastkey.AccountType {
			found, err = findAccounts(r, within, q.Text, limit)
			return err
		}
		rows, err := r.FindResources(ResourceSearch{Type: q.Type, Within: within, Text: q.Text, Limit: limit})
		if err != nil {
			return err
		}
		for _, row := range rows {
			if sight.reaches(row.Resource) {
				found = append(found, row)
			}
		}
		return sight.registry.fault
	})
	return found, err
}

// Names gives the names of those of the resources on which the owner has a grant, and who asks as well.
func (c *Control) Names(ctx context.Context, caller Caller, owner leastkey.Principal, of []leastkey.Resource) (map[leastkey.Resource]string, error) {
	names := map[leastkey.Resource]string{}
	err := c.view(ctx, caller, owner.Resource(), func(r Reader) error {
		sight, err := c.sightOf(r, caller, owner)
		if err != nil {
			return err
		}
		for _, resource := range of {
			if _, known := names[resource]; known || !sight.reaches(resource) {
				continue
			}
			name := sight.registry.rows[resource].Name
			if name == "" {
				if name, err = nameOf(r, resource); err != nil {
					return err
				}
			}
			if name != "" {
				names[resource] = name
			}
		}
		return sight.registry.fault
	})
	return names, err
}

func nameOf(r Reader, resource leastkey.Resource) (string, error) {
	var name string
	id, err := leastkey.ParseID(resource.ID)
	switch {
	case resource.Type == leastkey.AccountType && err == nil:
		var account Account
		account, err = r.Account(id)
		name = account.Name
	case resource.Type == leastkey.UserType && err == nil:
		var user User
		user, err = r.User(id)
		name = user.Email
	default:
		var row Resource
		row, err = r.Resource(resource)
		name = row.Name
	}
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return name, err
}

// sight is what may be shown of the registry: what the owner of a token has a grant on, and who asks
// as well.
type sight struct {
	grants   []leastkey.Grants // of each of them
	registry *ancestry
}

func (c *Control) sightOf(r Reader, caller Caller, owner leastkey.Principal) (sight, error) {
	s := sight{registry: newAncestry(r)}
	for _, p := range unique([]leastkey.Principal{owner, caller.Principal}) {
		grants, err := c.grants(r, p)
		if err != nil {
			return sight{}, err
		}
		s.grants = append(s.grants, grants)
	}
	return s, nil
}

// within are the resources below which something of a type may be in sight.
func (s sight) within(t leastkey.ResourceType) []leastkey.Resource {
	common := grantedWithin(s.grants[0], t)
	for _, g := range s.grants[1:] {
		other := grantedWithin(g, t)
		common = slices.DeleteFunc(common, func(r leastkey.Resource) bool { return !slices.Contains(other, r) })
	}
	return common
}

// reaches reports whether a resource is in sight.
func (s sight) reaches(on leastkey.Resource) bool {
	ancestors, known := s.registry.of(on)
	if !known {
		return false
	}
	target := leastkey.OnResource(on, ancestors...)
	return !slices.ContainsFunc(s.grants, func(g leastkey.Grants) bool { return !g.Active || !grantsAny(g, target) })
}

// grantsAny reports whether the grants allow anything at all on the target.
func grantsAny(g leastkey.Grants, target leastkey.Target) bool {
	return slices.ContainsFunc(g.Policies, func(p leastkey.Policy) bool {
		return p.Effect == leastkey.Allow && slices.ContainsFunc(p.Patterns, func(pattern leastkey.Pattern) bool { return pattern.Matches(target) })
	})
}

// grantedWithin are the resources under which the grants are about something of a type; of
// accounts, the accounts themselves.
func grantedWithin(g leastkey.Grants, t leastkey.ResourceType) []leastkey.Resource {
	var within []leastkey.Resource
	for _, p := range g.Policies {
		for _, pattern := range p.Patterns {
			on := pattern.Parent
			if pattern.Extent == leastkey.One && t == leastkey.AccountType {
				on = leastkey.Resource{Type: pattern.Type, ID: pattern.ID}
			}
			if p.Effect == leastkey.Allow && pattern.Type == t && on != (leastkey.Resource{}) && !slices.Contains(within, on) {
				within = append(within, on)
			}
		}
	}
	return within
}

func findAccounts(r Reader, accounts []leastkey.Resource, text string, limit int) ([]Resource, error) {
	var found []Resource
	for _, on := range accounts {
		name, err := nameOf(r, on)
		if err != nil {
			return nil, err
		}
		if row := (Resource{Resource: on, Name: name}); matches(row, text) {
			found = append(found, row)
		}
	}
	slices.SortFunc(found, func(a, b Resource) int { return inOrder(a, b, text) })
	return found[:min(len(found), limit)], nil
}

// matches and inOrder are what FindResources of a store does for other types of resources.
func matches(r Resource, text string) bool {
	return strings.Contains(folded(r.Name), folded(text)) || r.ID == text
}

func inOrder(a, b Resource, text string) int {
	first := func(r Resource) int {
		if strings.HasPrefix(folded(r.Name), folded(text)) {
			return 0
		}
		return 1
	}
	return cmp.Or(first(a)-first(b), strings.Compare(folded(a.Name), folded(b.Name)), strings.Compare(a.ID, b.ID))
}

// folded leaves the case of A to Z aside.
func folded(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
