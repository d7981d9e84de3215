package control

import (
	"fmt"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
)

// A token is checked while nobody else can write, and decided on with every request: its size is
// bounded, far above what people write by hand.
const (
	mostPolicies  = 100
	mostGroups    = 1000   // in one policy
	mostResources = 1000   // in one policy
	mostPairs     = 10_000 // of a group and a resource, in one token
	mostAddresses = 1000   // and ranges, in a condition
)

func checkCondition(c leastkey.Condition) error {
	if n := len(c.In) + len(c.NotIn); n > mostAddresses {
		return invalid("/condition", "%d addresses and ranges are more than the %d that a condition may list", n, mostAddresses)
	}
	return nil
}

func checkSize(policies []leastkey.Policy) error {
	if len(policies) > mostPolicies {
		return invalid("/policies", "%d policies are more than the %d that a token may have", len(policies), mostPolicies)
	}
	const advice = "; name what they have in common, such as every zone of an account"
	pairs := 0
	for i, pol := range policies {
		at := fmt.Sprintf("/policies/%d", i)
		if n := len(pol.Groups); n > mostGroups {
			return invalid(at+"/permission_groups", "%d permission groups are more than the %d that a policy may list", n, mostGroups)
		}
		if n := len(pol.Patterns); n > mostResources {
			return invalid(at+"/resources", "%d resources are more than the %d that a policy may list"+advice, n, mostResources)
		}
		if pairs += len(pol.Groups) * len(pol.Patterns); pairs > mostPairs {
			return invalid(at, "permission groups times resources, over all policies, are more than %d"+advice, mostPairs)
		}
	}
	return nil
}

// checkPolicies gives the policies as they are kept: in the owner's order, without exact
// duplicates, each with an id. Each group of a policy must be able to bind to one of the policy's
// resources; one that cannot is a mistake that would grant nothing.
func (c *Control) checkPolicies(policies []leastkey.Policy) ([]leastkey.Policy, error) {
	if err := checkSize(policies); err != nil {
		return nil, err
	}
	kept := make([]leastkey.Policy, 0, len(policies))
	for i, pol := range policies {
		at := fmt.Sprintf("/policies/%d", i)
		if pol.Effect != leastkey.Allow && pol.Effect != leastkey.Deny {
			return nil, invalid(at+"/effect", "want allow or deny")
		}
		pol.Groups, pol.Patterns = unique(pol.Groups), unique(pol.Patterns)
		if len(pol.Groups) == 0 {
			return nil, invalid(at+"/permission_groups", "a policy needs at least one permission group")
		}
		if len(pol.Patterns) == 0 {
			return nil, invalid(at+"/resources", "a policy needs at least one resource")
		}
		for j, group := range pol.Groups {
			if err := c.checkBinding(fmt.Sprintf("%s/permission_groups/%d", at, j), group, pol.Patterns); err != nil {
				return nil, err
			}
		}
		if slices.ContainsFunc(kept, func(k leastkey.Policy) bool { return sameRule(k, pol) }) {
			continue
		}
		if pol.ID.IsZero() || slices.ContainsFunc(kept, func(k leastkey.Policy) bool { return k.ID == pol.ID }) {
			id, err := leastkey.NewID(c.random)
			if err != nil {
				return nil, err
			}
			pol.ID = id
		}
		kept = append(kept, pol)
	}
	return kept, nil
}

func (c *Control) checkBinding(at string, id leastkey.ID, patterns []leastkey.Pattern) error {
	group, known := c.Catalog().Group(id)
	if !known {
		return invalid(at+"/id", "no permission group has the id %s", id)
	}
	if !c.Catalog().Binds(id, patterns) {
		return &Error{Kind: CheckFailed, Pointer: at, Group: group.Name,
			Message: fmt.Sprintf("%s applies to a resource of type %s, and the policy lists none", group.Name, group.Type)}
	}
	return nil
}

// unique drops exact duplicates and keeps the order.
func unique[T comparable](items []T) []T {
	out := make([]T, 0, len(items))
	for _, item := range items {
		if !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}

// sameRule reports whether two policies say the same, whatever their ids.
func sameRule(a, b leastkey.Policy) bool {
	return a.Effect == b.Effect && slices.Equal(a.Groups, b.Groups) && slices.Equal(a.Patterns, b.Patterns)
}

func samePolicy(a, b leastkey.Policy) bool { return a.ID == b.ID && sameRule(a, b) }

// RecordedToken is a token as audit rows have it, in Before and After: all but its secrets, which
// show as their tails.
type RecordedToken struct {
	Name      string             `json:"name"`
	Status    leastkey.Status    `json:"status"`
	Validity  leastkey.Validity  `json:"validity,omitzero"`
	Condition leastkey.Condition `json:"condition,omitzero"`
	Policies  []leastkey.Policy  `json:"policies"`
	Secrets   []RecordedSecret   `json:"secrets"`
}

// RecordedSecret is what a RecordedToken tells of a secret.
type RecordedSecret struct {
	Tail  string    `json:"tail"`           // its last characters
	Until time.Time `json:"until,omitzero"` // the end of its overlap; zero: none
}

func described(c Credential) RecordedToken {
	secrets := make([]RecordedSecret, len(c.Secrets))
	for i, s := range c.Secrets {
		secrets[i] = RecordedSecret{s.Tail, s.Until}
	}
	return RecordedToken{c.Name, c.Status, c.Validity, c.Condition, c.Policies, secrets}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
