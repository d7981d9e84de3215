package draft

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
)

func TestChange(t *testing.T) {
	cat := theCatalog(t)
	from := func() Draft {
		d := good()
		d.Rules = append(d.Rules, Rule{Effect: leastkey.Allow, Policy: named("1"), Kept: true})
		d.Rules[0].Permissions = append(d.Rules[0].Permissions, Permission{"account", "Billing", Read})
		return d
	}
	for _, c := range []struct {
		do, field string
		change    func(*Draft)
	}{
		{"add-rule:allow", "rule-2-effect", func(d *Draft) { d.Rules = append(d.Rules, Blank(cat, ada()).Rules[0]) }},
		{"add-rule:deny", "rule-2-effect", func(d *Draft) {
			r := Blank(cat, ada()).Rules[0]
			r.Effect = leastkey.Deny
			d.Rules = append(d.Rules, r)
		}},
		{"remove-rule:1", "", func(d *Draft) { d.Rules = d.Rules[:1] }},
		{"add-permission:0", "rule-0-permission-2-group", func(d *Draft) {
			d.Rules[0].Permissions = append(d.Rules[0].Permissions, Permission{Type: "account", Access: Read})
		}},
		{"remove-permission:0:0", "rule-0-effect", func(d *Draft) { d.Rules[0].Permissions = d.Rules[0].Permissions[1:] }},
		{"add-resource:0", "rule-0-resource-1-type", func(d *Draft) { // of the type that nothing is chosen for yet
			d.Rules[0].Resources = append(d.Rules[0].Resources, Resource{Type: "account", Mode: Include, Extent: One})
		}},
		{"remove-resource:0:0", "rule-0-effect", func(d *Draft) { d.Rules[0].Resources = d.Rules[0].Resources[:0] }},
		{"find:0:0", "rule-0-resource-0-find", func(*Draft) {}},
		{"add-ip:in:192.0.2.7", "in", func(d *Draft) { d.In = []string{"192.0.2.7"} }},
		{"add-ip:not_in:2001:db8::7", "not_in", func(d *Draft) { d.NotIn = []string{"2001:db8::7"} }},
	} {
		d := from()
		got, field, ok := d.Change(cat, ada(), c.do)
		want := from()
		c.change(&want)
		if !ok || field != c.field {
			t.Errorf("%s: %q %t, want %q", c.do, field, ok, c.field)
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(Draft{})); diff != "" {
			t.Errorf("%s:\n%s", c.do, diff)
		}
		if diff := cmp.Diff(from(), d, cmp.AllowUnexported(Draft{})); diff != "" {
			t.Errorf("%s changes what it is given:\n%s", c.do, diff)
		}
	}
	for _, do := range []string{
		"", "explode", "add-rule", "add-rule:none", "remove-rule", "remove-rule:2", "remove-rule:-1", "remove-rule:0:0", "remove-permission:0:2",
		"remove-permission:0", "remove-permission:0:-1", "remove-resource:0:1", "find:0", "find:0:9", "add-permission:1", "add-resource:1", "add-permission:x",
		"add-ip", "add-ip:in", "add-ip:in:x", "add-ip:elsewhere:192.0.2.7", "find:0:0:0",
	} {
		if _, _, ok := from().Change(cat, ada(), do); ok {
			t.Errorf("%q is a button", do)
		}
	}
}

// What was chosen of one type is not taken for another.
func TestAnotherTypeIsChosenAnew(t *testing.T) {
	sent := func(from, to string, extent Extent) Resource {
		d := good()
		d.Rules[0].Resources[0].Extent = extent
		d.Rules[0].Resources[0].Parent = example().Resource()
		v := d.Values()
		v.Set(ResourceField(0, 0, "of"), from)
		v.Set(ResourceField(0, 0, "type"), to)
		return Parse(v).Rules[0].Resources[0]
	}
	kept := Resource{Type: "zone", Mode: Include, Extent: One, IDs: []string{zone("a").ID}, Parent: example().Resource()}
	for _, c := range []struct{ got, want Resource }{
		{sent("zone", "zone", One), kept},
		{sent("", "zone", One), kept},
		{sent("zone", "account", One), Resource{Type: "account", Mode: Include, Extent: One}},
		{sent("zone", "account", Under), Resource{Type: "account", Mode: Include, Extent: One}},
		{sent("zone", "account", Every), Resource{Type: "account", Mode: Include, Extent: Every}},
		{sent("zone", "user", Every), Resource{Type: "user", Mode: Include, Extent: Self}},
		{sent("user", "zone", Self), Resource{Type: "zone", Mode: Include, Extent: One}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Error(diff)
		}
	}
}
