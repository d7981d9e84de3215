package openapi

import (
	"fmt"
	"slices"
	"strings"
)

// operation is one operation of the document, and what becomes of it.
type operation struct {
	method   string // "*" stands for all, where the document does not say which there are
	path     string
	segments []segment
	why      string // it is undecided, because; "" when it is decided
	row      *row   // what it would be
	summary  string
	body     *node // the operation
	item     *node // the path
}

// name gives "GET /zones/{zone_id}" as the document has it.
func (op *operation) name() string { return oneLine(op.method + " " + op.path) }

// reject makes the operation undecided. The first reason stays.
func (op *operation) reject(why string) {
	if op.why == "" {
		op.why = why
	}
}

// operations lists what the document describes, in its order. Nothing is left out: what cannot be read is undecided.
func (d *document) operations(home server) ([]*operation, error) {
	var ops []*operation
	paths := d.top.key("paths")
	for _, path := range paths.keys {
		if strings.HasPrefix(path, "x-") {
			continue
		}
		item := paths.at[path]
		segments, why := segmentsOf(path)
		add := func(method string, body *node, reason string) {
			op := &operation{method: method, path: path, segments: segments, why: why, body: body, item: item}
			op.reject(reason)
			op.summary = body.key("summary").string()
			if op.summary == "" {
				op.summary = body.key("operationId").string()
			}
			ops = append(ops, op)
		}
		if item.key("$ref") != nil {
			if item = d.resolve(item); item == nil || !item.object {
				add("*", nil, "its path refers to something that is not in the document")
				continue
			}
		}
		if item == nil || !item.object {
			add("*", nil, "its path is not an object")
			continue
		}
		for _, key := range item.keys {
			body := item.at[key]
			if slices.Contains([]string{"$ref", "summary", "description", "servers", "parameters"}, key) || strings.HasPrefix(key, "x-") {
				continue
			}
			reason := ""
			switch {
			case !slices.Contains([]string{"get", "head", "post", "put", "patch", "delete"}, key):
				reason = "its method is none that can be granted"
			case body == nil || !body.object:
				reason = "it is not an object"
			case !d.at(home, body.key("servers")) || !d.at(home, item.key("servers")):
				reason = "it has a server of its own"
			}
			add(strings.ToUpper(key), body, reason)
		}
		if len(ops) > maxOperations {
			return nil, fmt.Errorf("the document has more than %d operations", maxOperations)
		}
	}
	return ops, nil
}

// parameter finds what the document says about a path parameter.
func (d *document) parameter(op *operation, name string) *node {
	for _, from := range []*node{op.body.key("parameters"), op.item.key("parameters")} {
		if from == nil {
			continue
		}
		for _, p := range from.items {
			if p = d.resolve(p); p.key("in").string() == "path" && p.key("name").string() == name {
				return p
			}
		}
	}
	return nil
}

// parameterType gives the JSON type of a path parameter, "" when it is not told.
func (d *document) parameterType(p *node) string {
	if t := p.key("type").string(); t != "" {
		return t // of Swagger 2.0
	}
	return d.kindOf(p.key("schema"))
}

// checkParameters rejects values of which one cannot read one id.
func (d *document) checkParameters(op *operation) {
	for _, s := range op.segments {
		p := d.parameter(op, s.param)
		if s.param == "" || p == nil {
			continue
		}
		if style := p.key("style").string(); style == "matrix" || style == "label" {
			op.reject("the parameter " + s.text + " is written in the style " + style)
		}
		if t := d.parameterType(p); t == "array" || t == "object" {
			op.reject("the parameter " + s.text + " may have several values")
		}
	}
}
