package draft

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// good is a draft without problems, to be spoiled.
func good() Draft {
	return Draft{Name: "deploy-bot", Rules: []Rule{{
		Effect:      leastkey.Allow,
		Permissions: []Permission{{"zone", "DNS", Write}},
		Resources:   []Resource{{Type: "zone", Mode: Include, Extent: One, IDs: []string{zone("a").ID}}},
	}}}
}

func TestCompileSaysWhatToDo(t *testing.T) {
	cat := theCatalog(t)
	one := func(d *Draft) *Rule { return &d.Rules[0] }
	for _, c := range []struct {
		name    string
		spoil   func(*Draft)
		field   string
		message string
	}{
		{"nothing wrong", func(*Draft) {}, "", ""},
		{"no name", func(d *Draft) { d.Name = "" }, "name", "Give the token a name"},
		{"nothing at all", func(d *Draft) { *d = Draft{Name: "x"} }, "", "The token could do nothing"},
		{"only what it may not", func(d *Draft) { one(d).Effect = leastkey.Deny }, "rule-0-effect", "The token could do nothing"},
		{"no effect", func(d *Draft) { one(d).Effect = 0 }, "rule-0-effect", "may, or may not"},
		{"no permission", func(d *Draft) { one(d).Permissions = nil }, "rule-0-effect", "Choose a permission"},
		{"an empty permission", func(d *Draft) { one(d).Permissions[0].Group = "" }, "rule-0-permission-0-group", "Choose a permission"},
		{"an empty permission beside another", func(d *Draft) {
			one(d).Permissions = append([]Permission{{Type: "zone", Access: Read}}, one(d).Permissions...)
		}, "", ""},
		{"a group of another type", func(d *Draft) { one(d).Permissions[0].Type = "account" }, "rule-0-permission-0-group", "DNS applies to zones; choose Zone."},
		{"a whole name with another access", func(d *Draft) { one(d).Permissions[0] = Permission{"zone", "DNS Write", Read} }, "rule-0-permission-0-access", "DNS Write comes as “Write”; choose that."},
		{"a purge that is said to read", func(d *Draft) { one(d).Permissions[0] = Permission{"zone", "Cache Purge", Read} }, "rule-0-permission-0-access", "Cache Purge comes as “As named”; choose that."},
		{"no access", func(d *Draft) { one(d).Permissions[0].Access = "" }, "rule-0-permission-0-access", "DNS comes as “Read” or “Write”; choose one."},
		{"no type", func(d *Draft) { one(d).Permissions[0].Type = "" }, "rule-0-permission-0-type", "Choose what the permission is for"},
		{"a type that is none", func(d *Draft) { one(d).Permissions[0].Type = "planet" }, "rule-0-permission-0-type", "Choose what the permission is for"},
		{"nearly a name", func(d *Draft) { one(d).Permissions[0].Group = "settings" }, "rule-0-permission-0-group", "Did you mean"},
		{"no name at all", func(d *Draft) { one(d).Permissions[0].Group = "DNSS" }, "rule-0-permission-0-group", "No permission group for zones is called “DNSS”. Choose one from the list."},
		{"an id that is none", func(d *Draft) { one(d).Permissions[0].Group = named("gone").String() }, "rule-0-permission-0-group", "No permission group has the id"},
		{"another case of letters", func(d *Draft) { one(d).Permissions[0].Group = "dns" }, "", ""},
		{"an id", func(d *Draft) { one(d).Permissions[0].Group = group(t, cat, "DNS Write", "zone").String() }, "", ""},
		{"an id of another access", func(d *Draft) { one(d).Permissions[0].Group = group(t, cat, "DNS Read", "zone").String() }, "rule-0-permission-0-access", "choose that"},

		{"no resource", func(d *Draft) { one(d).Resources = nil }, "rule-0-permission-0-group", "DNS Write applies to zones, and the rule includes none. Add a resource: which zones are meant."},
		{"no zone chosen", func(d *Draft) { one(d).Resources[0].IDs = nil }, "rule-0-resource-0-find", "Choose at least one zone."},
		{"searched, not chosen", func(d *Draft) { one(d).Resources[0] = Resource{Type: "zone", Mode: Include, Extent: One, Find: "ex"} }, "rule-0-resource-0-find", "of those that Find shows"},
		{"an id of no form", func(d *Draft) { one(d).Resources[0].IDs = []string{"example.com"} }, "rule-0-resource-0-find", "“example.com” is not the id of a zone: ids are 32 lower-case hex digits. Remove it"},
		{"no mode", func(d *Draft) { one(d).Resources[0].Mode = "" }, "rule-0-resource-0-mode", "included or excluded"},
		{"no extent", func(d *Draft) { one(d).Resources[0].Extent = "" }, "rule-0-resource-0-extent", "Choose which zones are meant."},
		{"oneself as a zone", func(d *Draft) { one(d).Resources[0].Extent = Self }, "rule-0-resource-0-extent", "Choose which zones"},
		{"no parent", func(d *Draft) { one(d).Resources[0].Extent = Under }, "rule-0-resource-0-parent", "Choose the account whose zones are meant."},
		{"a parent of another type", func(d *Draft) {
			one(d).Resources[0] = Resource{Type: "zone", Mode: Include, Extent: Under, Parent: zone("a")}
		}, "rule-0-resource-0-parent", "Choose the account"},
		{"a parent that is no id", func(d *Draft) {
			one(d).Resources[0] = Resource{Type: "zone", Mode: Include, Extent: Under, Parent: leastkey.Resource{Type: "account", ID: "x"}}
		}, "rule-0-resource-0-parent", "“x” is not the id of an account"},
		{"every user", func(d *Draft) {
			one(d).Permissions = append(one(d).Permissions, Permission{"user", "User Details", Read})
			one(d).Resources = append(one(d).Resources, Resource{Type: "user", Mode: Include, Extent: Every})
		}, "rule-0-resource-1-extent", "Choose which users"},
		{"a type of resource that is none", func(d *Draft) { one(d).Resources[0].Type = "planet" }, "rule-0-resource-0-type", "Choose a type"},
		{"only excluded", func(d *Draft) { one(d).Resources[0].Mode = Exclude }, "rule-0-permission-0-group", "the rule includes none"},
		{"excluded in vain", func(d *Draft) {
			one(d).Resources = append(one(d).Resources, Resource{Type: "account", Mode: Exclude, Extent: Every})
		}, "rule-0-resource-1-type", "No permission of the rule is about accounts"},
		{"excluded from what it may not", func(d *Draft) {
			d.Rules = append(d.Rules, Rule{Effect: leastkey.Deny, Permissions: one(d).Permissions,
				Resources: []Resource{{Type: "zone", Mode: Include, Extent: Every}, {Type: "zone", Mode: Exclude, Extent: One, IDs: []string{zone("a").ID}}}})
		}, "rule-1-resource-1-mode", "Only a rule that says “may” can exclude"},

		{"an address that is none", func(d *Draft) { d.In = []string{"192.0.2.1", "300.1.1.1"} }, "in", "“300.1.1.1” is not an address or a range"},
		{"a range that is none", func(d *Draft) { d.NotIn = []string{"192.0.2.0/33"} }, "not_in", "is not an address or a range"},
		{"a time without a date", func(d *Draft) { d.ExpiresOn.Time = "17:30" }, "expires_on", "Choose a date"},
		{"a date that is none", func(d *Draft) { d.NotBefore.Date = "31.1.2027" }, "not_before", "“31.1.2027” is not a date"},
		{"a date that would be no limit", func(d *Draft) { d.ExpiresOn = Instant{"0001-01-01", "00:00"} }, "expires_on", "is not a date"},
		{"a time that is none", func(d *Draft) { d.ExpiresOn = Instant{"2027-01-31", "5pm"} }, "expires_on_time", "“5pm” is not a time of day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := good()
			c.spoil(&d)
			compiled := d.Compile(cat, newToken(ada()))
			if c.message == "" {
				if len(compiled.Problems) > 0 {
					t.Errorf("problems %q, want none", compiled.Problems)
				}
				return
			}
			if len(compiled.Problems) != 1 {
				t.Fatalf("problems %q, want one", compiled.Problems)
			}
			if p := compiled.Problems[0]; p.Field != c.field || !strings.Contains(p.Message, c.message) {
				t.Errorf("%q, want field %q, message with %q", p, c.field, c.message)
			}
			if len(compiled.Spec.Policies) > 0 || compiled.Spec.Name != "" {
				t.Errorf("a spec with problems: %+v", compiled.Spec)
			}
		})
	}
}

// A token of an account has nothing of a person.
func TestAccountTokensHaveNoUser(t *testing.T) {
	d := good()
	d.Rules[0].Permissions = append(d.Rules[0].Permissions, Permission{"user", "User Details", Read})
	d.Rules[0].Resources = append(d.Rules[0].Resources, Resource{Type: "user", Mode: Include, Extent: Self})
	if problems := d.Compile(theCatalog(t), newToken(ada())).Problems; len(problems) > 0 {
		t.Errorf("of a user: %q", problems)
	}
	var fields []string
	for _, p := range d.Compile(theCatalog(t), newToken(example())).Problems {
		fields = append(fields, p.Field)
	}
	if want := []string{"rule-0-permission-1-group", "rule-0-resource-1-type"}; !slices.Equal(fields, want) {
		t.Errorf("of an account: problems beside %q, want %q", fields, want)
	}
}

// What is excluded is denied, for those of the rule's permissions that are about it, and after what
// the rule allows.
func TestExcludedIsDenied(t *testing.T) {
	cat := theCatalog(t)
	d := Draft{Name: "x", Rules: []Rule{{
		Effect:      leastkey.Allow,
		Permissions: []Permission{{"account", "Account Settings", Read}, {"zone", "DNS", Write}, {"zone", "Cache Purge", Other}, {"zone", "DNS", Write}},
		Resources: []Resource{
			{Type: "zone", Mode: Exclude, Extent: One, IDs: []string{zone("b").ID}},
			{Type: "account", Mode: Include, Extent: Every},
			{Type: "zone", Mode: Include, Extent: Under, Parent: example().Resource()},
		},
	}}}
	c := d.Compile(cat, newToken(ada()))
	if len(c.Problems) > 0 {
		t.Fatal(c.Problems)
	}
	settings, dns, purge := group(t, cat, "Account Settings Read", "account"), group(t, cat, "DNS Write", "zone"), group(t, cat, "Cache Purge", "zone")
	want := []leastkey.Policy{
		{Effect: leastkey.Allow, Groups: []leastkey.ID{settings, dns, purge}, Patterns: []leastkey.Pattern{leastkey.PatternEvery("account"), leastkey.PatternUnder("zone", example().Resource())}},
		{Effect: leastkey.Deny, Groups: []leastkey.ID{dns, purge}, Patterns: []leastkey.Pattern{leastkey.PatternOne(zone("b"))}},
	}
	if diff := cmp.Diff(want, c.Spec.Policies); diff != "" {
		t.Error(diff)
	}
}

// An account and what is under it have one key on the wire: they become two policies.
func TestPoliciesCanBeSpelled(t *testing.T) {
	cat := theCatalog(t)
	account := example().Resource()
	d := Draft{Name: "x", Rules: []Rule{{
		Effect:      leastkey.Allow,
		Permissions: []Permission{{"account", "Account Settings", Read}, {"zone", "DNS", Write}},
		Resources: []Resource{
			{Type: "zone", Mode: Include, Extent: Under, Parent: account}, {Type: "account", Mode: Include, Extent: One, IDs: []string{account.ID}},
			{Type: "zone", Mode: Include, Extent: One, IDs: []string{zone("a").ID}},
		},
	}}}
	c := d.Compile(cat, newToken(ada()))
	settings, dns := group(t, cat, "Account Settings Read", "account"), group(t, cat, "DNS Write", "zone")
	want := []leastkey.Policy{
		{Effect: leastkey.Allow, Groups: []leastkey.ID{settings, dns}, Patterns: []leastkey.Pattern{leastkey.PatternOne(account), leastkey.PatternOne(zone("a"))}},
		{Effect: leastkey.Allow, Groups: []leastkey.ID{dns}, Patterns: []leastkey.Pattern{leastkey.PatternUnder("zone", account)}},
	}
	if diff := cmp.Diff(want, c.Spec.Policies); diff != "" || len(c.Problems) > 0 {
		t.Errorf("%q\n%s", c.Problems, diff)
	}
}

func TestInstants(t *testing.T) {
	was := time.Date(2026, 11, 23, 20, 54, 13, 123456000, time.UTC)
	for _, c := range []struct {
		in   Instant
		was  time.Time
		end  bool
		want time.Time
	}{
		{Instant{}, was, true, time.Time{}},
		{Instant{"2027-01-31", ""}, was, false, time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)},
		{Instant{"2027-01-31", ""}, was, true, time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)},
		{Instant{"2027-01-31", "17:30"}, was, true, time.Date(2027, 1, 31, 17, 30, 0, 0, time.UTC)},
		{Instant{"2027-01-31", "17:30:05.5"}, was, true, time.Date(2027, 1, 31, 17, 30, 5, 5e8, time.UTC)},
		{Instant{"2026-11-23", "20:54:13"}, was, true, was},
		{Instant{"2026-11-23", "20:54:13"}, time.Time{}, true, was.Truncate(time.Second)},
		{Instant{"2026-11-23", "20:54"}, was, true, was.Truncate(time.Minute)},
	} {
		got, wrong := c.in.at(c.was, c.end)
		if wrong != nil || !got.Equal(c.want) {
			t.Errorf("%v: %v %v, want %v", c.in, got, wrong, c.want)
		}
	}
}

// A token that never could do anything may be renamed; one that could is not emptied by mistake.
func TestIdleTokensCanBeEdited(t *testing.T) {
	cat := theCatalog(t)
	deny := leastkey.Policy{ID: named("1"), Effect: leastkey.Deny, Groups: []leastkey.ID{group(t, cat, "DNS Write", "zone")}, Patterns: []leastkey.Pattern{leastkey.PatternEvery("zone")}}
	for _, token := range []control.Credential{stored(ada()), stored(ada(), deny)} {
		if c := From(cat, token).Compile(cat, token); len(c.Problems) > 0 {
			t.Errorf("%v: %q", token.Policies, c.Problems)
		}
	}
	able := stored(ada(), deny, leastkey.Policy{ID: named("2"), Effect: leastkey.Allow, Groups: deny.Groups, Patterns: deny.Patterns})
	d := From(cat, able)
	d.Rules = d.Rules[:1]
	if c := d.Compile(cat, able); len(c.Problems) != 1 {
		t.Errorf("emptied: %q", c.Problems)
	}
}

// Every group of the catalogue is what its row says, and no other.
func TestEveryGroupHasARow(t *testing.T) {
	cat := theCatalog(t)
	rows, names := map[Permission]string{}, namesOf(cat)
	for _, g := range cat.Groups() {
		p := names.permission(g)
		if found, wrong := names.find(p); wrong != nil || found != g {
			t.Errorf("%v: row %v means %v", g, p, found)
		}
		if other, taken := rows[p]; taken {
			t.Errorf("%s and %s have the same row", g.Name, other)
		}
		rows[p] = g.Name
		if p.Group != Base(g) {
			t.Errorf("%s is called %s", g.Name, p.Group)
		}
	}
}

func TestExplain(t *testing.T) {
	cat := theCatalog(t)
	d := good()
	d.Rules = append(d.Rules, Rule{
		Effect:      leastkey.Allow,
		Permissions: []Permission{{"zone", "Zone Settings", Read}, {}, {"zone", "DNS", Write}},
		Resources:   []Resource{{Type: "zone", Mode: Include, Extent: Every}, {Type: "zone", Mode: Exclude, Extent: One, IDs: []string{zone("c").ID}}},
	})
	d.Name = "x"
	c := d.Compile(cat, newToken(ada()))
	if len(c.Problems) > 0 {
		t.Fatal(c.Problems)
	}
	for _, e := range []struct {
		refusal control.Error
		want    string
	}{
		{control.Error{Pointer: "/name"}, "name"},
		{control.Error{Pointer: "/expires_on"}, "expires_on"},
		{control.Error{Pointer: "/condition"}, "in"},
		{control.Error{Pointer: "/policies"}, ""},
		{control.Error{Pointer: "/policies/1"}, "rule-1-effect"},
		{control.Error{Pointer: "/policies/1/permission_groups/1/id"}, "rule-1-permission-2-group"},
		{control.Error{Pointer: "/policies/2/permission_groups/1"}, "rule-1-permission-2-group"},
		{control.Error{Pointer: "/policies/2/resources"}, "rule-1-resource-1-extent"},
		{control.Error{Pointer: "/policies/9"}, ""},
		{control.Error{Pointer: "/elsewhere"}, ""},
		{control.Error{Group: "DNS Write", Message: "you do not have DNS Write on every zone"}, "rule-1-permission-2-group"},
		{control.Error{Group: "DNS Write", Message: "you do not have DNS Write on zone " + zone("a").ID}, "rule-0-permission-0-group"},
		{control.Error{Group: "DNS Write", Message: "you do not have DNS Write"}, "rule-0-permission-0-group"},
		{control.Error{Group: "Zone Write", Message: "you do not have Zone Write"}, ""},
	} {
		if got := c.Explain(&e.refusal); got.Field != e.want {
			t.Errorf("%+v: beside %q, want %q", e.refusal, got.Field, e.want)
		}
	}
	ends := func(d Draft) string {
		return d.Compile(cat, newToken(ada())).Explain(&control.Error{Pointer: "/expires_on", Message: "expires_on"}).Message
	}
	past, backwards := good(), good()
	past.ExpiresOn = Instant{"2020-01-01", ""}
	backwards.NotBefore, backwards.ExpiresOn = Instant{"2030-01-01", ""}, Instant{"2029-01-01", ""}
	if got := ends(past) + ends(backwards); got != "The end is in the past. Choose a later one.The token would end before it begins. Choose a later end." {
		t.Errorf("messages %q", got)
	}
	if got := c.Explain(&control.Error{Message: "the owner may not"}).Message; got != "The owner may not." {
		t.Errorf("message %q", got)
	}
}
