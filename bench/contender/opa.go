package contender

import (
	"context"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
)

// opaPolicy finds everything by key, never by a search through a list.
const opaPolicy = `package leastkey

allow if {
	some g in input.groups
	token := data.tokens[input.token]
	covers(token.allow[g])
	not denied(token, g)
}

denied(token, group) if covers(token.deny[group])

covers(rule) if rule.every
covers(rule) if rule.one[input.resource]
covers(rule) if rule.under[input.account]
`

// opaEngine is OPA as a library behind the hand-written front: one prepared query over all tokens, which lie in its
// store as values of its own kind, each with its groups as keys, and under them the resources and accounts as keys. It
// is asked once, with all groups that would do.
type opaEngine struct {
	front
	query    rego.PreparedEvalQuery
	names    []*ast.Term
	requests []opaRequest
}

type opaRequest struct {
	groups            []string
	resource, account string
}

// Load implements [Contender].
func (e *opaEngine) Load(w *workload.Workload, p Part) error {
	if p != Tokens {
		return nil
	}
	tokens := make(map[string]any, w.Tokens)
	e.names = make([]*ast.Term, w.Tokens)
	for i := range w.Tokens {
		name := strconv.Itoa(i)
		tokens[name] = opaToken(e.add(w, i).Policies)
		e.names[i] = ast.StringTerm(name)
	}
	store := inmem.NewFromObjectWithOpts(map[string]any{"tokens": tokens}, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(rego.Query("data.leastkey.allow"), rego.Module("leastkey.rego", opaPolicy), rego.Store(store)).PrepareForEval(context.Background())
	e.query = query
	return err
}

func opaToken(policies []leastkey.Policy) map[string]any {
	token := map[string]any{}
	for _, p := range policies {
		side, ok := token[p.Effect.String()].(map[string]any)
		if !ok {
			side = map[string]any{}
			token[p.Effect.String()] = side
		}
		for _, g := range p.Groups {
			rule, ok := side[g.String()].(map[string]any)
			if !ok {
				rule = map[string]any{}
				side[g.String()] = rule
			}
			for _, on := range p.Patterns {
				switch on.Extent {
				case leastkey.Every:
					rule["every"] = true
				case leastkey.One:
					opaSet(rule, "one", on.ID)
				case leastkey.Under:
					opaSet(rule, "under", on.Parent.ID)
				}
			}
		}
	}
	return token
}

func opaSet(rule map[string]any, name, id string) {
	ids, ok := rule[name].(map[string]any)
	if !ok {
		ids = map[string]any{}
		rule[name] = ids
	}
	ids[id] = true
}

// Prepare implements [Contender].
func (e *opaEngine) Prepare(_ *workload.Workload, cases []workload.Case) error {
	e.prepare(cases)
	e.requests = make([]opaRequest, len(cases))
	for i, c := range cases {
		r := opaRequest{resource: c.Resource.ID, account: c.Account.ID}
		for _, p := range c.AnyOf {
			r.groups = append(r.groups, p.Group.String())
		}
		e.requests[i] = r
	}
	return nil
}

// Warm implements [Contender].
func (e *opaEngine) Warm(i int) byte {
	r := &e.requests[i]
	return touch(e.secrets[i]) + touch(r.groups[0]) + touch(r.resource) + touch(r.account)
}

// Decide implements [Contender].
func (e *opaEngine) Decide(i int) bool {
	token, ok := e.admit(i)
	if !ok {
		return false
	}
	r := &e.requests[i]
	groups := make([]*ast.Term, len(r.groups))
	for k, g := range r.groups {
		groups[k] = ast.StringTerm(g)
	}
	input := ast.NewObject(
		[2]*ast.Term{ast.StringTerm("token"), e.names[token]},
		[2]*ast.Term{ast.StringTerm("groups"), ast.ArrayTerm(groups...)},
		[2]*ast.Term{ast.StringTerm("resource"), ast.StringTerm(r.resource)},
		[2]*ast.Term{ast.StringTerm("account"), ast.StringTerm(r.account)},
	)
	results, err := e.query.Eval(context.Background(), rego.EvalParsedInput(input))
	return err == nil && results.Allowed()
}

// Want implements [Contender].
func (e *opaEngine) Want(c *workload.Case) bool { return c.ByPolicies }
