package web

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// The types here are what the partials of layout/ take; README.md shows each. Page code may build them, or the
// template does, by the function of the same name in lower case and pairs of a field's name and its value.

// Tone is how something is meant, and so its colour. Nothing is told by colour alone.
type Tone string

// The tones.
const (
	Quiet  Tone = "quiet" // the default
	Accent Tone = "accent"
	Good   Tone = "good"
	Warn   Tone = "warn"
	Bad    Tone = "bad"
)

// Field is a labelled input, select or text area, with its hint and its error.
type Field struct {
	Name, Label  string
	Hint, Error  string
	Value        string
	Type         string   // of the input; "" is text. The value of a password is never written
	Options      []Option // makes it a select
	Rows         int      // makes it a text area
	Required     bool
	Optional     bool   // says so beside the label
	Hidden       bool   // the label is there for those who do not see
	Width        string // "short", "long", "wide"; "" is for most
	Autocomplete string // "off" unless given
	Inputmode    string
	Placeholder  string
	List         string // id of a datalist
	Max          int    // in characters; 0: no limit
	Mono         bool   // text for machines
}

// ID is the id of the control, to which the error summary links.
func (f Field) ID() string { return fieldID(f.Name) }

func fieldID(name string) string { return "field-" + name }

// Kind is the type of the input.
func (f Field) Kind() string {
	if f.Type == "" {
		return "text"
	}
	return f.Type
}

// DescribedBy are the ids of hint and error.
func (f Field) DescribedBy() string { return describedBy(f.ID(), f.Hint, f.Error) }

func describedBy(id, hint, problem string) string {
	var ids []string
	if hint != "" {
		ids = append(ids, id+"-hint")
	}
	if problem != "" {
		ids = append(ids, id+"-error")
	}
	return strings.Join(ids, " ")
}

// Option is one of several to choose from.
type Option struct {
	Value, Label string
	Hint         string // of a choice; a select has no room for it
	Disabled     bool
}

// Choices are options that are all in sight: radio buttons, or one check box each when Many.
type Choices struct {
	Name, Legend string
	Hint, Error  string
	Values       []string // those chosen
	Options      []Option
	Many         bool
	Row          bool // side by side
}

// ID is the id of the first option, to which the error summary links.
func (c Choices) ID() string { return fieldID(c.Name) }

// DescribedBy are the ids of hint and error.
func (c Choices) DescribedBy() string { return describedBy(c.ID(), c.Hint, c.Error) }

// Chosen reports whether an option is one of the values.
func (c Choices) Chosen(o Option) bool {
	return slices.Contains(c.Values, o.Value)
}

// Kind is the type of the inputs.
func (c Choices) Kind() string {
	if c.Many {
		return "checkbox"
	}
	return "radio"
}

// Badge is a word about the state of something.
type Badge struct {
	Tone Tone
	Text string
}

// Callout is a box that stands out: what to know before going on, or how something ended.
type Callout struct {
	Tone        Tone
	Title, Text string
	Lines       []string
	Alert       bool // read out when it appears
}

// Code is text for machines, with a button that copies it.
type Code struct {
	ID    string // of the block, unique on the page
	Label string
	Text  string
	Once  bool // a secret: taken out of the document when the page is left
}

// Secret is shown here and never again.
type Secret struct{ Label, Text string }

// Moment is a time, or what to say when there is none.
type Moment struct {
	Time time.Time
	Else string
}

// Machine is the time for machines.
func (m Moment) Machine() string { return m.Time.UTC().Format(time.RFC3339) }

// String is the time for people.
func (m Moment) String() string { return m.Time.UTC().Format("2006-01-02 15:04 UTC") }

// Pager leads to the pages before and after.
type Pager struct {
	Text       string // "51 to 100 of 500"
	Prev, Next string // where to; "" at the ends
}

// Empty teaches what will be here, and how to begin.
type Empty struct {
	Title, Text string
	Action      Link
}

// Step is a part of a walk.
type Step struct {
	Number  int
	Name    string
	Done    bool
	Current bool
}

// Card offers something to start from.
type Card struct {
	Title, Text string
	Lines       []string
	Action      Link
}

// Menu holds what can be done with one thing.
type Menu struct {
	Label string // "Actions for deploy-bot"
	Items []MenuItem
}

// MenuItem is a link, or a form of one button when it has an Action.
type MenuItem struct {
	Text   string
	Href   string
	Action string   // where the form is posted
	Fields []Hidden // what it holds
	Danger bool
}

// Hidden is a field that a form carries along.
type Hidden struct{ Name, Value string }

// Line is a line of a difference. Its sign is "+", "-" or "".
type Line struct{ Sign, Text string }

// Confirm asks for a proof of who one is where a secret is made or replaced, if there was none of late.
type Confirm struct {
	proofAsked
	Error string
}

// functions are what templates may call.
func functions(a *assets) map[string]any {
	return map[string]any{
		"asset": a.url,
		"field": func(v View, name string, pairs ...any) (Field, error) {
			return fill(Field{Name: name, Error: v.Error(name)}, pairs)
		},
		"choices": func(v View, name string, pairs ...any) (Choices, error) {
			return fill(Choices{Name: name, Error: v.Error(name)}, pairs)
		},
		"confirm": func(v View, asked proofAsked) Confirm { return Confirm{asked, v.Error("password")} },
		"badge":   func(tone Tone, text string) Badge { return Badge{tone, text} },
		"callout": func(pairs ...any) (Callout, error) { return fill(Callout{}, pairs) },
		"code":    func(pairs ...any) (Code, error) { return fill(Code{}, pairs) },
		"secret":  func(label, text string) Secret { return Secret{label, text} },
		"moment":  func(t time.Time, otherwise string) Moment { return Moment{t, otherwise} },
		"empty":   func(pairs ...any) (Empty, error) { return fill(Empty{}, pairs) },
		"link":    func(text, href string) Link { return Link{text, href} },
		"list":    func(texts ...string) []string { return texts },
		"steps":   steps,
	}
}

// steps are the parts of a walk, of which one, counted from 1, is being taken.
func steps(current int, names ...string) ([]Step, error) {
	if current < 1 || current > len(names) {
		return nil, fmt.Errorf("step %d of %d", current, len(names))
	}
	walk := make([]Step, len(names))
	for i, name := range names {
		walk[i] = Step{Number: i + 1, Name: name, Done: i+1 < current, Current: i+1 == current}
	}
	return walk, nil
}

// fill sets fields of part from pairs of name and value.
func fill[T any](part T, pairs []any) (T, error) {
	if len(pairs)%2 != 0 {
		return part, fmt.Errorf("%T: a name without a value", part)
	}
	for i := 0; i < len(pairs); i += 2 {
		name, _ := pairs[i].(string)
		field := reflect.ValueOf(&part).Elem().FieldByName(name)
		value := reflect.ValueOf(pairs[i+1])
		if !field.IsValid() {
			return part, fmt.Errorf("%T has no field %v", part, pairs[i])
		}
		if !value.IsValid() || !value.CanConvert(field.Type()) || value.Kind() != field.Kind() {
			return part, fmt.Errorf("%T.%s: %T is not a %s", part, name, pairs[i+1], field.Type())
		}
		field.Set(value.Convert(field.Type()))
	}
	return part, nil
}
