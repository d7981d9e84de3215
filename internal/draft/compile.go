package draft

import (
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// Compiled is what a draft means.
type Compiled struct {
	Spec     control.TokenSpec // zero while there are problems, so that none can be passed over
	Problems []Problem

	cat    *catalog.Catalog
	draft  Draft
	places []place // of each policy
}

// place is where a policy comes from.
type place struct {
	rule        int
	permissions []int // the row of each group; nil for a kept policy
	resources   []int // the row of each pattern
}

// Compile reads the draft as an edit of the token. For a new one, token has but its Principal. The
// result is what the owner wants; whether they may have it is for the control plane to say.
func (d Draft) Compile(cat *catalog.Catalog, token control.Credential) Compiled {
	c := compiler{cat: cat, names: namesOf(cat), token: token, problems: slices.Clone(d.over)}
	spec := control.TokenSpec{Name: d.Name, Status: c.status(d.Status)}
	if d.Name == "" {
		c.wrong(NameField, "Give the token a name: what will use it, or what for.")
	}
	for i, r := range d.Rules {
		c.rule(i, r)
	}
	spec.Policies = c.policies
	c.granting(d)
	spec.Condition.In = c.addresses(InField, d.In)
	spec.Condition.NotIn = c.addresses(NotInField, d.NotIn)
	spec.Validity = c.validity(d)
	compiled := Compiled{Spec: spec, Problems: c.problems, cat: cat, draft: d, places: c.places}
	if len(c.problems) > 0 {
		compiled.Spec = control.TokenSpec{}
	}
	return compiled
}

// compiler gathers policies and problems.
type compiler struct {
	cat      *catalog.Catalog
	names    names
	token    control.Credential
	policies []leastkey.Policy
	places   []place
	problems []Problem
}

func (c *compiler) wrong(field, message string) {
	c.problems = append(c.problems, Problem{field, message})
}

func (c *compiler) status(text string) leastkey.Status {
	var s leastkey.Status
	_ = s.UnmarshalText([]byte(text)) // nothing chosen: as it is
	return s
}

// granting holds that a token can do something, unless it is an old one that never could.
func (c *compiler) granting(d Draft) {
	grants := func(p leastkey.Policy) bool { return p.Effect == leastkey.Allow }
	idle := !c.token.ID.IsZero() && !slices.ContainsFunc(c.token.Policies, grants)
	switch {
	case len(c.problems) > 0 || idle || slices.ContainsFunc(c.policies, grants):
	case len(d.Rules) == 0:
		c.wrong("", "The token could do nothing. Add a rule that says what it may do.")
	default:
		c.wrong(RuleField(0, "effect"), "The token could do nothing: no rule says what it may do. Add one.")
	}
}

func (c *compiler) addresses(field string, texts []string) []leastkey.AddressRange {
	var ranges []leastkey.AddressRange
	for _, text := range texts {
		r, err := leastkey.ParseAddressRange(text)
		if err != nil {
			c.wrong(field, quoted(text)+" is not an address or a range. Write one as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.")
			continue
		}
		ranges = append(ranges, r)
	}
	return ranges
}

func (c *compiler) validity(d Draft) leastkey.Validity {
	var v leastkey.Validity
	var wrong *misfit
	if v.NotBefore, wrong = d.NotBefore.at(c.token.Validity.NotBefore, false); wrong != nil {
		c.wrong(NotBeforeField+wrong.part, wrong.message)
	}
	if v.ExpiresOn, wrong = d.ExpiresOn.at(c.token.Validity.ExpiresOn, true); wrong != nil {
		c.wrong(ExpiresOnField+wrong.part, wrong.message)
	}
	return v
}

// stored finds a policy of the token by its id.
func (c *compiler) stored(id leastkey.ID) (leastkey.Policy, bool) {
	i := slices.IndexFunc(c.token.Policies, func(p leastkey.Policy) bool { return p.ID == id && !id.IsZero() })
	if i < 0 {
		return leastkey.Policy{}, false
	}
	return c.token.Policies[i], true
}

// known is an id that a rule brings along, if it is one of the token's policies.
func (c *compiler) known(id leastkey.ID) leastkey.ID {
	p, _ := c.stored(id)
	return p.ID
}

func (c *compiler) add(p leastkey.Policy, from place) {
	c.policies, c.places = append(c.policies, p), append(c.places, from)
}
