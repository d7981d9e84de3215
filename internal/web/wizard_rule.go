package web

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/draft"
)

// ruleView is one rule of the form.
type ruleView struct {
	Action        string // where the form is posted
	Index, Number int
	Effect        Field
	Focus         bool
	Hidden        []Hidden
	Kept          []string // what a rule says that stays as it is stored; nil: it has fields
	Chips         []chip   // permissions of a rule that has many
	Permissions   []permissionView
	Resources     []resourceView
}

// chip is something chosen, which goes when its box is unticked.
type chip struct{ Name, Value, Label string }

// permissionView is one permission.
type permissionView struct {
	Row, Number         int
	Type, Group, Access Field
	Focus               bool
}

// resourceView is one row of resources.
type resourceView struct {
	Row, Number                      int
	Type, Mode, Extent, Parent, Find Field
	Of, Included                     Hidden
	Self, Deny, Parented             bool
	Chosen                           []chip
	FindURL                          string
	Found                            foundView
	Focus, FindFocus                 bool
}

// manyPermissions is more than are easily read as rows of fields. Those of a rule that has more, and in
// which nothing is wrong, are shown as chips.
const manyPermissions = 8

// rule is a rule with what others must be asked for: the words of one that is kept, and what a search finds.
func (m *formMaker) rule(ctx context.Context, i int) (view ruleView, err error) {
	view = m.ruleFields(i)
	r := m.wizard.draft.Rules[i]
	if r.Kept {
		view.Kept, err = m.kept(ctx, r)
		return view, err
	}
	for j, row := range r.Resources {
		if !m.searches(row, draft.ResourceField(i, j, "find")) {
			continue
		}
		q := search{kind: row.Type, text: row.Find, slot: foundSlot(i, j), name: draft.ResourceField(i, j, "id"), without: row.IDs}
		if view.Resources[j].Found, err = m.site.find(ctx, m.wizard.visit, q); err != nil {
			return view, err
		}
	}
	return view, nil
}

// searches reports whether a row shows hits: those that were asked for, or the first there are while
// nothing is chosen.
func (m *formMaker) searches(r draft.Resource, field string) bool {
	if r.Type == "" || r.Type == leastkey.UserType || r.Extent == draft.Every || r.Extent == draft.Under {
		return false
	}
	return r.Find != "" || len(r.IDs) == 0 || m.state.found == field
}

// ruleFields is a rule with what the draft says.
func (m *formMaker) ruleFields(i int) ruleView {
	r := m.wizard.draft.Rules[i]
	effect := r.Effect.String()
	view := ruleView{Action: m.wizard.form(), Index: i, Number: i + 1, Effect: m.field(Field{
		Name: draft.RuleField(i, "effect"), Label: "The token", Value: effect, Width: "short",
		Options: []Option{{Value: "allow", Label: "may"}, {Value: "deny", Label: "may not"}},
	})}
	if r.Effect == 0 {
		view.Effect.Options = slices.Insert(view.Effect.Options, 0, Option{Value: effect, Label: "Choose"})
	}
	view.Focus = m.state.focus == view.Effect.Name
	for part, id := range map[string]leastkey.ID{"policy": r.Policy, "exclusion": r.Exclusion} {
		if !id.IsZero() {
			view.Hidden = append(view.Hidden, Hidden{draft.RuleField(i, part), id.String()})
		}
	}
	if r.Kept {
		view.Hidden = append(view.Hidden, Hidden{view.Effect.Name, effect}, Hidden{draft.RuleField(i, "kept"), "yes"})
		return view
	}
	for j := range r.Permissions {
		m.permission(&view, r, j)
	}
	for j := range r.Resources {
		view.Resources = append(view.Resources, m.resource(i, j))
	}
	return view
}

// kept says what a rule does that the form has no fields for.
func (m *formMaker) kept(ctx context.Context, r draft.Rule) ([]string, error) {
	i := slices.IndexFunc(m.wizard.token.Policies, func(p leastkey.Policy) bool { return p.ID == r.Policy })
	if i < 0 {
		return []string{"It is no longer part of the token."}, nil
	}
	policy := m.wizard.token.Policies[i]
	teller, err := m.site.teller(ctx, m.wizard.visit, policy)
	if err != nil {
		return nil, err
	}
	var says []string
	sentences := teller.Sentences([]leastkey.Policy{policy})
	for _, s := range sentences[:len(sentences)-1] { // the last is about all that no policy allows
		says = append(says, s.Text)
	}
	if len(says) == 0 {
		says = []string{"It grants nothing."}
	}
	return says, nil
}

// permission adds one to the view, as a chip or as a row.
func (m *formMaker) permission(view *ruleView, r draft.Rule, j int) {
	p := r.Permissions[j]
	name := func(part string) string { return draft.PermissionField(view.Index, j, part) }
	row := permissionView{
		Row: j, Number: j + 1, Focus: m.state.focus == name("group"),
		Type: m.field(Field{Name: name("type"), Label: "Type of resource", Hidden: true, Width: "short", Value: string(p.Type), Options: m.types(p.Type)}),
		Group: m.field(Field{Name: name("group"), Label: "Permission", Hidden: true, Width: "wide", Value: p.Group, Placeholder: "Permission, such as DNS", Max: 200,
			List: "groups-" + string(m.offered(p.Type))}),
		Access: m.field(Field{Name: name("access"), Label: "Access", Hidden: true, Width: "short", Value: string(p.Access), Options: accesses(p.Access)}),
	}
	wrong := row.Type.Error + row.Group.Error + row.Access.Error
	if len(r.Permissions) > manyPermissions && wrong == "" && !row.Focus && p.Group != "" && p.Type != "" && p.Access != "" {
		label := fmt.Sprintf("%s: %s", p.Group, p.Access)
		if p.Access == draft.Other {
			label = p.Group
		}
		view.Chips = append(view.Chips, chip{name(""), p.Compact(), draft.Title(p.Type) + " · " + label})
		return
	}
	view.Permissions = append(view.Permissions, row)
}

func accesses(chosen draft.Access) []Option {
	var options []Option
	if chosen == "" {
		options = append(options, Option{Value: "", Label: chosen.Label()})
	}
	for _, a := range []draft.Access{draft.Read, draft.Write, draft.Other} {
		options = append(options, Option{Value: string(a), Label: a.Label()})
	}
	return options
}

// types are those to choose from. What is chosen and is none of them shows as not chosen.
func (m *formMaker) types(chosen leastkey.ResourceType) []Option {
	var options []Option
	known := false
	for _, r := range draft.Offered(m.site.Catalog(), m.wizard.owner) {
		known = known || r.Type == chosen
		options = append(options, Option{Value: string(r.Type), Label: draft.Title(r.Type)})
	}
	if !known {
		options = slices.Insert(options, 0, Option{Value: string(chosen), Label: "Choose a type"})
	}
	return options
}

// offered is the type, or the first there is when it is none that can be chosen.
func (m *formMaker) offered(t leastkey.ResourceType) leastkey.ResourceType {
	types := draft.Offered(m.site.Catalog(), m.wizard.owner)
	if slices.ContainsFunc(types, func(r catalog.Resource) bool { return r.Type == t }) {
		return t
	}
	return types[0].Type
}

func (m *formMaker) resource(i, j int) resourceView {
	r := m.wizard.draft.Rules[i].Resources[j]
	name := func(part string) string { return draft.ResourceField(i, j, part) }
	deny := m.wizard.draft.Rules[i].Effect == leastkey.Deny && r.Mode == draft.Include
	view := resourceView{
		Row: j, Number: j + 1, Of: Hidden{name("of"), string(r.Type)}, Included: Hidden{name("mode"), string(draft.Include)},
		Self: r.Type == leastkey.UserType, Deny: deny, Parented: slices.Contains(draft.Extents(m.site.Catalog(), r.Type), draft.Under),
		Focus: m.state.focus == name("type"), FindFocus: m.state.focus == name("find"),
		Type:   m.field(Field{Name: name("type"), Label: "Type of resource", Hidden: true, Width: "short", Value: string(r.Type), Options: m.types(r.Type)}),
		Mode:   m.field(Field{Name: name("mode"), Label: "Include or exclude", Hidden: true, Width: "short", Value: string(r.Mode), Options: modes(r.Mode)}),
		Extent: m.field(Field{Name: name("extent"), Label: "Which", Hidden: true, Value: string(r.Extent), Options: m.extents(r)}),
		Parent: m.field(Field{Name: name("parent"), Label: "Account", Hidden: true, Value: draft.ParentText(r.Parent), Options: m.parents(r)}),
		Find:   m.field(Field{Name: name("find"), Label: "Search " + draft.Nouns(r.Type), Hidden: true, Value: r.Find, Max: 200, Placeholder: "Name or id", Width: "wide"}),
	}
	if len(view.Parent.Options) == 1 && r.Parent.IsZero() {
		view.Parent.Value = view.Parent.Options[0].Value
	}
	view.FindURL = fmt.Sprintf("/dashboard/find/resources?row=%d:%d", i, j)
	if m.wizard.ofAccount() {
		view.FindURL += "&owner=" + m.wizard.owner.ID.String()
	}
	for _, id := range r.IDs {
		view.Chosen = append(view.Chosen, chip{name("id"), id, m.called(leastkey.Resource{Type: r.Type, ID: id})})
	}
	view.Found.Slot = foundSlot(i, j)
	return view
}

// called is the name of a resource, or its id where the owner may not see the name.
func (m *formMaker) called(r leastkey.Resource) string {
	if name := m.names[r]; name != "" {
		return name
	}
	return r.ID
}

func modes(chosen draft.Mode) []Option {
	options := []Option{{Value: string(draft.Include), Label: "Include"}, {Value: string(draft.Exclude), Label: "Exclude"}}
	if chosen == "" {
		options = slices.Insert(options, 0, Option{Value: "", Label: "Choose"})
	}
	return options
}

func (m *formMaker) extents(r draft.Resource) []Option {
	var options []Option
	known := false
	for _, e := range draft.Extents(m.site.Catalog(), r.Type) {
		known = known || e == r.Extent
		label := map[draft.Extent]string{
			draft.One:   "Chosen " + draft.Nouns(r.Type),
			draft.Under: "Every " + draft.Noun(r.Type) + " of an account",
			draft.Every: "Every " + draft.Noun(r.Type) + " of every account",
			draft.Self:  "Yourself",
		}[e]
		if r.Type == leastkey.AccountType {
			label = strings.TrimSuffix(label, " of every account")
		}
		options = append(options, Option{Value: string(e), Label: label})
	}
	if !known {
		options = slices.Insert(options, 0, Option{Value: "", Label: "Choose which"})
	}
	return options
}

// parents are the accounts under which everything may be meant, and what is chosen besides.
func (m *formMaker) parents(r draft.Resource) []Option {
	var options []Option
	for _, a := range m.wizard.accounts {
		if !m.wizard.ofAccount() || a.ID == m.wizard.owner.ID.String() {
			options = append(options, Option{Value: string(leastkey.AccountType) + "/" + a.ID, Label: a.Name})
		}
	}
	chosen := draft.ParentText(r.Parent)
	known := slices.ContainsFunc(options, func(o Option) bool { return o.Value == chosen })
	switch {
	case chosen != "" && !known:
		options = append(options, Option{Value: chosen, Label: draft.Title(r.Parent.Type) + " " + m.called(r.Parent)})
	case chosen == "" && len(options) != 1:
		options = slices.Insert(options, 0, Option{Value: "", Label: "Choose an account"})
	}
	return options
}
