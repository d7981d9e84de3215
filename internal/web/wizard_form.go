package web

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/draft"
)

// formPage is the body of the page "wizard-form".
type formPage struct {
	Steps              []Step
	Action             string // where the form is posted
	Cancel             string
	Linked             bool     // a link filled the form
	Doubts             []string // what of the link was not understood
	Carried            []Hidden
	Name               Field
	Statuses           []Option
	Status             string
	Rules              []ruleView
	Groups             []groupList
	In, NotIn          listView
	Addresses          []ownAddress
	ShutOut            string // a warning; "" for none
	NotBefore, Ends    Field
	NotBeforeAt, EndAt Field
}

// groupList completes the name of a permission, of one type of resource.
type groupList struct {
	ID    string
	Names []string
}

// listView is one list of addresses.
type listView struct {
	Field
	Focus bool
}

// ownAddress is an address that the person comes from; Text is "" for a kind of which none was seen.
type ownAddress struct{ Kind, Text string }

// formState is what a form is shown with beside the draft.
type formState struct {
	errors []FieldError
	doubts []draft.Problem // what of a link was not understood
	linked bool
	focus  string // the field to go on with; "" for none
	found  string // the field of the search whose hits were asked for
}

// draftToken takes the form again: to change it, or to sum it up.
func (s *Site) draftToken(ctx context.Context, v *visit) (answer, error) {
	w, err := s.sent(ctx, v)
	if err != nil {
		return answer{}, err
	}
	switch do := v.form.Get("do"); do {
	case "summary":
		return s.sumUp(ctx, w)
	case "back", "refresh":
		return s.showForm(ctx, w, formState{})
	default:
		changed, field, ok := w.draft.Change(s.Catalog(), w.owner, do)
		switch {
		case !ok && strings.HasPrefix(do, "add-"):
			return s.showForm(ctx, w, formState{errors: []FieldError{{"", "There is no room for more in one token."}}})
		case !ok:
			return answer{}, errNotAForm
		}
		w.draft = changed
		state := formState{focus: field}
		if strings.HasPrefix(do, "find:") {
			state.found = field
		}
		return s.showForm(ctx, w, state)
	}
}

func (s *Site) editToken(ctx context.Context, v *visit) (answer, error) {
	w, err := s.wizard(ctx, v)
	if err != nil {
		return answer{}, err
	}
	w.draft = draft.From(s.Catalog(), w.token)
	state := formState{}
	if query := v.URL.Query(); draft.IsProposal(query) {
		state.linked = true
		w.draft, state.doubts = w.draft.Propose(s.Catalog(), w.owner, query)
	}
	return s.showForm(ctx, w, state)
}

// showForm shows the form with what is in the draft.
func (s *Site) showForm(ctx context.Context, w *wizard, state formState) (answer, error) {
	m := formMaker{site: s, wizard: w, state: state}
	if err := m.read(ctx); err != nil {
		return answer{}, err
	}
	page, err := m.page()
	if err != nil {
		return answer{}, err
	}
	for i := range w.draft.Rules {
		rule, err := m.rule(ctx, i)
		if err != nil {
			return answer{}, err
		}
		page.Rules = append(page.Rules, rule)
	}
	view := View{Title: w.title(), Nav: w.nav(w.home + "/api-tokens"), Back: w.back(), Errors: state.errors, Body: page}
	if len(state.errors) > 0 {
		return refused("wizard-form", view), nil
	}
	return show("wizard-form", view), nil
}

// formMaker makes the parts of the form.
type formMaker struct {
	site   *Site
	wizard *wizard
	state  formState
	names  map[leastkey.Resource]string
}

// read finds the names of what is chosen, as far as the owner may see them.
func (m *formMaker) read(ctx context.Context) (err error) {
	var chosen []leastkey.Resource
	for _, r := range m.wizard.draft.Rules {
		for _, row := range r.Resources {
			chosen = append(chosen, row.Parent)
			for _, id := range row.IDs {
				chosen = append(chosen, leastkey.Resource{Type: row.Type, ID: id})
			}
		}
	}
	m.names, err = m.site.Control.Names(ctx, m.site.caller(m.wizard.visit, "GET /tokens"), m.wizard.owner, chosen)
	return err
}

// page is the form without its rules.
func (m *formMaker) page() (formPage, error) {
	w := m.wizard
	page := formPage{Action: w.form(), Cancel: w.back().Href, Linked: m.state.linked, Groups: m.groupLists(), Status: w.draft.Status}
	for _, p := range m.state.doubts {
		page.Doubts = append(page.Doubts, p.Message)
	}
	if !w.isNew() {
		page.Carried = []Hidden{{readField, w.read}}
		page.Statuses = []Option{{Value: "active", Label: "Active"}, {Value: "disabled", Label: "Disabled", Hint: "Refused until it is enabled again."}}
	}
	page.Name = m.field(Field{Name: draft.NameField, Label: "Token name", Value: w.draft.Name, Required: true, Max: 120, Hint: "How you will find it again: what will use it, or what for."})
	m.limits(&page)
	var err error
	page.Steps, err = w.steps(2)
	return page, err
}

// field puts the error of the field beside it.
func (m *formMaker) field(f Field) Field {
	f.Error = View{Errors: m.state.errors}.Error(f.Name)
	return f
}

func (m *formMaker) groupLists() []groupList {
	var lists []groupList
	at := map[leastkey.ResourceType]int{}
	for _, r := range draft.Offered(m.site.Catalog(), m.wizard.owner) {
		at[r.Type] = len(lists)
		lists = append(lists, groupList{ID: "groups-" + string(r.Type)})
	}
	for _, g := range m.site.Catalog().Groups() {
		i, offered := at[g.Type]
		if name := draft.Base(g); offered && !slices.Contains(lists[i].Names, name) {
			lists[i].Names = append(lists[i].Names, name)
		}
	}
	return lists
}

// limits makes the part about where and when.
func (m *formMaker) limits(page *formPage) {
	d := m.wizard.draft
	list := func(name, label, hint string, values []string) listView {
		f := Field{Name: name, Label: label, Value: strings.Join(values, "\n"), Rows: min(max(len(values), 2), 10), Mono: true, Optional: true, Hint: hint}
		return listView{m.field(f), m.state.focus == name}
	}
	page.In = list(draft.InField, "Only from", "Addresses or ranges such as 192.0.2.0/24, one on each line. Empty: from anywhere.", d.In)
	page.NotIn = list(draft.NotInField, "Never from", "These are refused, whatever the other list says.", d.NotIn)
	page.Addresses = ownAddresses(m.wizard.visit)
	page.ShutOut = m.shutOut()
	page.NotBefore = m.field(Field{Name: draft.NotBeforeField, Label: "Works from", Type: "date", Value: d.NotBefore.Date, Optional: true, Width: "short"})
	page.NotBeforeAt = m.field(Field{Name: draft.NotBeforeTimeField, Label: "Works from: time, UTC", Type: "time", Value: d.NotBefore.Time, Optional: true, Width: "short", Hint: "Without a time: from the first second of that day, in UTC."})
	page.Ends = m.field(Field{Name: draft.ExpiresOnField, Label: "Ends on", Type: "date", Value: d.ExpiresOn.Date, Optional: true, Width: "short"})
	page.EndAt = m.field(Field{Name: draft.ExpiresOnTimeField, Label: "Ends on: time, UTC", Type: "time", Value: d.ExpiresOn.Time, Optional: true, Width: "short", Hint: "Without a time: with the last second of that day, in UTC. Without a date it works until it is deleted."})
}

// ownAddresses are those that the person was last seen at, this one included.
func ownAddresses(v *visit) []ownAddress {
	four, six := v.session.Addr4, v.session.Addr6
	switch addr := v.addr.Unmap().WithZone(""); {
	case addr.Is4():
		four = addr
	case addr.Is6():
		six = addr
	}
	text := func(a netip.Addr) string {
		if !a.IsValid() {
			return ""
		}
		return a.String()
	}
	return []ownAddress{{"IPv4", text(four)}, {"IPv6", text(six)}}
}

// shutOut warns when the lists as they stand refuse the person at the address of this visit.
func (m *formMaker) shutOut() string {
	var c leastkey.Condition
	for _, list := range []struct {
		texts []string
		to    *[]leastkey.AddressRange
	}{{m.wizard.draft.In, &c.In}, {m.wizard.draft.NotIn, &c.NotIn}} {
		for _, text := range list.texts {
			r, err := leastkey.ParseAddressRange(text)
			if err != nil {
				return "" // which is an error of its own once the form is summed up
			}
			*list.to = append(*list.to, r)
		}
	}
	owner := m.wizard.owner
	token := leastkey.Credential{Kind: leastkey.Token, Principal: owner, Status: leastkey.Active, Condition: c}
	decision := leastkey.Decide(token, leastkey.Grants{Principal: owner, Active: true}, leastkey.Request{At: m.site.Now(), Addr: m.wizard.addr, Target: leastkey.OnSelf()})
	if decision.Reason != leastkey.AddressRefused || !m.wizard.addr.IsValid() {
		return ""
	}
	return "With these lists the token is refused from your address now, " + m.wizard.addr.Unmap().WithZone("").String() + "."
}

// hiddenFields are the fields of the form, carried through the summary.
func hiddenFields(d draft.Draft) []Hidden {
	values := d.Values()
	var fields []Hidden
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			fields = append(fields, Hidden{name, value})
		}
	}
	return fields
}
