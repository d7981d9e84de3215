package contender

import (
	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// cedarEngine is cedar-go behind the hand-written front: for each token a policy set with a permit or forbid for each
// policy. A group is an action; one zone is "resource ==", several a set that contains the resource, all zones of an
// account "resource in", with each zone an entity below its account. It is asked once for each group that would do.
type cedarEngine struct {
	front
	entities types.EntityMap
	sets     []*cedar.PolicySet
	requests [][]cedar.Request
}

const (
	cedarAction types.EntityType = "Action"
	cedarCaller types.EntityType = "Token"
)

func cedarEntity(r leastkey.Resource) types.EntityUID {
	return types.NewEntityUID(types.EntityType(r.Type), types.String(r.ID))
}

func cedarGroup(id leastkey.ID) types.EntityUID {
	return types.NewEntityUID(cedarAction, types.String(id.String()))
}

// Load implements [Contender].
func (e *cedarEngine) Load(w *workload.Workload, p Part) error {
	switch p {
	case Resources:
		e.entities = types.EntityMap{}
		return w.Resources(func(c leastkey.Change) error {
			uid := cedarEntity(c.Resource.Resource)
			e.entities[uid] = types.Entity{UID: uid, Parents: types.NewEntityUIDSet(cedarEntity(c.Resource.Parent))}
			return nil
		})
	case Tokens:
		e.sets = make([]*cedar.PolicySet, w.Tokens)
		actions := map[leastkey.ID]types.EntityUID{}
		for _, g := range w.Catalog.Groups() {
			actions[g.ID] = cedarGroup(g.ID)
		}
		for i := range w.Tokens {
			e.sets[i] = cedarSet(e.add(w, i).Policies, actions)
		}
	}
	return nil
}

func cedarSet(policies []leastkey.Policy, actions map[leastkey.ID]types.EntityUID) *cedar.PolicySet {
	set := cedar.NewPolicySet()
	for k, p := range policies {
		rule := ast.Permit()
		if p.Effect == leastkey.Deny {
			rule = ast.Forbid()
		}
		if len(p.Groups) == 1 {
			rule = rule.ActionEq(actions[p.Groups[0]])
		} else {
			var all []types.EntityUID
			for _, g := range p.Groups {
				all = append(all, actions[g])
			}
			rule = rule.ActionInSet(all...)
		}
		set.Add(types.PolicyID("policy"+string(rune('0'+k))), cedar.NewPolicyFromAST(cedarOn(rule, p.Patterns)))
	}
	return set
}

// cedarOn says what a rule is about: in the mix, patterns of one policy are of one extent.
func cedarOn(rule *ast.Policy, patterns []leastkey.Pattern) *ast.Policy {
	switch on := patterns[0]; {
	case on.Extent == leastkey.Every:
		return rule.ResourceIs(types.EntityType(on.Type))
	case on.Extent == leastkey.Under:
		return rule.ResourceIn(cedarEntity(on.Parent))
	case len(patterns) == 1:
		return rule.ResourceEq(cedarEntity(leastkey.Resource{Type: on.Type, ID: on.ID}))
	}
	var all []types.Value
	for _, on := range patterns {
		all = append(all, cedarEntity(leastkey.Resource{Type: on.Type, ID: on.ID}))
	}
	return rule.When(ast.Value(types.NewSet(all...)).Contains(ast.Resource()))
}

// Prepare implements [Contender].
func (e *cedarEngine) Prepare(_ *workload.Workload, cases []workload.Case) error {
	e.prepare(cases)
	e.requests = make([][]cedar.Request, len(cases))
	for i, c := range cases {
		for _, p := range c.AnyOf {
			e.requests[i] = append(e.requests[i], cedar.Request{
				Principal: types.NewEntityUID(cedarCaller, "caller"), Action: cedarGroup(p.Group), Resource: cedarEntity(c.Resource),
			})
		}
	}
	return nil
}

// Warm implements [Contender].
func (e *cedarEngine) Warm(i int) byte {
	return touch(e.secrets[i]) + touch(string(e.requests[i][0].Resource.ID)) + touch(string(e.requests[i][0].Action.ID))
}

// Decide implements [Contender].
func (e *cedarEngine) Decide(i int) bool {
	token, ok := e.admit(i)
	if !ok {
		return false
	}
	for _, r := range e.requests[i] {
		if decision, _ := cedar.Authorize(e.sets[token], e.entities, r); decision == cedar.Allow {
			return true
		}
	}
	return false
}

// Want implements [Contender].
func (e *cedarEngine) Want(c *workload.Case) bool { return c.ByPolicies }
