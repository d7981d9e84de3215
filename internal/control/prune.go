package control

import (
	"slices"

	"github.com/leastkey/leastkey"
)

// Names lists the resources that the policies of a credential name, each once: those of patterns
// for one resource, and those that a pattern reaches what is under.
func (c Credential) Names() []leastkey.Resource {
	var names []leastkey.Resource
	seen := map[leastkey.Resource]bool{}
	for _, pol := range c.Policies {
		for _, pattern := range pol.Patterns {
			if r, ok := named(pattern); ok && !seen[r] {
				seen[r] = true
				names = append(names, r)
			}
		}
	}
	return names
}

// named is the resource that a pattern names.
func named(p leastkey.Pattern) (leastkey.Resource, bool) {
	switch p.Extent {
	case leastkey.One:
		return leastkey.Resource{Type: p.Type, ID: p.ID}, true
	case leastkey.Under:
		return p.Parent, true
	default:
		return leastkey.Resource{}, false
	}
}

// Loss is what one token loses when resources are moved or removed.
type Loss struct {
	Token    Credential         // as it was
	Patterns []leastkey.Pattern // that its allow policies had, and have no more

	is Credential // without them
}

// losses finds the tokens that point to any of the resources by an allow, and what they lose.
// Denies stay: they take rights away, and nothing may grow because a resource went.
func (c *Control) losses(r Reader, gone []leastkey.Resource) ([]Loss, error) {
	var ids []leastkey.ID
	seen := map[leastkey.ID]bool{}
	of := map[leastkey.Resource]bool{}
	for _, resource := range gone {
		of[resource] = true
		naming, err := r.CredentialsNaming(resource)
		if err != nil {
			return nil, err
		}
		for _, id := range naming {
			if !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	var all []Loss
	for _, id := range ids {
		token, err := r.Credential(id)
		if err != nil {
			return nil, err
		}
		loss := Loss{Token: token, is: token}
		if loss.is.Policies, loss.Patterns = c.without(token.Policies, of); len(loss.Patterns) > 0 {
			all = append(all, loss)
		}
	}
	return all, nil
}

// without takes the patterns that name any of the resources out of allow policies, and with them
// the groups that bind to nothing then: a policy with such a group could not be edited.
func (c *Control) without(policies []leastkey.Policy, gone map[leastkey.Resource]bool) (kept []leastkey.Policy, lost []leastkey.Pattern) {
	for _, pol := range policies {
		var stay []leastkey.Pattern
		for _, pattern := range pol.Patterns {
			if r, names := named(pattern); names && gone[r] && pol.Effect == leastkey.Allow {
				lost = append(lost, pattern)
				continue
			}
			stay = append(stay, pattern)
		}
		if len(stay) < len(pol.Patterns) {
			was := pol.Patterns
			pol.Patterns = stay
			pol.Groups = slices.DeleteFunc(slices.Clone(pol.Groups), func(g leastkey.ID) bool {
				return c.Catalog().Binds(g, was) && !c.Catalog().Binds(g, stay)
			})
			if len(pol.Patterns) == 0 || len(pol.Groups) == 0 {
				continue
			}
		}
		kept = append(kept, pol)
	}
	return kept, unique(lost)
}

// forget takes what points to the resources out of every token that has it, as a part of the act
// that moves, removes, or newly registers them.
func (c *Control) forget(tx Tx, done *deed, gone []leastkey.Resource) ([]Loss, error) {
	losses, err := c.losses(tx, gone)
	if err != nil {
		return nil, err
	}
	for _, loss := range losses {
		token := loss.is
		token.ModifiedOn = c.now()
		if err := tx.PutCredential(token); err != nil {
			return nil, err
		}
		record := token.Record()
		done.changes = append(done.changes, leastkey.Change{Credential: &record})
	}
	return losses, nil
}

// recordedLosses says in an audit row which tokens lost what: "<id>: zone 023e...". Names of tokens
// are left out: the log of an account is read by people whose tokens they are not.
func recordedLosses(losses []Loss) []string {
	var lines []string
	for _, loss := range losses {
		for _, pattern := range loss.Patterns {
			lines = append(lines, loss.Token.ID.String()+": "+pattern.String())
		}
	}
	return lines
}
