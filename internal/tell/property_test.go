package tell_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/tell"
)

func drawSpec(t *rapid.T, cat *catalog.Catalog, label string) control.TokenSpec {
	ids := []leastkey.ID{id("9")}
	for _, g := range cat.Groups() {
		ids = append(ids, g.ID)
	}
	patterns := both(zones("a", "b"), zonesUnderE(), every("zone"), every("account"), one("bucket", "b1"), one("load_balancer", "l"))
	policy := rapid.Custom(func(t *rapid.T) leastkey.Policy {
		return leastkey.Policy{
			Effect:   rapid.SampledFrom([]leastkey.Effect{leastkey.Allow, leastkey.Deny}).Draw(t, "effect"),
			Groups:   rapid.SliceOfN(rapid.SampledFrom(ids), 0, 5).Draw(t, "groups"),
			Patterns: rapid.SliceOfN(rapid.SampledFrom(patterns), 0, 4).Draw(t, "patterns"),
		}
	})
	return control.TokenSpec{
		Name: "n", Status: leastkey.Active, Policies: rapid.SliceOfN(policy, 0, 3).Draw(t, label),
		Condition: rapid.SampledFrom([]leastkey.Condition{{}, {In: drawn("192.0.2.0/24")}, {NotIn: drawn("::/0")}, {In: drawn("192.0.2.0/24", "::/0")}}).Draw(t, label+" condition"),
		Validity:  rapid.SampledFrom([]leastkey.Validity{{}, {ExpiresOn: epoch()}, {NotBefore: epoch()}}).Draw(t, label+" validity"),
	}
}

func drawn(texts ...string) []leastkey.AddressRange {
	var list []leastkey.AddressRange
	for _, text := range texts {
		r, err := leastkey.ParseAddressRange(text)
		if err != nil {
			panic(err)
		}
		list = append(list, r)
	}
	return list
}

// TestDifferenceIsThereWhenRightsDiffer, and only then: nobody is shown an edit that changes what a
// token may do as one that changes nothing.
func TestDifferenceIsThereWhenRightsDiffer(t *testing.T) {
	teller := teller(t)
	rapid.Check(t, func(t *rapid.T) {
		before, after := drawSpec(t, teller.Catalog, "before"), drawSpec(t, teller.Catalog, "after")
		if rapid.Bool().Draw(t, "same limits") {
			after.Condition, after.Validity = before.Condition, before.Validity
		}
		changes := teller.Difference(before, after)
		differs := !maps.Equal(rights(teller.Catalog, before.Policies), rights(teller.Catalog, after.Policies)) || before.Validity != after.Validity ||
			!slices.Equal(before.Condition.In, after.Condition.In) || !slices.Equal(before.Condition.NotIn, after.Condition.NotIn)
		if differs && !Differs(changes) {
			t.Fatalf("no difference in %v", changes)
		}
		if changes := teller.Difference(before, before); Differs(changes) {
			t.Fatalf("from itself: %v", changes)
		}
	})
}

// TestOrderOfPoliciesIsNotTold: it has no bearing on what a token may do, so warnings and what is
// allowed do not depend on it.
func TestOrderOfPoliciesIsNotTold(t *testing.T) {
	teller := teller(t)
	texts := func(s control.TokenSpec) (all []string) {
		for _, w := range teller.Warnings(s, netip.MustParseAddr("192.0.2.1")) {
			all = append(all, w.Text)
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		spec := drawSpec(t, teller.Catalog, "spec")
		turned := spec
		turned.Policies = slices.Clone(spec.Policies)
		slices.Reverse(turned.Policies)
		if first := texts(spec); !slices.Equal(first, texts(spec)) || len(first) != len(texts(turned)) {
			t.Fatalf("%q, and turned %q", first, texts(turned))
		}
		if said, again := teller.Sentences(spec.Policies), teller.Sentences(turned.Policies); len(said) != len(again) || said[len(said)-1].Text != again[len(again)-1].Text {
			t.Fatalf("%v, and turned %v", said, again)
		}
		if line := teller.Line(spec.Policies); line == "" || teller.May(spec.Policies) == "" || teller.On(spec.Policies) == "" {
			t.Fatal("nothing is said")
		}
	})
}
