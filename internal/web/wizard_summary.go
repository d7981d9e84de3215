package web

import (
	"context"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/tell"
)

// summaryPage is the body of the page "wizard-summary".
type summaryPage struct {
	Steps    []Step
	New      bool
	Form     string // where to go back to
	Result   string // where to go on
	Carried  []Hidden
	Says     []says
	Where    string
	When     string
	Dangers  []string
	Notes    []string
	Changes  []Line // of an edit
	Same     bool   // an edit that changes nothing
	Recipes  []recipe
	Confirm  proofAsked
	OwnerIs  string
	Disabled bool
}

// says is one sentence about a token. Class is "may", "maynot" or "".
// Whole are all the things of a sentence that only counts them.
type says struct {
	Class, Text string
	Whole       []string
}

// recipe makes the same token in another way. Why says why there is none.
type recipe struct{ ID, Label, Text, Why string }

// sumUp shows the summary of the draft, or the form again with what is wrong.
func (s *Site) sumUp(ctx context.Context, w *wizard) (answer, error) {
	spec, problems, err := s.compile(ctx, w)
	if err != nil {
		return answer{}, err
	}
	if problems = append(problems, w.overtaken()...); len(problems) > 0 {
		return s.showForm(ctx, w, formState{errors: problems})
	}
	once := ""
	if w.isNew() {
		if once, err = s.newOnce(); err != nil {
			return answer{}, err
		}
	}
	return s.showSummary(ctx, w, spec, once)
}

// showSummary shows what a draft without problems comes to.
func (s *Site) showSummary(ctx context.Context, w *wizard, spec control.TokenSpec, once string, problems ...FieldError) (answer, error) {
	teller, err := s.teller(ctx, w.visit, slices.Concat(w.token.Policies, spec.Policies)...)
	if err != nil {
		return answer{}, err
	}
	page := summaryPage{
		New: w.isNew(), Form: w.form(), Result: w.result(), Carried: hiddenFields(w.draft), OwnerIs: w.ownerName(),
		Where: tell.Where(spec.Condition), When: tell.When(spec.Validity, s.Now()),
		Says: sentences(teller, spec.Policies), Recipes: s.recipes(w, spec), Disabled: spec.Status == leastkey.Disabled,
	}
	if page.Steps, err = w.steps(3); err != nil {
		return answer{}, err
	}
	for _, warning := range teller.Warnings(spec, w.addr, w.session.Addr4, w.session.Addr6) {
		if warning.Severity == tell.Danger {
			page.Dangers = append(page.Dangers, warning.Text)
		} else {
			page.Notes = append(page.Notes, warning.Text)
		}
	}
	view := View{Title: "Summary of " + spec.Name, Nav: w.nav(w.home + "/api-tokens"), Errors: problems}
	if page.Confirm, err = s.proofAsked(ctx, w.visit); err != nil {
		return answer{}, err
	}
	if w.isNew() {
		page.Carried = append(page.Carried, Hidden{"once", once})
	} else {
		page.Carried = append(page.Carried, Hidden{readField, w.read})
		lines := teller.Difference(storedSpec(w.token), spec)
		page.Changes, page.Same = differenceLines(lines), !tell.Differs(lines)
		view.Title = "Changes to " + w.token.Name
	}
	view.Body = page
	if len(problems) > 0 {
		return refused("wizard-summary", view), nil
	}
	return show("wizard-summary", view), nil
}

// storedSpec is what the owner decided about a token so far.
func storedSpec(t control.Credential) control.TokenSpec {
	return control.TokenSpec{Name: t.Name, Status: t.Status, Validity: t.Validity, Condition: t.Condition, Policies: t.Policies}
}

func sentences(teller tell.Teller, policies []leastkey.Policy) []says {
	var all []says
	for _, s := range teller.Sentences(policies) {
		class := map[leastkey.Effect]string{leastkey.Allow: "may", leastkey.Deny: "maynot"}[s.Effect]
		line := says{Class: class, Text: s.Text}
		if s.Cut { // nobody is to agree to what was only counted
			line.Whole = append(slices.Clone(s.Groups), s.Places...)
		}
		all = append(all, line)
	}
	return all
}

func differenceLines(lines []tell.DiffLine) []Line {
	var all []Line
	for _, l := range lines {
		all = append(all, Line{map[tell.Op]string{tell.Gone: "-", tell.New: "+"}[l.Op], l.Text})
	}
	return all
}

// recipes are the other ways to make the token.
func (s *Site) recipes(w *wizard, spec control.TokenSpec) []recipe {
	r := tell.Recipes{Catalog: s.Catalog(), Owner: w.owner, Spec: spec}
	var all []recipe
	add := func(id, label string, text string, err error) {
		made := recipe{ID: "as-" + id, Label: label, Text: text}
		if err != nil {
			made.Why = sentence(err.Error())
		}
		all = append(all, made)
	}
	text, err := r.Policies()
	add("json", "Policies as JSON", text, err)
	text, err = r.CommandLine()
	add("command", "Command line", text, err)
	text, err = r.Terraform()
	add("terraform", "Terraform", text, err)
	text, err = r.Curl(s.baseURL(w.visit) + "/client/v4")
	add("curl", "curl", text, err)
	return all
}
