package draft

import (
	"reflect"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// From is the draft that edits a stored token. Unchanged, it compiles to what is stored.
func From(cat *catalog.Catalog, token control.Credential) Draft {
	d := Draft{
		Name: token.Name, Status: token.Status.String(),
		NotBefore: instantOf(token.Validity.NotBefore), ExpiresOn: instantOf(token.Validity.ExpiresOn),
		In: texts(token.Condition.In), NotIn: texts(token.Condition.NotIn),
	}
	f := reader{cat: cat, names: namesOf(cat), token: token}
	for left := token.Policies; len(left) > 0; {
		r, read := f.rule(left)
		d.Rules = append(d.Rules, r)
		left = left[read:]
	}
	return d
}

func texts(ranges []leastkey.AddressRange) []string {
	var list []string
	for _, r := range ranges {
		list = append(list, r.String())
	}
	return list
}

// reader makes rules of policies, within the bounds of a form.
type reader struct {
	cat       *catalog.Catalog
	names     names
	token     control.Credential
	rows, ids int
}

// rule reads the first policies that are left as one rule, and says how many. What a form would not
// give back exactly is kept as it is stored.
func (f *reader) rule(left []leastkey.Policy) (Rule, int) {
	for _, n := range []int{2, 1} {
		if len(left) < n {
			continue
		}
		if r := f.shown(left[:n]); f.exact(r, left[:n]) {
			f.rows, f.ids = f.rows+r.rows(), f.ids+r.ids()
			return r, n
		}
	}
	return Rule{Effect: left[0].Effect, Policy: left[0].ID, Kept: true}, 1
}

// shown is a rule with a policy, and the one after it as what is excluded, whether that is exact or not.
func (f *reader) shown(policies []leastkey.Policy) Rule {
	r := Rule{Effect: policies[0].Effect, Policy: policies[0].ID}
	for _, id := range policies[0].Groups {
		if g, ok := f.cat.Group(id); ok {
			r.Permissions = append(r.Permissions, f.names.permission(g))
		}
	}
	r.Resources = resourcesOf(policies[0].Patterns, Include)
	if len(policies) > 1 {
		r.Exclusion = policies[1].ID
		r.Resources = append(r.Resources, resourcesOf(policies[1].Patterns, Exclude)...)
	}
	return r
}

// exact reports whether the rule goes through a form and compiles to just these policies.
func (f *reader) exact(r Rule, policies []leastkey.Policy) bool {
	if f.rows+r.rows() > mostRows || f.ids+r.ids() > mostIDs {
		return false
	}
	sent := Draft{Rules: []Rule{r}}
	returned := Parse(sent.Values())
	if !reflect.DeepEqual(returned, sent) {
		return false
	}
	c := compiler{cat: f.cat, names: f.names, token: f.token}
	c.rule(0, r)
	return len(c.problems) == 0 && slices.EqualFunc(c.policies, policies, samePolicy)
}

func samePolicy(a, b leastkey.Policy) bool {
	return a.ID == b.ID && a.Effect == b.Effect && slices.Equal(a.Groups, b.Groups) && slices.Equal(a.Patterns, b.Patterns)
}
