package contender

import (
	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// casbinModel: a rule is one group on one thing; the thing is a resource, an account whose resources are meant, or "*".
const casbinModel = `
[request_definition]
r = act, obj, acc
[policy_definition]
p = act, obj, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = r.act == p.act && (p.obj == r.obj || p.obj == r.acc || p.obj == "*")
`

// casbinEngine is casbin behind the hand-written front: for each token an enforcer with the token's own rules, which is
// many times faster than one enforcer with the rules of all. It is asked once for each group that would do.
type casbinEngine struct {
	front
	enforcers []*casbin.Enforcer
	requests  []casbinRequest
}

type casbinRequest struct {
	groups           []string
	resource, within string
}

// Load implements [Contender].
func (e *casbinEngine) Load(w *workload.Workload, p Part) error {
	if p != Tokens {
		return nil
	}
	e.enforcers = make([]*casbin.Enforcer, w.Tokens)
	for i := range w.Tokens {
		m, err := model.NewModelFromString(casbinModel)
		if err != nil {
			return err
		}
		if e.enforcers[i], err = casbin.NewEnforcer(m); err != nil {
			return err
		}
		if _, err = e.enforcers[i].AddPolicies(casbinRules(e.add(w, i).Policies)); err != nil {
			return err
		}
	}
	return nil
}

func casbinRules(policies []leastkey.Policy) (rules [][]string) {
	seen := map[[3]string]bool{}
	for _, p := range policies {
		for _, g := range p.Groups {
			for _, on := range p.Patterns {
				rule := [3]string{g.String(), "*", p.Effect.String()}
				switch on.Extent {
				case leastkey.One:
					rule[1] = on.ID
				case leastkey.Under:
					rule[1] = "of " + on.Parent.ID
				}
				if !seen[rule] {
					seen[rule] = true
					rules = append(rules, rule[:])
				}
			}
		}
	}
	return rules
}

// Prepare implements [Contender].
func (e *casbinEngine) Prepare(_ *workload.Workload, cases []workload.Case) error {
	e.prepare(cases)
	e.requests = make([]casbinRequest, len(cases))
	for i, c := range cases {
		r := casbinRequest{resource: c.Resource.ID, within: "of " + c.Account.ID}
		for _, p := range c.AnyOf {
			r.groups = append(r.groups, p.Group.String())
		}
		e.requests[i] = r
	}
	return nil
}

// Warm implements [Contender].
func (e *casbinEngine) Warm(i int) byte {
	r := &e.requests[i]
	return touch(e.secrets[i]) + touch(r.groups[0]) + touch(r.resource) + touch(r.within)
}

// Decide implements [Contender].
func (e *casbinEngine) Decide(i int) bool {
	token, ok := e.admit(i)
	if !ok {
		return false
	}
	r := &e.requests[i]
	for _, g := range r.groups {
		if allowed, err := e.enforcers[token].Enforce(g, r.resource, r.within); err == nil && allowed {
			return true
		}
	}
	return false
}

// Want implements [Contender].
func (e *casbinEngine) Want(c *workload.Case) bool { return c.ByPolicies }
