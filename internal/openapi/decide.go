package openapi

import (
	"fmt"
	"strings"
)

// row is what an operation becomes in the catalogue.
type row struct {
	kind   *kind
	target string   // as a catalogue writes it
	more   []string // items, creates, deletes
	named  []string // the groups that the document names; none: by tag
	tag    string
	writes bool
}

// decide makes the rows, and gives the others their reasons.
func (d *document) decide(ops []*operation, ks *kinds) {
	collections := map[string]*kind{}
	for _, k := range ks.list {
		collections[k.collection()] = k
	}
	for _, op := range ops {
		if op.why != "" {
			continue
		}
		d.checkParameters(op)
		r := &row{writes: op.method != "GET" && op.method != "HEAD"}
		d.readGroups(op, r)
		if op.why == "" {
			d.place(op, r, ks.along(op.segments), collections[shape(op.segments)])
		}
		if op.why == "" {
			op.row = r
		}
	}
}

// place finds the target. of is the type whose collection the path is, if any.
func (d *document) place(op *operation, r *row, levels []*kind, of *kind) {
	if of != nil && (of.parent != nil) != (len(levels) > 0) {
		of = nil
	}
	switch {
	case of != nil && op.method == "HEAD":
		op.reject("a list without a body cannot be cut")
	case of != nil && op.method == "GET":
		p, why := d.items(op, of)
		if op.reject(why); why != "" {
			return
		}
		r.kind = of
		r.target = fmt.Sprintf("{list: %s%s}", quote(of.name), in(of, op))
		items := fmt.Sprintf("items: {at: %s, id: %s", quoted(p.at), quoted(p.id))
		if p.label != "" {
			items += ", name: " + quoted(p.label)
		}
		r.more = append(r.more, items+"}")
	case of != nil && op.method == "POST" && of.name == "account":
		op.reject("accounts are Leastkey's own, and made by its operator")
	case of != nil && op.method == "POST":
		r.kind = of
		under := "account: caller"
		if of.parent != nil {
			under = quote(of.parent.name) + ": " + of.parent.source(op.segments)
		}
		r.target = fmt.Sprintf("{create: %s, under: {%s}}", quote(of.name), under)
		if id, label := d.created(op, of); id != "" {
			creates := "creates: {id: " + quoted(id)
			if label != "" {
				creates += ", name: " + quoted(label)
			}
			r.more = append(r.more, creates+"}")
		}
	case len(levels) == 0:
		op.reject("no parameter of its path says which resource it acts on")
	default:
		k := levels[len(levels)-1]
		r.kind = k
		r.target = fmt.Sprintf("{%s: %s%s}", quote(k.name), k.source(op.segments), in(k, op))
		if op.method == "DELETE" && len(op.segments) == len(k.path) && k.name != "account" {
			r.more = append(r.more, "deletes: target")
		}
	}
}

func in(k *kind, op *operation) string {
	if k.parent == nil {
		return ""
	}
	return fmt.Sprintf(", in: {%s: %s}", quote(k.parent.name), k.parent.source(op.segments))
}

func quoted(pointer string) string {
	if pointer == "" {
		return `""`
	}
	return quote(pointer)
}

// readGroups reads the names that the document gives, and the tag for the case that it gives none.
func (d *document) readGroups(op *operation, r *row) {
	given := op.body.key("x-api-token-group")
	switch {
	case given == nil || given.null:
	case given.str:
		given = &node{list: true, items: []*node{given}}
		fallthrough
	case given.list:
		for _, item := range given.items {
			name := oneLine(item.string())
			if !item.str || name == "" || len(name) > 200 || strings.HasPrefix(name, "$") || isID(name) {
				op.reject("its x-api-token-group has something that is no name of a group")
			}
			r.named = append(r.named, name)
		}
		if len(r.named) == 0 {
			op.reject("its x-api-token-group is empty")
		}
	default:
		op.reject("its x-api-token-group is no list of names")
	}
	if tags := op.body.key("tags"); tags != nil && len(tags.items) > 0 {
		r.tag = strings.TrimLeft(shorten(tags.items[0].string()), "$-_ ")
	}
}
