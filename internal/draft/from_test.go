package draft

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// anyPolicies draws policies that a store may hold: of groups and resources that are there, and of
// some that left the catalogue.
func anyPolicies(rt *rapid.T, cat *catalog.Catalog, owner leastkey.Principal) []leastkey.Policy {
	var ids []leastkey.ID
	for _, g := range cat.Groups() {
		ids = append(ids, g.ID)
	}
	few := rapid.SampledFrom([]leastkey.ID{ids[0], ids[100], ids[250], ids[260], ids[len(ids)-1], named("gone")})
	groups := rapid.SliceOfNDistinct(rapid.OneOf(few, rapid.SampledFrom(ids)), 1, 6, rapid.ID)
	account := leastkey.Resource{Type: leastkey.AccountType, ID: named("example").String()}
	pattern := rapid.SampledFrom([]leastkey.Pattern{
		leastkey.PatternEvery("zone"), leastkey.PatternEvery(leastkey.AccountType), leastkey.PatternEvery("r2_bucket"),
		leastkey.PatternEvery(leastkey.UserType), leastkey.PatternEvery("planet"),
		leastkey.PatternOne(zone("a")), leastkey.PatternOne(zone("b")), leastkey.PatternOne(zone("c")),
		leastkey.PatternOne(account), leastkey.PatternOne(owner.Resource()), leastkey.PatternOne(leastkey.UserOf(named("eve")).Resource()),
		leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: "UPPER"}),
		leastkey.PatternOne(leastkey.Resource{Type: "r2_bucket", ID: "logs/2026,\"x\""}),
		leastkey.PatternOne(leastkey.Resource{Type: "planet", ID: "mars"}),
		leastkey.PatternUnder("zone", account), leastkey.PatternUnder("r2_bucket", account),
		leastkey.PatternUnder("zone", leastkey.Resource{Type: "planet", ID: "mars"}), leastkey.PatternUnder("zone", leastkey.Resource{Type: leastkey.AccountType, ID: "*"}),
		leastkey.PatternUnder(leastkey.AccountType, account), {},
	})
	n := rapid.IntRange(0, 6).Draw(rt, "policies")
	var policies []leastkey.Policy
	for i := range n {
		p := leastkey.Policy{
			ID:       named(fmt.Sprint("policy", i)),
			Effect:   rapid.SampledFrom([]leastkey.Effect{leastkey.Allow, leastkey.Deny}).Draw(rt, "effect"),
			Groups:   groups.Draw(rt, "groups"),
			Patterns: rapid.SliceOfNDistinct(pattern, 1, 5, rapid.ID).Draw(rt, "patterns"),
		}
		if i > 0 && rapid.Bool().Draw(rt, "alike") { // so that pairs are read as one rule
			p.Groups = slices.Clone(policies[i-1].Groups)
		}
		policies = append(policies, p)
	}
	return policies
}

func anyTime(rt *rapid.T, name string) time.Time {
	if rapid.Bool().Draw(rt, name+" is set") {
		return time.UnixMicro(rapid.Int64Range(1, 4e15).Draw(rt, name)).UTC().Truncate(rapid.SampledFrom([]time.Duration{time.Microsecond, time.Second, time.Minute}).Draw(rt, "to"))
	}
	return time.Time{}
}

func anyRanges(rt *rapid.T, name string) []leastkey.AddressRange {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) leastkey.AddressRange {
		var raw [16]byte
		copy(raw[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "address"))
		text := netip.AddrFrom16(raw).String()
		switch rapid.IntRange(0, 2).Draw(rt, "form") {
		case 0:
			text = netip.AddrFrom4([4]byte(raw[:4])).String()
		case 1:
			text += fmt.Sprint("/", rapid.IntRange(0, 128).Draw(rt, "bits"))
		}
		r, err := leastkey.ParseAddressRange(text)
		if err != nil {
			rt.Skip(err)
		}
		return r
	}), 0, 4).Draw(rt, name)
}

// An edit loses nothing and widens nothing: what is stored goes through the form, sent and read
// again, and comes out as it was.
func TestEditKeepsEverything(t *testing.T) {
	cat := theCatalog(t)
	rapid.Check(t, func(rt *rapid.T) {
		owner := rapid.SampledFrom([]leastkey.Principal{ada(), example()}).Draw(rt, "owner")
		token := stored(owner, anyPolicies(rt, cat, owner)...)
		token.Status = rapid.SampledFrom([]leastkey.Status{leastkey.Active, leastkey.Disabled}).Draw(rt, "status")
		token.Validity = leastkey.Validity{NotBefore: anyTime(rt, "not before"), ExpiresOn: anyTime(rt, "expires on")}
		token.Condition = leastkey.Condition{In: anyRanges(rt, "in"), NotIn: anyRanges(rt, "not in")}

		d := From(cat, token)
		sent := Parse(d.Values())
		if diff := cmp.Diff(d, sent, cmp.AllowUnexported(Draft{})); diff != "" {
			rt.Fatalf("the form changes the draft:\n%s", diff)
		}
		c := sent.Compile(cat, token)
		if len(c.Problems) > 0 {
			rt.Fatalf("problems: %v", c.Problems)
		}
		got, want := c.Spec, control.TokenSpec{Name: token.Name, Status: token.Status, Validity: token.Validity, Condition: token.Condition, Policies: token.Policies}
		same := got.Name == want.Name && got.Status == want.Status && got.Validity == want.Validity &&
			slices.Equal(got.Condition.In, want.Condition.In) && slices.Equal(got.Condition.NotIn, want.Condition.NotIn) &&
			slices.EqualFunc(got.Policies, want.Policies, samePolicy)
		if !same {
			rt.Fatalf("got  %+v\nwant %+v", got, want)
		}
	})
}

// What the form has no fields for is kept, and what it has fields for is shown.
func TestFromShowsWhatItCan(t *testing.T) {
	cat := theCatalog(t)
	dns, settings := group(t, cat, "DNS Write", "zone"), group(t, cat, "Account Settings Read", "account")
	allow := leastkey.Policy{ID: named("1"), Effect: leastkey.Allow, Groups: []leastkey.ID{dns, settings},
		Patterns: []leastkey.Pattern{leastkey.PatternEvery("zone"), leastkey.PatternEvery("account")}}
	deny := leastkey.Policy{ID: named("2"), Effect: leastkey.Deny, Groups: []leastkey.ID{dns}, Patterns: []leastkey.Pattern{leastkey.PatternOne(zone("a")), leastkey.PatternOne(zone("b"))}}
	gone := leastkey.Policy{ID: named("3"), Effect: leastkey.Allow, Groups: []leastkey.ID{named("gone")}, Patterns: allow.Patterns}
	many := leastkey.Policy{ID: named("4"), Effect: leastkey.Allow, Groups: []leastkey.ID{dns}}
	for i := range mostIDs {
		many.Patterns = append(many.Patterns, leastkey.PatternOne(zone(fmt.Sprint(i))))
	}
	got := From(cat, stored(ada(), allow, deny, gone, many)).Rules
	want := []Rule{
		{
			Effect: leastkey.Allow, Policy: named("1"), Exclusion: named("2"),
			Permissions: []Permission{{"zone", "DNS", Write}, {"account", "Account Settings", Read}},
			Resources: []Resource{
				{Type: "zone", Mode: Include, Extent: Every}, {Type: "account", Mode: Include, Extent: Every},
				{Type: "zone", Mode: Exclude, Extent: One, IDs: []string{zone("a").ID, zone("b").ID}},
			},
		},
		{Effect: leastkey.Allow, Policy: named("3"), Kept: true},
		{Effect: leastkey.Allow, Policy: named("4"), Kept: true}, // with the two above, more than a form holds
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A kept rule is what the store holds, whatever the browser sends along.
func TestKeptRulesComeFromTheStore(t *testing.T) {
	cat := theCatalog(t)
	gone := leastkey.Policy{ID: named("1"), Effect: leastkey.Deny, Groups: []leastkey.ID{named("gone")}, Patterns: []leastkey.Pattern{leastkey.PatternEvery("zone")}}
	token := stored(ada(), gone)
	v := From(cat, token).Values()
	v.Set("rule-0-effect", "allow")
	v.Set("rule-0-permission-0", "zone/write/DNS")
	v.Set("rule-0-resource-0-type", "zone")
	v.Set("rule-0-resource-0-mode", "include")
	v.Set("rule-0-resource-0-extent", "every")
	c := Parse(v).Compile(cat, token)
	if len(c.Problems) > 0 || !slices.EqualFunc(c.Spec.Policies, token.Policies, samePolicy) {
		t.Errorf("%v %v", c.Problems, c.Spec.Policies)
	}
	for _, other := range []control.Credential{newToken(ada()), stored(ada())} {
		c := Parse(v).Compile(cat, other)
		if len(c.Problems) != 1 || c.Problems[0].Field != "rule-0-effect" || len(c.Spec.Policies) > 0 {
			t.Errorf("kept from nowhere: %v %v", c.Problems, c.Spec.Policies)
		}
	}
}

// Ids of policies that are not the token's are not taken from the browser.
func TestPolicyIDsAreTheTokens(t *testing.T) {
	cat := theCatalog(t)
	d := Draft{Name: "x", Rules: []Rule{{
		Effect: leastkey.Allow, Policy: named("stranger"), Exclusion: named("stranger"),
		Permissions: []Permission{{"zone", "DNS", Read}},
		Resources:   []Resource{{Type: "zone", Mode: Include, Extent: Every}, {Type: "zone", Mode: Exclude, Extent: One, IDs: []string{zone("a").ID}}},
	}}}
	c := d.Compile(cat, newToken(ada()))
	if len(c.Problems) > 0 || len(c.Spec.Policies) != 2 || !c.Spec.Policies[0].ID.IsZero() || !c.Spec.Policies[1].ID.IsZero() {
		t.Errorf("%v %v", c.Problems, c.Spec.Policies)
	}
}
