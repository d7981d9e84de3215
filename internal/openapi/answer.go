package openapi

import (
	"slices"
	"strings"
)

// answer is the schema of what an operation says on success, nil when it is not told.
func (d *document) answer(op *operation) *node {
	responses := op.body.key("responses")
	if responses == nil {
		return nil
	}
	for _, status := range []string{"200", "201", "202", "2XX"} {
		r := d.resolve(responses.key(status))
		if r == nil {
			continue
		}
		if s := r.key("schema"); s != nil {
			return s
		}
		content := r.key("content")
		if content == nil {
			continue
		}
		for _, media := range content.keys {
			name, _, _ := strings.Cut(media, ";")
			if name == "application/json" || strings.HasSuffix(name, "+json") || name == "*/*" {
				return content.at[media].key("schema")
			}
		}
	}
	return nil
}

// fields are the properties of an object and what else is known of it.
type fields struct {
	names []string
	at    map[string]*node
	open  bool // it may have more than the names say
}

// object collects the properties of a schema with all that it is made of. A schema with alternatives may be anything.
func (d *document) object(schema *node, depth int) fields {
	f := fields{at: map[string]*node{}}
	schema = d.resolve(schema)
	d.steps++
	if schema == nil || depth > 8 || d.steps > maxSteps {
		f.open = true
		return f
	}
	if p := d.resolve(schema.key("properties")); p != nil {
		for _, name := range p.keys {
			f.names = append(f.names, name)
			f.at[name] = p.at[name]
		}
	}
	if more := schema.key("additionalProperties"); more != nil && more.object && len(more.keys) > 0 {
		f.open = true
	}
	if schema.key("oneOf") != nil || schema.key("anyOf") != nil {
		f.open = true
	}
	if all := schema.key("allOf"); all != nil {
		for _, part := range all.items {
			g := d.object(part, depth+1)
			f.open = f.open || g.open
			for _, name := range g.names {
				if f.at[name] == nil {
					f.names = append(f.names, name)
				}
				f.at[name] = g.at[name]
			}
		}
	}
	return f
}

// kindOf gives the JSON type of a schema, "" when there may be several.
func (d *document) kindOf(schema *node) string {
	schema = d.resolve(schema)
	t := schema.key("type")
	if t != nil && t.list { // OpenAPI 3.1
		var some []string
		for _, item := range t.items {
			if item.string() != "null" && item.string() != "" {
				some = append(some, item.string())
			}
		}
		if len(some) == 1 {
			return some[0]
		}
		return ""
	}
	switch {
	case t.string() != "":
		return t.string()
	case schema.key("items") != nil:
		return "array"
	case schema.key("properties") != nil, schema.key("allOf") != nil:
		return "object"
	}
	return ""
}

// beside are lists that answers have beside their items, and that tell nothing of resources.
func beside(name string) bool {
	return slices.Contains([]string{"errors", "messages", "warnings", "links", "_links"}, name)
}

// place is where an answer has something: pointers as a catalogue writes them.
type place struct{ at, id, label string }

// items finds the one list in an answer. why says what keeps it from being cut.
func (d *document) items(op *operation, k *kind) (p place, why string) {
	schema := d.resolve(d.answer(op))
	if schema == nil {
		return p, "the document does not say what its list looks like, so it cannot be cut"
	}
	if k.params > 1 {
		return p, "the id of a " + k.name + " has several parts, which no one property of an item has"
	}
	var arrays []string
	var items *node
	unclear := false
	var search func(s *node, at string, depth int)
	d.steps = 0
	search = func(s *node, at string, depth int) {
		if d.steps > maxSteps {
			unclear = true
			return
		}
		s = d.resolve(s)
		if d.kindOf(s) == "array" {
			arrays = append(arrays, at)
			items = s.key("items")
			return
		}
		f := d.object(s, 0)
		unclear = unclear || f.open && (d.kindOf(s) == "object" || depth == 0 || s == nil || s.key("oneOf") != nil || s.key("anyOf") != nil)
		for _, name := range f.names {
			switch v := d.resolve(f.at[name]); {
			case beside(name):
			case d.kindOf(v) == "array" || d.kindOf(v) == "object" || v == nil || v.key("oneOf") != nil || v.key("anyOf") != nil:
				if depth > 4 {
					unclear = true
					continue
				}
				search(v, at+"/"+pointer(name), depth+1)
			}
		}
	}
	search(schema, "", 0)
	switch {
	case len(arrays) == 0:
		return p, "the document shows no list in its answer, so it cannot be cut"
	case len(arrays) > 1:
		return p, "its answer has several lists, so it is not clear what to cut"
	case unclear:
		return p, "its answer may have more than the document says, so it is not clear what to cut"
	}
	p.at = arrays[0]
	p.id, p.label = d.identity(op, k, items)
	if p.id == "" {
		return p, "its items have no property that is the id in the path, so they cannot be told apart"
	}
	return p, ""
}

func pointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// identity finds the property of an object that stands in paths for it, and the one that people call it by.
// Only one of the parameter's own name will do, or an id where the parameter is called as the object is: what
// people may choose, such as a name, must not be taken for what the API gives out.
func (d *document) identity(op *operation, k *kind, schema *node) (id, label string) {
	f := d.object(schema, 0)
	last := k.path[len(k.path)-1]
	want := d.parameterType(d.parameterOf(op, last.param))
	word := snake(last.param)
	own := strings.TrimPrefix(word, k.word()+"_")
	if at := strings.LastIndexByte(word, '_'); own == word && at >= 0 {
		own = word[at+1:]
	}
	candidates := []string{word, own}
	if word == k.word() { // "/projects/{project}"
		candidates = append(candidates, "id")
	}
	for _, candidate := range candidates {
		for _, name := range f.names {
			got := d.kindOf(f.at[name])
			if id == "" && snake(name) == candidate && (got == "string" || got == "integer") && (want == "" || want == got) {
				id = "/" + pointer(name)
			}
		}
	}
	for _, name := range f.names {
		if label == "" && (name == "name" || name == "title" || name == "display_name") && d.kindOf(f.at[name]) == "string" {
			label = "/" + name
		}
	}
	return id, label
}

// created finds the id of what a create made, in its answer.
func (d *document) created(op *operation, k *kind) (id, label string) {
	schema := d.resolve(d.answer(op))
	if schema == nil || k.params > 1 || d.kindOf(schema) == "array" {
		return "", ""
	}
	d.steps = 0
	f := d.object(schema, 0)
	for _, name := range f.names {
		if snake(name) == k.word() || name == "result" || name == "data" {
			if id, label := d.identity(op, k, f.at[name]); id != "" && d.kindOf(f.at[name]) == "object" {
				at := "/" + pointer(name)
				if label != "" {
					label = at + label
				}
				return at + id, label
			}
		}
	}
	return d.identity(op, k, schema)
}

// parameterOf finds a parameter of the resource's own path, which the collection does not have.
func (d *document) parameterOf(op *operation, name string) *node {
	own := op.path
	for _, path := range d.top.key("paths").keys {
		if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(own, "/")+"/"); ok && rest == "{"+name+"}" {
			item := d.resolve(d.top.key("paths").at[path])
			for _, method := range []string{"get", "delete", "patch", "put"} {
				if p := d.parameter(&operation{body: item.key(method), item: item}, name); p != nil {
					return p
				}
			}
		}
	}
	return nil
}
