package reach

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// pair is one operation in both catalogues; nil in the one that does not have it.
type pair struct {
	before, after *catalog.Operation
	alike         bool // they look for the same things in the same places
}

func pairs(before, after *catalog.Catalog) []pair {
	of := map[string]*catalog.Operation{}
	for _, op := range after.Operations() {
		of[keyOf(op)] = op
	}
	var all []pair
	for _, op := range before.Operations() {
		key := keyOf(op)
		next := of[key]
		all = append(all, pair{op, next, next != nil && byPlace(op) == byPlace(next) && op.Moves == nil && next.Moves == nil})
		delete(of, key)
	}
	for _, op := range after.Operations() {
		if of[keyOf(op)] != nil {
			all = append(all, pair{after: op})
		}
	}
	return all
}

// draft is a request in the making: what stands where a catalogue looks.
type draft struct {
	op     *catalog.Operation
	values map[int]string // by segment of the path
	query  url.Values
	body   map[string]any
}

func newDraft(op *catalog.Operation) *draft {
	return &draft{op: op, values: map[int]string{}, query: url.Values{}, body: map[string]any{}}
}

// put writes an id where the catalogue of op will look for it, unless something else stands there. by is an operation
// for the same requests, whose parameters may have other names. It reports whether the id is there now.
func (d *draft) put(by *catalog.Operation, from catalog.Source, id string) bool {
	switch from.From {
	case catalog.FromPath:
		parts := []string{id}
		if len(from.Params) > 1 {
			parts = strings.Split(id, "/")
		}
		if len(parts) != len(from.Params) {
			return false
		}
		segments := strings.Split(by.Route, "/")
		for i, name := range from.Params {
			at := slices.Index(segments, "{"+name+"}")
			if there, taken := d.values[at]; taken && there != parts[i] {
				return false
			}
			d.values[at] = parts[i]
		}
		return true
	case catalog.FromQuery:
		if d.query.Has(from.Name) {
			return d.query.Get(from.Name) == id
		}
		d.query.Set(from.Name, id)
		return true
	case catalog.FromBody:
		return d.putInBody(from.Body, id)
	case catalog.FromCaller:
		return true
	default:
		return false
	}
}

// put writes what leads to a resource where the catalogue of op will look for it.
func (t *tokenReach) put(d *draft, op *catalog.Operation, from catalog.Source, r leastkey.Resource) bool {
	switch {
	case from.Host:
		name := t.called[r]
		return name != "" && d.put(op, from, name)
	case from.Of != "":
		return d.put(op, from, t.stand(from.Of, r, r, 1).ID)
	default:
		return d.put(op, from, r.ID)
	}
}

func (d *draft) putInBody(at catalog.Pointer, id string) bool {
	object := d.body
	for i, name := range at {
		value, taken := object[name]
		if i == len(at)-1 {
			if taken {
				return value == id
			}
			object[name] = id
			return true
		}
		if !taken {
			value = map[string]any{}
			object[name] = value
		}
		next, ok := value.(map[string]any)
		if !ok {
			return false
		}
		object = next
	}
	return false // the whole body is no id
}

// trial is the request, of a credential to be named.
func (d *draft) trial(filler string) guard.Trial {
	segments := strings.Split(d.op.Route, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			value, set := d.values[i]
			if !set {
				value = filler
			}
			segments[i] = escaped(value)
		}
	}
	t := guard.Trial{Method: d.op.Method, Host: d.op.Host, Target: strings.Join(segments, "/")}
	if len(d.query) > 0 {
		t.Target += "?" + d.query.Encode()
	}
	if len(d.body) > 0 {
		t.Header = http.Header{"Content-Type": {"application/json"}}
		t.Body = func() ([]byte, error) { return json.Marshal(d.body) }
	}
	return t
}

// escaped writes an id as a segment in its one spelling.
func escaped(id string) string {
	var b strings.Builder
	for i := range len(id) {
		c := id[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~!$&'()*+,=:@", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// fillerFor is a word that is a fixed segment of no route, for parameters that nothing looks at.
func fillerFor(catalogs ...*catalog.Catalog) string {
	fixed := map[string]bool{}
	for _, c := range catalogs {
		for _, op := range c.Operations() {
			for s := range strings.SplitSeq(op.Route, "/") {
				fixed[strings.ToLower(s)] = true
			}
		}
	}
	word := "x"
	for fixed[word] {
		word += "x"
	}
	return word
}

// asked is one request of an operation, and what it stands for.
type asked struct {
	trial guard.Trial
	item  leastkey.Resource // of a list, the item that is looked for; otherwise zero
	on    string            // in words
}

// requests are those of one operation that stand for all that a token could make. other is the operation of the other
// catalogue for the same requests, or nil: what that looks at is filled in as well as it can be, so that no request is
// refused only because it was not made for both.
func (t *tokenReach) requests(op, other *catalog.Operation) []asked {
	var all []asked
	add := func(base leastkey.Resource, item leastkey.Resource, on string, put ...func(*draft) bool) {
		d := newDraft(op)
		for _, p := range put {
			if !p(d) {
				return
			}
		}
		t.fill(d, op, base)
		if other != nil {
			t.fill(d, other, base)
		}
		all = append(all, asked{d.trial(t.filler), item, on})
	}
	id := func(from catalog.Source, r leastkey.Resource) func(*draft) bool {
		return func(d *draft) bool { return t.put(d, op, from, r) }
	}
	rule := op.Target
	switch {
	case rule.Kind == catalog.RuleOne:
		for _, r := range t.reps[rule.Type] {
			if rule.Under == "" {
				add(r, leastkey.Resource{}, t.words(r), id(rule.ID, r))
			} else if above, ok := t.above(r, rule.Under); ok {
				add(r, leastkey.Resource{}, t.words(r), id(rule.ID, r), id(rule.In, above))
			}
		}
	case rule.Kind == catalog.RuleList:
		for _, r := range t.reps[rule.Type] {
			if rule.Under == "" {
				add(r, r, t.words(r))
			} else if above, ok := t.above(r, rule.Under); ok {
				add(r, r, t.words(r), id(rule.In, above))
			}
		}
	case rule.Kind == catalog.RuleCreate && rule.Under != "" && rule.In.From != catalog.FromCaller:
		for _, parent := range t.parents[rule.Under] {
			add(parent, leastkey.Resource{}, "a new "+string(rule.Type)+" in "+t.words(parent), id(rule.In, parent))
		}
	case other != nil && (other.Target.Kind == catalog.RuleOne || other.Target.Kind == catalog.RuleList):
		// It looks at nothing in the request, and the other does: the requests of the other stand for both.
	case rule.Kind == catalog.RuleCreate:
		add(leastkey.Resource{}, leastkey.Resource{}, "a new "+string(rule.Type))
	case rule.Kind == catalog.RuleCaller:
		add(t.owner.Resource(), leastkey.Resource{}, t.owner.Resource().String())
	default:
		add(leastkey.Resource{}, leastkey.Resource{}, "the token itself")
	}
	return all
}

// fill writes what an operation looks at, going out from a resource, where nothing stands yet.
func (t *tokenReach) fill(d *draft, op *catalog.Operation, base leastkey.Resource) {
	if base.IsZero() {
		return
	}
	near := func(kind leastkey.ResourceType, from catalog.Source) {
		if r, ok := t.near(base, kind); ok {
			t.put(d, op, from, r)
		}
	}
	if op.Target.Kind == catalog.RuleOne {
		near(op.Target.Type, op.Target.ID)
	}
	if op.Target.Under != "" {
		near(op.Target.Under, op.Target.In)
	}
	if op.Moves != nil {
		near(op.Moves.Under, op.Moves.In)
	}
}
