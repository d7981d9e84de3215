package vectors_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/vectors"
)

// The files speak of everything that a request can come to.
func TestVectorsSpeakOfEverything(t *testing.T) {
	sets, err := vectors.Load()
	if err != nil {
		t.Fatal(err)
	}
	reasons, challenges, statuses := map[string]bool{}, map[string]bool{}, map[int]bool{}
	needs, allowed, refused := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, set := range sets {
		for _, c := range set.Cases {
			reasons[c.Want.Reason], challenges[c.Want.Challenge], statuses[c.Want.Status] = true, true, true
			for _, need := range c.Want.Needs {
				needs[need] = true
			}
			if c.Want.Allowed {
				allowed[set.World+" "+c.Want.Operation] = true
			} else {
				refused[set.World+" "+c.Want.Operation] = true
			}
		}
	}
	for _, r := range leastkey.Reasons() {
		if !reasons[r.String()] {
			t.Errorf("no case has the reason %s", r)
		}
	}
	for _, challenge := range []string{"none", "bare", "invalid_request", "invalid_token", "insufficient_scope"} {
		if !challenges[challenge] {
			t.Errorf("no case has the challenge %s", challenge)
		}
	}
	for _, status := range []int{200, 400, 401, 403, 404, 413, 501, 503} {
		if !statuses[status] {
			t.Errorf("no case has the status %d", status)
		}
	}
	if all, err := vectors.Abilities(slices.Collect(maps.Keys(needs))); err != nil || all != guard.AllAbilities {
		t.Errorf("cases need %v, and not all abilities (%v)", slices.Sorted(maps.Keys(needs)), err)
	}
	_, c, err := vectors.ReadWorld("works")
	if err != nil {
		t.Fatal(err)
	}
	rules, sources := map[catalog.RuleKind]bool{}, map[catalog.SourceKind]bool{}
	for _, op := range c.Operations() {
		if op.Control {
			continue
		}
		rules[op.Target.Kind], sources[op.Target.ID.From], sources[op.Target.In.From] = true, true, true
		if name := "works " + op.String(); !allowed[name] || !refused[name] {
			t.Errorf("%s: allowed in some case: %t; refused in some case: %t", op, allowed[name], refused[name])
		}
	}
	for _, kind := range []catalog.RuleKind{catalog.RuleOne, catalog.RuleList, catalog.RuleCreate, catalog.RuleCaller, catalog.RuleSelf} {
		if !rules[kind] {
			t.Errorf("no operation has a target of kind %d", kind)
		}
	}
	for _, kind := range []catalog.SourceKind{catalog.FromPath, catalog.FromQuery, catalog.FromBody, catalog.FromCaller} {
		if !sources[kind] {
			t.Errorf("no operation has its target from source %d", kind)
		}
	}
}

// A case that says less than it seems to, or contradicts itself, is not loaded.
func TestCasesAreChecked(t *testing.T) {
	good := vectors.Case{Name: "good", As: "someone", Request: vectors.Request{Target: "/"},
		Want: vectors.Want{Allowed: true, Status: 200, Reason: "granted", Challenge: "none", Operation: "GET /"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*vectors.Case){
		"no name":                     func(c *vectors.Case) { c.Name = "" },
		"no target":                   func(c *vectors.Case) { c.Request.Target = "" },
		"no reason":                   func(c *vectors.Case) { c.Want.Reason = "" },
		"a reason that there is not":  func(c *vectors.Case) { c.Want.Reason = "because" },
		"allowed with another reason": func(c *vectors.Case) { c.Want.Reason = "permission_missing" },
		"granted and not allowed":     func(c *vectors.Case) { c.Want.Allowed = false },
		"allowed with an error":       func(c *vectors.Case) { c.Want.Code = 10000 },
		"allowed with a status":       func(c *vectors.Case) { c.Want.Status = 403 },
		"allowed with a challenge":    func(c *vectors.Case) { c.Want.Challenge = "bare" },
		"a challenge there is not":    func(c *vectors.Case) { c.Want.Challenge = "what" },
		"allowed, and nobody knows":   func(c *vectors.Case) { c.As = "" },
		"allowed, and nothing":        func(c *vectors.Case) { c.Want.Operation = "" },
		"an ability there is not":     func(c *vectors.Case) { c.Want.Needs = []string{"wings"} },
	} {
		c := good
		if spoil(&c); c.Check() == nil {
			t.Errorf("%s: nothing is wrong with it", name)
		}
	}
}
