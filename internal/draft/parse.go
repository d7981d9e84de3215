package draft

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// Parse reads the fields of a form. It is total: fields it does not know are ignored, choices that
// are none are not made, and what is more than a form holds is left out, which [Draft.Compile] says.
func Parse(v url.Values) Draft {
	p := parser{values: v}
	d := Draft{
		Name:      p.text(NameField),
		Status:    oneOf(v.Get(StatusField), "active", "disabled"),
		In:        p.addresses(InField),
		NotIn:     p.addresses(NotInField),
		NotBefore: Instant{p.text(NotBeforeField), p.text(NotBeforeTimeField)},
		ExpiresOn: Instant{p.text(ExpiresOnField), p.text(ExpiresOnTimeField)},
	}
	rules := p.rules()
	if len(rules) > mostRules {
		p.tooMuch("", fmt.Sprintf("A form holds at most %d rules. What was beyond that is left out: look the rules over.", mostRules))
		rules = rules[:mostRules]
	}
	for _, f := range rules {
		d.Rules = append(d.Rules, p.rule(len(d.Rules), f))
	}
	d.over = p.over
	return d
}

// parser reads values within the bounds of a form.
type parser struct {
	values    url.Values
	rows, ids int
	over      []Problem
}

func (p *parser) tooMuch(field, message string) {
	if problem := (Problem{field, message}); !slices.Contains(p.over, problem) {
		p.over = append(p.over, problem)
	}
}

// text is one short text. What comes from forms that were made by hand is made text.
func (p *parser) text(name string) string { return p.textAs(name, name) }

// textAs is a field that has another name once rules and rows are counted from 0.
func (p *parser) textAs(name, field string) string {
	return p.cut(field, strings.TrimSpace(p.values.Get(name)), mostText)
}

func (p *parser) cut(field, text string, most int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) <= most {
		return text
	}
	p.tooMuch(field, fmt.Sprintf("This was longer than %d bytes. The rest is left out.", most))
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return strings.TrimSpace(text[:most])
}

// addresses reads a list, one on each line or with commas or spaces between.
func (p *parser) addresses(field string) []string {
	between := func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == ';' }
	text := p.cut(field, p.values.Get(field), mostAddress)
	list := strings.FieldsFunc(text, between)
	if len(list) > mostAddresses {
		p.tooMuch(field, fmt.Sprintf("At most %d addresses and ranges. What was beyond that is left out.", mostAddresses))
		list = list[:mostAddresses]
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// fields are those of one rule: its number in the names, and the numbers of its rows.
type fields struct {
	number                 int
	permissions, resources []int
}

// rules finds which rules there are, in the order of their numbers.
func (p *parser) rules() []fields {
	found := map[int]*fields{}
	for name := range p.values {
		number, rest, ok := numbered(name, "rule-")
		if !ok || rest == "" {
			continue
		}
		f := found[number]
		if f == nil {
			f = &fields{number: number}
			found[number] = f
		}
		if row, _, ok := numbered(rest, "permission-"); ok {
			f.permissions = append(f.permissions, row)
		}
		if row, _, ok := numbered(rest, "resource-"); ok {
			f.resources = append(f.resources, row)
		}
	}
	var rules []fields
	for _, f := range found {
		f.permissions, f.resources = inOrder(f.permissions), inOrder(f.resources)
		rules = append(rules, *f)
	}
	slices.SortFunc(rules, func(a, b fields) int { return cmp.Compare(a.number, b.number) })
	return rules
}

func inOrder(numbers []int) []int {
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// numbered splits "rule-12-effect" into 12 and "effect". One number has one spelling.
func numbered(name, prefix string) (number int, rest string, ok bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, "", false
	}
	digits, rest, _ = strings.Cut(digits, "-")
	number, err := strconv.Atoi(digits)
	return number, rest, err == nil && number >= 0 && strconv.Itoa(number) == digits
}

func (p *parser) rule(i int, f fields) Rule {
	var r Rule
	_ = r.Effect.UnmarshalText([]byte(p.values.Get(RuleField(f.number, "effect")))) // anything else: not chosen
	r.Policy, _ = leastkey.ParseID(p.values.Get(RuleField(f.number, "policy")))     // anything else: a new one
	r.Exclusion, _ = leastkey.ParseID(p.values.Get(RuleField(f.number, "exclusion")))
	if r.Kept = p.values.Get(RuleField(f.number, "kept")) != ""; r.Kept {
		return r
	}
	for _, row := range f.permissions {
		if !p.room(&p.rows, mostRows, RuleField(i, "effect"), "rows") {
			break
		}
		r.Permissions = append(r.Permissions, p.permission(f.number, row, PermissionField(i, len(r.Permissions), "group")))
	}
	for _, row := range f.resources {
		if !p.room(&p.rows, mostRows, RuleField(i, "effect"), "rows") {
			break
		}
		r.Resources = append(r.Resources, p.resource(f.number, row, ResourceField(i, len(r.Resources), "find")))
	}
	return r
}

// room counts one more, if there is room for it.
func (p *parser) room(count *int, most int, field, what string) bool {
	if *count >= most {
		p.tooMuch(field, fmt.Sprintf("A form holds at most %d %s. What was beyond that is left out: look the rules over.", most, what))
		return false
	}
	*count++
	return true
}

func (p *parser) permission(rule, row int, field string) Permission {
	if compact := p.values[PermissionField(rule, row, "")]; len(compact) > 0 {
		parts := strings.SplitN(compact[0], "/", 3)
		parts = append(parts, "", "")
		return Permission{typeText(parts[0]), p.cut(field, strings.TrimSpace(parts[2]), mostText), accessText(parts[1])}
	}
	value := func(part string) string { return p.values.Get(PermissionField(rule, row, part)) }
	return Permission{typeText(value("type")), p.textAs(PermissionField(rule, row, "group"), field), accessText(value("access"))}
}

func (p *parser) resource(rule, row int, field string) Resource {
	value := func(part string) string { return p.values.Get(ResourceField(rule, row, part)) }
	r := Resource{
		Type:   typeText(value("type")),
		Mode:   Mode(oneOf(value("mode"), string(Include), string(Exclude))),
		Extent: Extent(oneOf(value("extent"), string(One), string(Every), string(Under), string(Self))),
		Find:   p.textAs(ResourceField(rule, row, "find"), field),
	}
	if was := value("of"); was != "" && was != string(r.Type) {
		return r.of(r.Type)
	}
	if parent, id, ok := strings.Cut(value("parent"), "/"); ok && typeText(parent) != "" {
		r.Parent = leastkey.Resource{Type: typeText(parent), ID: p.cut(field, id, mostText)}
	}
	for _, id := range p.values[ResourceField(rule, row, "id")] {
		if id = p.cut(field, strings.TrimSpace(id), mostText); id == "" || slices.Contains(r.IDs, id) {
			continue
		}
		if !p.room(&p.ids, mostIDs, field, "chosen resources") {
			break
		}
		r.IDs = append(r.IDs, id)
	}
	return r
}

// of is the row once another type is chosen for it. What was chosen of the old type is none of the new.
func (r Resource) of(t leastkey.ResourceType) Resource {
	to := Resource{Type: t, Mode: r.Mode, Extent: r.Extent}
	switch {
	case t == leastkey.UserType:
		to.Extent = Self
	case r.Extent != Every:
		to.Extent = One
	}
	return to
}

func accessText(s string) Access {
	return Access(oneOf(s, string(Read), string(Write), string(Other)))
}

// oneOf is the text if it is one of the choices, else "".
func oneOf(text string, choices ...string) string {
	if slices.Contains(choices, text) {
		return text
	}
	return ""
}

// typeText is the text if a catalogue could have a type of this name, else "".
func typeText(s string) leastkey.ResourceType {
	for i, c := range []byte(s) {
		if !(c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '_')) {
			return ""
		}
	}
	if len(s) > mostText {
		return ""
	}
	return leastkey.ResourceType(s)
}
