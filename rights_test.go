package leastkey_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/leastkey/leastkey"
)

// Rights are all that a credential may do, each with what it is on: what may be done is in a right, and
// what is in a right may be done unless a deny is about it.
func TestRights(t *testing.T) {
	held := 0
	for seed := range uint64(3000) {
		d := dice{rand.New(rand.NewPCG(seed, 1)), newWorld()}
		c := d.credential()
		g := d.grants(c.Principal)
		g.Active = true
		rights := c.Rights(g, World{TypeOf: d.typeOf, Ancestry: d.ancestry})
		for _, r := range d.resources() {
			ancestors, known := d.ancestry(r)
			if !known {
				continue
			}
			on := OnResource(r, ancestors...)
			for _, p := range d.groups {
				in := slices.ContainsFunc(rights, func(right Right) bool {
					return right.Permission == p && right.Pattern.Covers(PatternOne(r), d.ancestry)
				})
				may := c.May(g, p, on)
				if may && !in {
					t.Fatalf("seed %d: %v on %v is allowed, and in no right of %v", seed, p, r, rights)
				}
				if in && !may && !denies(c, g, p, on) {
					t.Fatalf("seed %d: %v on %v is in a right of %v, and refused", seed, p, r, rights)
				}
				if may {
					held++
				}
			}
		}
		if left := Beyond(rights, rights, d.ancestry); len(left) > 0 {
			t.Fatalf("seed %d: %v is beyond itself", seed, left)
		}
		if left := Beyond(rights, nil, d.ancestry); len(left) != len(rights) {
			t.Fatalf("seed %d: of %v, %v is beyond nothing", seed, rights, left)
		}
	}
	if held < 1000 {
		t.Errorf("only %d times anything was allowed", held)
	}
}

// denies reports whether any deny of either side is about it.
func denies(c Credential, g Grants, p Permission, t Target) bool {
	return slices.ContainsFunc(slices.Concat(c.Policies, g.Policies), func(pol Policy) bool {
		return pol.Effect == Deny && slices.Contains(pol.Groups, p.Group) && slices.ContainsFunc(pol.Patterns, func(pat Pattern) bool { return pat.Matches(t) })
	})
}
