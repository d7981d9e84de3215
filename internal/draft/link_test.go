package draft

import (
	"bytes"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
)

func TestFromLink(t *testing.T) {
	cat := theCatalog(t)
	a, acc := zone("a").ID, named("example").String()
	under := Resource{Type: "zone", Mode: Include, Extent: Under, Parent: example().Resource()}
	oneZone := Resource{Type: "zone", Mode: Include, Extent: One, IDs: []string{a}}
	noZone := Resource{Type: "zone", Mode: Include, Extent: One}
	everyZone := Resource{Type: "zone", Mode: Include, Extent: Every}
	oneAccount := Resource{Type: "account", Mode: Include, Extent: One, IDs: []string{acc}}
	everyAccount := Resource{Type: "account", Mode: Include, Extent: Every}
	dns := Permission{"zone", "DNS", Write}
	dnsKey := `[{"key":"dns","type":"edit"}]`
	for _, c := range []struct {
		name, keys, account, zone string
		permissions               []Permission
		resources                 []Resource
		problems                  []string // a part of each
	}{
		{"a zone", dnsKey, "", a, []Permission{dns}, []Resource{oneZone}, nil},
		{"the word of the API", `[{"key":"dns","type":"write"}]`, "", a, []Permission{dns}, []Resource{oneZone}, nil},
		{"no zone said", dnsKey, "", "", []Permission{dns}, []Resource{noZone}, nil},
		{"all zones", dnsKey, "", "all", []Permission{dns}, []Resource{everyZone}, nil},
		{"all zones of all accounts", dnsKey, "*", "*", []Permission{dns}, []Resource{everyZone}, nil},
		{"all zones of an account", dnsKey, acc, "all", []Permission{dns}, []Resource{under}, nil},
		{"an account and no zone", dnsKey, acc, "", []Permission{dns}, []Resource{noZone}, nil},
		{"all zones of what is no account", dnsKey, "Example", "all", []Permission{dns}, []Resource{noZone}, []string{"accountId is not the id of an account: “Example”"}},
		{"a zone by its name", dnsKey, "", "example.com", []Permission{dns}, []Resource{noZone}, []string{"zoneId is not the id of a zone: “example.com”"}},
		{"two words", `[{"key":"zone_settings","type":"read"}]`, "", a, []Permission{{"zone", "Zone Settings", Read}}, []Resource{oneZone}, nil},
		{"punctuation", `[{"key":"load_balancing_monitors_and_pools","type":"edit"}]`, acc, "", []Permission{{"account", "Load Balancing: Monitors and Pools", Write}}, []Resource{oneAccount}, nil},
		{"all accounts", `[{"key":"account_settings","type":"read"}]`, "*", "", []Permission{{"account", "Account Settings", Read}}, []Resource{everyAccount}, nil},
		{"two types", `[{"key":"dns","type":"edit"},{"key":"account_settings","type":"read"},{"key":"user_details","type":"read"}]`, acc, a,
			[]Permission{dns, {"account", "Account Settings", Read}, {"user", "User Details", Read}}, []Resource{oneZone, oneAccount, {Type: "user", Mode: Include, Extent: Self}}, nil},
		{"neither read nor write", `[{"key":"cache_purge","type":"edit"},{"key":"cache","type":"purge"}]`, "", a, []Permission{{"zone", "Cache Purge", Other}}, []Resource{oneZone}, nil},
		{"a purge is no read", `[{"key":"cache_purge","type":"read"}]`, "", "", nil, nil, []string{"“cache_purge: read”, which is no permission here"}},
		{"an id", `[{"key":"` + group(t, cat, "DNS Write", "zone").String() + `"}]`, "", a, []Permission{dns}, []Resource{oneZone}, nil},
		{"of two types, told by the zone", `[{"key":"logs","type":"read"}]`, "", a, []Permission{{"zone", "Logs", Read}}, []Resource{oneZone}, nil},
		{"of two types, told by the account", `[{"key":"logs","type":"read"}]`, acc, "", []Permission{{"account", "Logs", Read}}, []Resource{oneAccount}, nil},
		{"of two types", `[{"key":"logs","type":"read"}]`, "", "", nil, nil, []string{"which exists for accounts and zones"}},
		{"unknown", `[{"key":"dns","type":"edit"},{"key":"teleport","type":"edit"}]`, "", a, []Permission{dns}, []Resource{oneZone}, []string{"“teleport: edit”, which is no permission here"}},
		{"unknown type", `[{"key":"dns","type":"admin"}]`, "", "", nil, nil, []string{"“dns: admin”"}},
		{"twice", `[{"key":"dns","type":"edit"},{"key":"dns","type":"edit"}]`, "", a, []Permission{dns}, []Resource{oneZone}, nil},
		{"not JSON", `dns`, "", a, nil, nil, []string{"not a list", "names a zone and no permission for zones"}},
		{"an account for nothing", `[{"key":"user_details","type":"read"}]`, acc, "", []Permission{{"user", "User Details", Read}}, []Resource{{Type: "user", Mode: Include, Extent: Self}}, []string{"names an account and no permission"}},
		{"too many", "[" + strings.Repeat(`{"key":"dns","type":"edit"},`, 300) + `{}]`, "", a, []Permission{dns}, []Resource{oneZone}, []string{"more than 200"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := url.Values{}
			for name, value := range map[string]string{LinkPermissions: c.keys, LinkAccount: c.account, LinkZone: c.zone, LinkName: "from a link"} {
				if value != "" {
					v.Set(name, value)
				}
			}
			d, problems := FromLink(cat, ada(), v)
			if d.Name != "from a link" {
				t.Errorf("name %q", d.Name)
			}
			want := []Rule{{Effect: leastkey.Allow, Permissions: c.permissions, Resources: c.resources}}
			if c.permissions == nil {
				want = Blank(cat, ada()).Rules
			}
			if diff := cmp.Diff(want, d.Rules); diff != "" {
				t.Error(diff)
			}
			if len(problems) != len(c.problems) {
				t.Fatalf("problems %q, want %q", problems, c.problems)
			}
			for i, p := range problems {
				if !strings.Contains(p.Message, c.problems[i]) {
					t.Errorf("problem %q, want %q", p.Message, c.problems[i])
				}
			}
		})
	}
	d, problems := FromLink(cat, example(), url.Values{LinkPermissions: {`[{"key":"user_details","type":"read"}]`}})
	if len(problems) != 1 || !slices.EqualFunc(d.Rules, Blank(cat, example()).Rules, func(a, b Rule) bool { return cmp.Equal(a, b) }) {
		t.Errorf("of an account: %v %v", d.Rules, problems)
	}
}

// Each template becomes a token once its resources are chosen, with exactly the template's groups.
func TestFromTemplate(t *testing.T) {
	cat := theCatalog(t)
	for _, template := range cat.Templates() {
		for _, owner := range []leastkey.Principal{ada(), example()} {
			if !Suits(template, owner) {
				if owner == ada() || template.Name != "Create additional tokens" {
					t.Errorf("%s does not suit %v", template.Name, owner)
				}
				continue
			}
			d := FromTemplate(cat, template, owner)
			for i := range d.Rules[0].Resources {
				if r := &d.Rules[0].Resources[i]; r.Extent == One && len(r.IDs) == 0 {
					r.IDs = []string{named("chosen").String()}
				}
			}
			c := d.Compile(cat, newToken(owner))
			if len(c.Problems) > 0 {
				t.Errorf("%s for %v: %q", template.Name, owner, c.Problems)
				continue
			}
			var want []leastkey.ID
			for _, g := range template.Permissions {
				if g.Type != leastkey.UserType || owner == ada() {
					want = append(want, g.ID)
				}
			}
			var got []leastkey.ID
			for _, p := range c.Spec.Policies {
				got = append(got, p.Groups...)
				if reaches := func(p leastkey.Pattern) bool { return p.Extent == leastkey.Every }; owner == example() && slices.ContainsFunc(p.Patterns, reaches) {
					t.Errorf("%s for an account reaches %v", template.Name, p.Patterns)
				}
			}
			byID := func(a, b leastkey.ID) int { return bytes.Compare(a[:], b[:]) }
			slices.SortFunc(got, byID)
			slices.SortFunc(want, byID)
			if !slices.Equal(got, want) {
				t.Errorf("%s for %v: %v", template.Name, owner, c.Spec.Policies)
			}
		}
	}
}
