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
		grants, err := c.grants(r, owner)
		if err != nil {
			return err
		}
		seen, err := c.grants(r, caller.Principal)
		if err != nil {
			return err
		}
		within := grantedWithin(grants, q.Type)
		if caller.Principal != owner {
			mine := grantedWithin(seen, q.Type)
			within = slices.DeleteFunc(within, func(r leastkey.Resource) bool { return !slices.Contains(mine, r) })
		}
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
		registry := newAncestry(r)
		for _, row := range rows {
			if c.reaches(grants, row.Resource, registry) && c.reaches(seen, row.Resource, registry) {
				found = append(found, row)
			}
		}
		return registry.fault
	})
	return found, err
}

// Names gives the names of those of the resources on which the owner has a grant, and who asks as well.
func (c *Control) Names(ctx context.Context, caller Caller, owner leastkey.Principal, of []leastkey.Resource) (map[leastkey.Resource]string, error) {
	names := map[leastkey.Resource]string{}
	err := c.view(ctx, caller, owner.Resource(), func(r Reader) error {
		grants, err := c.grants(r, owner)
		if err != nil {
			return err
		}
		seen, err := c.grants(r, caller.Principal)
		if err != nil {
			return err
		}
		registry := newAncestry(r)
		for _, resource := range of {
			if _, known := names[resource]; known || !c.reaches(grants, resource, registry) || !c.reaches(seen, resource, registry) {
				continue
			}
			name := registry.rows[resource].Name
			if name == "" {
				if name, err = nameOf(r, resource); err != nil {
					return err
				}
			}
			if name != "" {
				names[resource] = name
			}
		}
		return registry.fault
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

// reaches reports whether a principal may do anything on the resource.
func (c *Control) reaches(grants leastkey.Grants, on leastkey.Resource, registry *ancestry) bool {
	ancestors, known := registry.of(on)
	if !known || !grants.Active {
		return false
	}
	target := leastkey.OnResource(on, ancestors...)
	return slices.ContainsFunc(grants.Policies, func(p leastkey.Policy) bool {
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
