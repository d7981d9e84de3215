package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/draft"
)

func (s *Site) findRoutes() []route {
	return []route{{http.MethodGet, "/dashboard/find/resources", signedIn, s.findResources}}
}

// search asks for resources of one type, for one row of the form.
type search struct {
	kind    leastkey.ResourceType
	account leastkey.ID // zero: of any account
	text    string
	slot    string   // id of the element that the hits stand in
	name    string   // of the boxes
	ticked  []string // ids that are ticked among the last hits
	without []string // ids that are shown elsewhere
}

// foundView is what a search found, to be ticked.
type foundView struct {
	Slot string
	Hits []hit
	Text string // about the hits: how many, or that there are none; "" before a search
}

// hit is one resource that was found.
type hit struct {
	Name, ID, Label string
	In              string // the account it belongs to; "" when there is but one
	Ticked          bool
}

// mostHits bounds what one search shows.
const mostHits = 20

// find searches among what the owner of the page's tokens may do anything on.
func (s *Site) find(ctx context.Context, v *visit, q search) (foundView, error) {
	caller := s.caller(v, "GET /tokens")
	ticked := make([]leastkey.Resource, len(q.ticked))
	for i, id := range q.ticked {
		ticked[i] = leastkey.Resource{Type: q.kind, ID: id}
	}
	names, err := s.Control.Names(ctx, caller, v.owner, ticked)
	if err != nil {
		return foundView{}, err
	}
	view := foundView{Slot: q.slot}
	for _, r := range ticked {
		if name := names[r]; name != "" { // what the owner may not see is not shown to exist
			view.Hits = append(view.Hits, hit{Name: q.name, ID: r.ID, Label: name, Ticked: true})
		}
	}
	// One more than is shown, and as many more as are not to be shown again.
	limit := mostHits + 1 + len(q.ticked) + len(q.without)
	rows, err := s.Control.FindResources(ctx, caller, v.owner, control.ResourceQuery{Type: q.kind, Account: q.account, Text: strings.TrimSpace(q.text), Limit: limit})
	if err != nil {
		return foundView{}, err
	}
	rows = slices.DeleteFunc(rows, func(r control.Resource) bool {
		return slices.Contains(q.ticked, r.ID) || slices.Contains(q.without, r.ID)
	})
	for _, r := range rows[:min(len(rows), mostHits)] {
		view.Hits = append(view.Hits, hit{Name: q.name, ID: r.ID, Label: r.Name, In: accountName(v, r.Parent)})
	}
	view.Text = foundText(q.kind, len(rows), len(q.ticked)+len(q.without))
	return view, nil
}

// foundText says how many there are; shown are those that stand elsewhere.
func foundText(kind leastkey.ResourceType, found, shown int) string {
	switch {
	case found == 0 && shown > 0:
		return "No other " + draft.Noun(kind) + " was found."
	case found == 0:
		return "No " + draft.Noun(kind) + " was found."
	case found > mostHits:
		return fmt.Sprintf("The first %d. Search to find others.", mostHits)
	default:
		return ""
	}
}

// accountName tells resources of several accounts apart.
func accountName(v *visit, parent leastkey.Resource) string {
	if len(v.accounts) < 2 || v.ofAccount() || parent.Type != leastkey.AccountType {
		return ""
	}
	for _, a := range v.accounts {
		if a.ID == parent.ID {
			return a.Name
		}
	}
	return ""
}

// foundSlot is the id of the element for the hits of a row.
func foundSlot(rule, row int) string { return fmt.Sprintf("found-%d-%d", rule, row) }

// findResources answers a search while somebody types. The query has "row", the row of the form, with
// the fields of that row; or "type" and "q". With "owner" it is about the tokens of an account, and
// with "account" only about what is in one.
func (s *Site) findResources(ctx context.Context, v *visit) (answer, error) {
	query := v.URL.Query()
	if in := query.Get("owner"); in != "" {
		if err := v.enter(in); err != nil {
			return answer{}, err
		}
	}
	q := search{kind: leastkey.ResourceType(query.Get("type")), text: query.Get("q"), slot: "found", name: "id"}
	if at := query.Get("row"); at != "" {
		rule, row, ok := position(at)
		if !ok {
			return answer{}, errNoPage
		}
		sent := draft.Parse(fieldsOf(query, rule, row)).Rules
		if len(sent) != 1 || len(sent[0].Resources) != 1 {
			return answer{}, errNoPage
		}
		r := sent[0].Resources[0]
		q = search{kind: r.Type, text: r.Find, slot: foundSlot(rule, row), name: draft.ResourceField(rule, row, "id"), ticked: r.IDs}
	}
	if in := query.Get("account"); in != "" {
		id, err := leastkey.ParseID(in)
		if err != nil {
			return answer{}, errNoPage
		}
		q.account = id
	}
	found, err := s.find(ctx, v, q)
	if err != nil {
		return answer{}, err
	}
	return answer{page: "wizard-form", part: "found", view: View{Nav: v.nav(""), Body: found}}, nil
}

// position reads "R:I".
func position(text string) (rule, row int, ok bool) {
	first, second, ok := strings.Cut(text, ":")
	rule, err1 := strconv.Atoi(first)
	row, err2 := strconv.Atoi(second)
	return rule, row, ok && err1 == nil && err2 == nil && rule >= 0 && row >= 0
}

// fieldsOf are the fields of one row.
func fieldsOf(query map[string][]string, rule, row int) map[string][]string {
	prefix := draft.ResourceField(rule, row, "")
	of := map[string][]string{}
	for name, values := range query {
		if strings.HasPrefix(name, prefix+"-") {
			of[name] = values
		}
	}
	return of
}
