package web

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/draft"
)

// startPage is the body of the page "wizard-start": what a new token can begin with.
type startPage struct {
	Steps  []Step
	Custom Link
	Cards  []Card
}

// custom is the template that is none.
const custom = "custom"

// beginToken shows the templates, or the form when one of them, or a link, says what it begins with.
func (s *Site) beginToken(ctx context.Context, v *visit) (answer, error) {
	w, err := s.wizard(ctx, v)
	if err != nil {
		return answer{}, err
	}
	query := v.URL.Query()
	chosen := query.Get("template")
	switch {
	case chosen == custom:
		w.draft = draft.Blank(s.Catalog(), w.owner)
	case chosen != "":
		t, ok := s.template(chosen)
		if !ok || !draft.Suits(t, w.owner) {
			return answer{}, errNoPage
		}
		w.draft = draft.FromTemplate(s.Catalog(), t, w.owner)
	case draft.IsProposal(query):
		var problems []draft.Problem
		named := draft.Parse(url.Values{draft.NameField: query[draft.LinkName]})
		w.draft, problems = draft.Draft{Name: named.Name}.Propose(s.Catalog(), w.owner, query)
		if len(w.draft.Rules) == 0 {
			w.draft.Rules = draft.Blank(s.Catalog(), w.owner).Rules
		}
		return s.showForm(ctx, w, formState{linked: true, doubts: problems})
	case draft.IsLink(query):
		var problems []draft.Problem
		w.draft, problems = draft.FromLink(s.Catalog(), w.owner, query)
		return s.showForm(ctx, w, formState{linked: true, doubts: problems})
	default:
		return s.showStart(w)
	}
	return s.showForm(ctx, w, formState{})
}

func (s *Site) template(id string) (catalog.Template, bool) {
	for _, t := range s.Catalog().Templates() {
		if t.ID.String() == id {
			return t, true
		}
	}
	return catalog.Template{}, false
}

func (s *Site) showStart(w *wizard) (answer, error) {
	page, err := s.startPage(w)
	if err != nil {
		return answer{}, err
	}
	return show("wizard-start", View{Title: w.title(), Nav: w.nav(w.home + "/api-tokens"), Back: w.back(), Body: page}), nil
}

func (s *Site) startPage(w *wizard) (startPage, error) {
	page := startPage{Custom: Link{"Start from nothing", w.form() + "?template=" + custom}}
	for _, t := range s.Catalog().Templates() {
		if draft.Suits(t, w.owner) {
			page.Cards = append(page.Cards, templateCard(t, w))
		}
	}
	var err error
	page.Steps, err = w.steps(1)
	return page, err
}

// title is that of the page with the form.
func (w *wizard) title() string {
	switch {
	case !w.isNew():
		return "Edit " + w.token.Name
	case w.ofAccount():
		return "Create a token of " + w.ownerName()
	default:
		return "Create a token"
	}
}

// mostListed is how many permissions of one type a card lists.
const mostListed = 4

// templateCard says what a template grants: a line for each type of resource.
func templateCard(t catalog.Template, w *wizard) Card {
	card := Card{Title: t.Name, Text: t.Description, Action: Link{"Use template", w.form() + "?template=" + t.ID.String()}}
	for _, r := range t.Resources {
		if r.Type == leastkey.UserType && w.ofAccount() {
			continue
		}
		var names []string
		for _, g := range t.Permissions {
			if g.Type == r.Type {
				names = append(names, g.Name)
			}
		}
		if more := len(names) - mostListed; more > 1 {
			names = append(names[:mostListed:mostListed], fmt.Sprintf("and %d more", more))
		}
		card.Lines = append(card.Lines, strings.Join(names, ", ")+" on "+templatePlace(r, w))
	}
	return card
}

func templatePlace(r catalog.TemplateResource, w *wizard) string {
	switch {
	case r.Choice == catalog.Self:
		return "yourself"
	case r.Type == leastkey.AccountType && w.ofAccount():
		return "the account"
	case r.Choice == catalog.Choose:
		return draft.Nouns(r.Type) + " you choose"
	case w.ofAccount():
		return "every " + draft.Noun(r.Type) + " of the account"
	default:
		return "every " + draft.Noun(r.Type)
	}
}
