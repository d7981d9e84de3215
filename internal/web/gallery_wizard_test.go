package web

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/draft"
	"github.com/leastkey/leastkey/internal/tell"
)

// fixtureWizard is the walk of somebody who may see two accounts.
func fixtureWizard(d draft.Draft, edit bool) (*Site, *wizard) {
	cat, err := catalog.Default()
	if err != nil {
		panic(err)
	}
	s := &Site{Config: Config{Catalog: func() *catalog.Catalog { return cat }, Now: noon, Log: slog.New(slog.DiscardHandler)}}
	w := &wizard{visit: &visit{addr: netip.MustParseAddr("192.0.2.17"), home: "/profile"}, draft: d}
	w.user.Email = "ada@example.com"
	w.accounts = append(w.accounts, someone("").Accounts...)
	w.owner = leastkey.UserOf(leastkey.MustParseID("5f3c1d2e4b6a798800112233445566ff"))
	w.token.Principal = w.owner
	if edit {
		w.token.ID, w.token.Name, w.token.Status = leastkey.MustParseID("ed17574386854bf78a67040be0a770b0"), hostile, leastkey.Active
		w.token.Policies = []leastkey.Policy{{ID: leastkey.MustParseID("f267e341f3dd4697bd3b9f71dd96247f"), Effect: leastkey.Deny}}
	}
	return s, w
}

const (
	fixtureZone  = "023e105f4ecef8ad9ca31a8372d0c353"
	fixtureOther = "9a7806061c88ada191ed06f989cc3dac"
)

// fixtureDraft has every kind of row.
func fixtureDraft() draft.Draft {
	zones := draft.Resource{Type: "zone", Mode: draft.Include, Extent: draft.One, IDs: []string{fixtureZone, fixtureOther}}
	many := draft.Rule{Effect: leastkey.Deny, Resources: []draft.Resource{
		{Type: "zone", Mode: draft.Include, Extent: draft.Under, Parent: leastkey.Resource{Type: leastkey.AccountType, ID: someone("").Accounts[1].ID}},
	}}
	for i := range manyPermissions + 4 {
		many.Permissions = append(many.Permissions, draft.Permission{Type: "zone", Group: fmt.Sprintf("%d %s", i, hostile), Access: draft.Write})
	}
	return draft.Draft{
		Name: hostile, Status: "active", In: []string{"192.0.2.0/24", hostile}, NotIn: []string{"2001:db8::/32"},
		ExpiresOn: draft.Instant{Date: "2027-02-23", Time: "12:00"},
		Rules: []draft.Rule{
			{
				Effect:      leastkey.Allow,
				Permissions: []draft.Permission{{Type: "zone", Group: "DNS", Access: draft.Write}, {Type: "user", Group: hostile, Access: draft.Read}, {Type: "planet", Group: "", Access: ""}},
				Resources: []draft.Resource{
					zones, {Type: "user", Mode: draft.Include, Extent: draft.Self}, {Type: "account", Mode: draft.Include, Extent: draft.Every},
					{Type: "zone", Mode: draft.Exclude, Extent: draft.Under}, {Type: "planet", Extent: draft.Every},
				},
			},
			many,
			{Kept: true, Effect: leastkey.Deny, Policy: leastkey.MustParseID("f267e341f3dd4697bd3b9f71dd96247f")},
		},
	}
}

func formFixture(d draft.Draft, edit bool, state formState) View {
	s, w := fixtureWizard(d, edit)
	m := formMaker{site: s, wizard: w, state: state, names: map[leastkey.Resource]string{{Type: "zone", ID: fixtureZone}: hostile}}
	page, err := m.page()
	if err != nil {
		panic(err)
	}
	for i := range d.Rules {
		rule := m.ruleFields(i)
		if d.Rules[i].Kept {
			rule.Kept = []string{"May not: " + hostile + " on every zone"}
		}
		for j := range rule.Resources {
			if r := d.Rules[i].Resources[j]; r.Type == "zone" && r.Extent == draft.One {
				rule.Resources[j].Found.Hits = []hit{{Name: draft.ResourceField(i, j, "id"), ID: "00000000000000000000000000000001", Label: hostile, In: hostile}}
				rule.Resources[j].Found.Text = "The first 20. Search to find others."
			}
		}
		page.Rules = append(page.Rules, rule)
	}
	return View{Title: w.title(), Nav: someone("/profile/api-tokens"), Back: w.back(), Errors: state.errors, Body: page}
}

func (gallery) WizardStart() exhibit {
	s, w := fixtureWizard(draft.Draft{}, false)
	full, err := s.startPage(w)
	if err != nil {
		panic(err)
	}
	empty := full
	empty.Cards = nil
	full.Cards = append(full.Cards, Card{Title: hostile, Text: hostile, Lines: []string{hostile}, Action: Link{"Use template", "/profile/api-tokens/new?template=4"}})
	view := func(page startPage, errors ...FieldError) View {
		return View{Title: "Create a token", Nav: someone("/profile/api-tokens"), Back: w.back(), Errors: errors, Body: page}
	}
	return exhibit{page: "wizard-start", fixtures: map[string]View{
		"empty": view(empty), "full": view(full), "failing": view(full, FieldError{"", "The template is no longer there. Choose another."}),
	}}
}

func (gallery) WizardForm() exhibit {
	s, w := fixtureWizard(draft.Draft{}, false)
	all := draft.FromTemplate(s.Catalog(), s.Catalog().Templates()[6], w.owner) // reads everything: the longest there is
	d := fixtureDraft()
	state := formState{errors: []FieldError{
		{draft.NameField, "Give the token a name."}, {"", "The token was changed since you opened this form."}, {draft.InField, "That is not an address."}, {draft.ExpiresOnField, "That is not a date."},
		{draft.ExpiresOnTimeField, "That is not a time of day."},
		{"rule-0-effect", "Choose whether the token may, or may not."}, {"rule-2-effect", "This rule is no longer part of the token."},
		{"rule-0-permission-2-type", "Choose what the permission is for."}, {"rule-0-permission-1-group", "No permission group is called so."}, {"rule-1-permission-3-access", "Choose one."},
		{"rule-0-resource-0-find", "Choose at least one zone."}, {"rule-0-resource-3-parent", "Choose the account."}, {"rule-0-resource-3-extent", "Choose which."},
		{"rule-0-resource-3-mode", "Choose whether this is included."}, {"rule-0-resource-4-type", "Choose a type."},
	}}
	return exhibit{page: "wizard-form", fixtures: map[string]View{
		"empty":   formFixture(draft.Blank(s.Catalog(), w.owner), false, formState{focus: draft.PermissionField(0, 0, "group")}),
		"full":    formFixture(d, true, formState{linked: true, doubts: []draft.Problem{{Message: hostile}}}),
		"failing": formFixture(d, true, state),
		"all":     formFixture(all, false, formState{}),
	}}
}

func (gallery) WizardFound() exhibit {
	hits := []hit{{Name: "rule-0-resource-0-id", ID: fixtureZone, Label: hostile, Ticked: true}, {Name: "rule-0-resource-0-id", ID: fixtureOther, Label: "example.com", In: hostile}}
	return exhibit{page: "wizard-form", part: "found", fixtures: map[string]View{
		"full":  {Body: foundView{Slot: "found-0-0", Hits: hits}},
		"empty": {Body: foundView{Slot: "found-0-0", Text: "No zone was found."}},
	}}
}

func (gallery) WizardSummary() exhibit {
	s, w := fixtureWizard(fixtureDraft(), false)
	group := s.Catalog().GroupsNamed("DNS Write")[0].ID
	spec := control.TokenSpec{Name: hostile, Policies: []leastkey.Policy{
		{Effect: leastkey.Allow, Groups: []leastkey.ID{group}, Patterns: []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: fixtureZone}), leastkey.PatternEvery("zone")}},
		{Effect: leastkey.Deny, Groups: []leastkey.ID{group}, Patterns: []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: fixtureOther})}},
	}}
	teller := tell.Teller{Catalog: s.Catalog(), Now: noon(), Names: map[leastkey.Resource]string{{Type: "zone", ID: fixtureZone}: hostile, {Type: "zone", ID: fixtureOther}: hostile}}
	s.URL = "https://tokens.example.com"
	page := summaryPage{
		New: true, Form: w.form(), Result: w.result(), Carried: append(hiddenFields(w.draft), Hidden{"once", "0a1b2c3d4e5f60718293a4b5c6d7e8f9"}), OwnerIs: hostile,
		Says: sentences(teller, spec.Policies), Where: tell.Where(spec.Condition), When: tell.When(spec.Validity, noon()), Recipes: s.recipes(w, spec), Confirm: proofAsked{Needed: true},
	}
	page.Steps, _ = w.steps(3)
	for _, warning := range teller.Warnings(spec, w.addr) {
		page.Dangers = append(page.Dangers, warning.Text)
		page.Notes = append(page.Notes, warning.Text)
	}
	edit := page
	edit.New, edit.Confirm, edit.Disabled = false, proofAsked{}, true
	edit.Changes = []Line{{"", "DNS Write on zone example.com"}, {"-", hostile}, {"+", hostile}}
	same := edit
	same.Changes, same.Same, same.Says, same.Dangers, same.Notes = nil, true, nil, nil, nil
	same.Recipes = []recipe{{ID: "as-json", Label: "Policies as JSON", Why: "A resource has no spelling."}}
	view := func(p summaryPage, errors ...FieldError) View {
		return View{Title: "Summary of " + hostile, Nav: someone("/profile/api-tokens"), Errors: errors, Body: p}
	}
	return exhibit{page: "wizard-summary", fixtures: map[string]View{
		"empty": view(same), "full": view(page), "edit": view(edit), "failing": view(page, FieldError{"password", "The password is not right."}),
	}}
}

func verifyFixture(page verifyPage) View {
	return View{Title: "Verify a token", Nav: someone("/profile/api-tokens"), Back: Link{"API tokens", "/profile/api-tokens"}, Body: page}
}

func (gallery) WizardVerify() exhibit {
	works := verifyPage{Works: true, Status: "200 OK", Answer: "{\"result\": \"" + hostile + "\"}", Tokens: "/profile/api-tokens"}
	return exhibit{page: "wizard-verify", fixtures: map[string]View{
		"empty":   verifyFixture(verifyPage{Works: true, Status: "200 OK", Answer: "{}", Tokens: "/profile/api-tokens"}),
		"full":    verifyFixture(works),
		"failing": verifyFixture(verifyPage{Status: "401 Unauthorized", Answer: "{\"success\": false}", Tokens: "/profile/api-tokens"}),
	}}
}

func (gallery) WizardVerified() exhibit {
	return exhibit{page: "wizard-verify", part: "verified", fixtures: map[string]View{
		"full": verifyFixture(verifyPage{Works: true, Status: "200 OK", Answer: hostile, Tokens: "/profile/api-tokens"}),
	}}
}
