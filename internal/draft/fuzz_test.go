package draft

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// FuzzForm sends anything at all as a form.
func FuzzForm(f *testing.F) {
	cat := theCatalog(f)
	gone := leastkey.Policy{ID: named("kept"), Effect: leastkey.Deny, Groups: []leastkey.ID{named("gone")}, Patterns: []leastkey.Pattern{leastkey.PatternEvery("zone")}}
	tokens := []control.Credential{newToken(ada()), newToken(example()), stored(ada(), gone)}
	kept := From(cat, tokens[2])
	for _, d := range []Draft{{}, good(), kept, FromTemplate(cat, cat.Templates()[3], ada())} {
		f.Add(d.Values().Encode())
	}
	f.Add("rule-0-permission-0=zone%2Fwrite%2FDNS&rule-0-permission-0-group=Zone&rule-0-resource-00-type=zone&rule-07-effect=allow&rule--1-effect=deny")
	f.Add("name=%FF%00&rule-99999999999999999999-effect=allow&rule-0-kept=1&in=1%2C2;3%0A4&expires_on=0001-01-01")
	f.Add("rule-0-resource-0-id=a&rule-0-resource-0-id=a&rule-0-resource-0-parent=%2F&rule-0-resource-1-parent=account%2F&rule-0-effect=allow")
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		d := Parse(v)
		again := d
		again.over = nil
		if diff := cmp.Diff(again, Parse(d.Values()), cmp.AllowUnexported(Draft{})); diff != "" {
			t.Fatalf("the form changes what it shows:\n%s", diff)
		}
		for _, token := range tokens {
			holdCompiled(t, cat, d, token)
		}
		FromLink(cat, ada(), v)
		d.Change(cat, ada(), v.Get("do"))
	})
}

// holdCompiled holds what compiles to what a form can say, and to what an edit of it would show.
func holdCompiled(t *testing.T, cat *catalog.Catalog, d Draft, token control.Credential) {
	t.Helper()
	c := d.Compile(cat, token)
	if len(c.Problems) > 0 {
		if len(c.Spec.Policies) > 0 {
			t.Fatalf("policies in spite of %q", c.Problems)
		}
		for _, p := range c.Problems {
			holdField(t, d, p.Field)
		}
		return
	}
	for _, p := range c.Spec.Policies {
		if slices.ContainsFunc(token.Policies, func(s leastkey.Policy) bool { return samePolicy(s, p) }) {
			continue
		}
		for _, id := range p.Groups {
			if g, ok := cat.Group(id); !ok || !cat.Binds(id, p.Patterns) || g.Type == leastkey.UserType && token.Principal.Kind != leastkey.UserPrincipal {
				t.Fatalf("%s in %v", id, p)
			}
		}
		for _, pattern := range p.Patterns {
			if pattern.Type == leastkey.UserType && pattern != leastkey.PatternOne(token.Principal.Resource()) {
				t.Fatalf("a token of %v reaches %v", token.Principal, pattern)
			}
		}
		if _, err := cat.FormatResources(p.Patterns); err != nil {
			t.Fatal(err)
		}
	}
	made := stored(token.Principal, c.Spec.Policies...)
	for i := range made.Policies {
		made.Policies[i].ID = named(string(rune('a' + i)))
	}
	made.Name, made.Validity, made.Condition = c.Spec.Name, c.Spec.Validity, c.Spec.Condition
	edited := From(cat, made).Compile(cat, made)
	if len(edited.Problems) > 0 || !slices.EqualFunc(edited.Spec.Policies, made.Policies, samePolicy) || edited.Spec.Validity != made.Validity {
		t.Fatalf("edited: %q %v", edited.Problems, edited.Spec)
	}
}

// holdField holds that a problem is beside a field that the form shows.
func holdField(t *testing.T, d Draft, field string) {
	t.Helper()
	rule, rest, ok := numbered(field, "rule-")
	if !ok {
		if !slices.Contains([]string{"", NameField, InField, NotInField, NotBeforeField, NotBeforeTimeField, ExpiresOnField, ExpiresOnTimeField}, field) {
			t.Fatalf("a problem beside %q", field)
		}
		return
	}
	if rule >= len(d.Rules) {
		t.Fatalf("a problem beside %q of %d rules", field, len(d.Rules))
	}
	if row, part, ok := numbered(rest, "permission-"); ok && row < len(d.Rules[rule].Permissions) && slices.Contains([]string{"type", "group", "access"}, part) {
		return
	}
	if row, part, ok := numbered(rest, "resource-"); ok && row < len(d.Rules[rule].Resources) && slices.Contains([]string{"type", "mode", "extent", "parent", "find"}, part) {
		return
	}
	if rest != "effect" {
		t.Fatalf("a problem beside %q", field)
	}
}

// More than a form holds is said, not passed over.
func TestTooMuchIsSaid(t *testing.T) {
	rules, rows, ids := good(), good(), good()
	for range mostRules {
		rules.Rules = append(rules.Rules, good().Rules...)
	}
	for range mostRows {
		rows.Rules[0].Permissions = append(rows.Rules[0].Permissions, Permission{"zone", "DNS", Read})
	}
	for i := range mostIDs {
		ids.Rules[0].Resources[0].IDs = append(ids.Rules[0].Resources[0].IDs, named(strings.Repeat("x", i)).String())
	}
	long, addresses, wide := good(), good(), good()
	long.Name = strings.Repeat("ä", mostText)
	for range mostAddresses + 1 {
		addresses.In = append(addresses.In, "192.0.2.1")
	}
	wide.NotIn = []string{strings.Repeat("1", mostAddress+1)}
	for _, c := range []struct {
		d     Draft
		field string
	}{
		{rules, ""}, {rows, "rule-0-effect"}, {ids, "rule-0-resource-0-find"}, {long, "name"}, {addresses, "in"}, {wide, "not_in"},
	} {
		problems := Parse(c.d.Values()).Compile(theCatalog(t), newToken(ada())).Problems
		if len(problems) == 0 || problems[0].Field != c.field || !strings.Contains(problems[0].Message, "left out") {
			t.Errorf("problems %q, want one beside %q", problems, c.field)
		}
	}
}
