package contender

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// A credential that carries its own policies has them as texts, one for each policy: an effect, groups, and what they
// are for: "=id" one resource, "^id" those of an account, "*" all.
//
//	allow 4755a26eedb94da69e1066d98aa820be,82e64a83756745bbbb1c9c2701bf816b =023e105f4ecef8ad9ca31a8372d0c353

func scopesOf(policies []leastkey.Policy) []string {
	all := make([]string, len(policies))
	for k, p := range policies {
		var groups, patterns []string
		for _, g := range p.Groups {
			groups = append(groups, g.String())
		}
		for _, on := range p.Patterns {
			switch on.Extent {
			case leastkey.One:
				patterns = append(patterns, "="+on.ID)
			case leastkey.Under:
				patterns = append(patterns, "^"+on.Parent.ID)
			case leastkey.Every:
				patterns = append(patterns, "*")
			}
		}
		all[k] = p.Effect.String() + " " + strings.Join(groups, ",") + " " + strings.Join(patterns, ",")
	}
	return all
}

// carried is a request to which the credential brings its policies.
type carried struct {
	groups          []string
	resource, under string
	addr            netip.Addr
}

func carriedBy(c *workload.Case) carried {
	r := carried{resource: "=" + c.Resource.ID, under: "^" + c.Account.ID, addr: c.Addr}
	for _, p := range c.AnyOf {
		r.groups = append(r.groups, p.Group.String())
	}
	return r
}

func (r *carried) touch() byte { return touch(r.groups[0]) + touch(r.resource) + touch(r.under) }

// permitted holds a request to scopes.
func (r *carried) permitted(scopes []string) bool {
	return slices.ContainsFunc(r.groups, func(group string) bool {
		allowed := false
		for _, s := range scopes {
			effect, rest, _ := strings.Cut(s, " ")
			groups, patterns, _ := strings.Cut(rest, " ")
			if !strings.Contains(groups, group) || !r.about(patterns) {
				continue
			}
			if effect == "deny" {
				return false
			}
			allowed = true
		}
		return allowed
	})
}

func (r *carried) about(patterns string) bool {
	return patterns == "*" || strings.Contains(patterns, r.resource) || strings.Contains(patterns, r.under)
}

// from holds a request to networks, as they are written.
func (r *carried) from(networks []string) bool {
	for _, text := range networks {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(r.addr) {
			return true
		}
	}
	return len(networks) == 0
}

func networksOf(c leastkey.Condition) []string {
	var all []string
	for _, r := range c.In {
		all = append(all, r.String())
	}
	return all
}
