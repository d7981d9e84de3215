// Package openapi makes a first catalogue of an OpenAPI document (3.0, 3.1, and 2.0 as Swagger called it). What the
// document does not say clearly is left undecided: it is in no row of the catalogue, and so refused. Only the document
// itself is read: references that lead out of it are not followed.
package openapi

import (
	"errors"
	"fmt"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Options are what a document does not say.
type Options struct {
	Namespace string // "com.example.api"; made of the document's host or title when empty
	Base      string // "/v1"; that of the document's first server when empty, and none when "/"
	Depth     int    // how deep resource types may be nested: 1 or 2
}

// Undecided is an operation that is in no row.
type Undecided struct {
	Operation string `json:"operation"` // "GET /zones/{zoneId}", as the document has it
	Reason    string `json:"reason"`
}

// Report says what became of a document.
type Report struct {
	Title      string      `json:"title"`
	OpenAPI    string      `json:"openapi"`
	Namespace  string      `json:"namespace"`
	Base       string      `json:"base"`
	Types      int         `json:"types"`
	Groups     int         `json:"groups"`
	Operations int         `json:"operations"` // of the document
	Decided    int         `json:"decided"`
	Undecided  []Undecided `json:"undecided"`
}

// Import makes a catalogue of a document. The same document and options give the same bytes, which [catalog.Load]
// accepts. With an error about operations, the report still says why each is undecided.
func Import(data []byte, o Options) ([]byte, Report, error) {
	if o.Depth < 1 || o.Depth > 2 {
		return nil, Report{}, fmt.Errorf("depth %d: a target names its resource and one above it, so types are nested 1 or 2 deep", o.Depth)
	}
	d, err := open(data)
	if err != nil {
		return nil, Report{}, err
	}
	home := d.server()
	if o.Namespace == "" {
		o.Namespace = d.namespace(home)
	}
	if !namespaceText.MatchString(o.Namespace) {
		return nil, Report{}, fmt.Errorf("namespace %q: write words of lower-case letters, digits, _ and -, joined by dots", o.Namespace)
	}
	switch o.Base {
	case "":
		o.Base = home.base
	case "/":
		o.Base = ""
	}
	if err := checkBase(o.Base); err != nil {
		return nil, Report{}, err
	}
	ops, err := d.operations(home)
	if err != nil {
		return nil, Report{}, err
	}
	control, builtIn, err := controlPlane()
	if err != nil {
		return nil, Report{}, err
	}
	named := slices.ContainsFunc(ops, func(op *operation) bool { return op.body.key("x-api-token-group") != nil })
	ks := kindsOf(ops, o.Depth, named)
	d.decide(ops, ks)
	fences := separate(ops, o.Base, control)

	r := Report{Title: shorten(d.top.key("info").key("title").string()), OpenAPI: d.version, Namespace: o.Namespace, Base: o.Base, Operations: len(ops), Undecided: []Undecided{}}
	for _, op := range ops {
		if op.why == "" {
			r.Decided++
			continue
		}
		r.Undecided = append(r.Undecided, Undecided{op.name(), op.why})
	}
	if r.Decided == 0 {
		return nil, r, errors.New("no operation of the document could be decided")
	}
	text := write(d, ops, fences, ks, groupsOf(ops, o.Namespace, builtIn), &r)
	if _, err := catalog.Load("the catalogue that was made", text); err != nil {
		return nil, r, err
	}
	return text, r, nil
}

// controlPlane gives the routes that every catalogue has, and the names of its groups for accounts.
func controlPlane() ([]*operation, map[string]bool, error) {
	const least = `namespace: a
resources: {a: {}}
permission_groups: [{id: 00000000000000000000000000000001, name: A, resource: a}]
operations: [{route: "GET /a/{a}", any_of: [A], target: {a: path.a}}]
`
	c, err := catalog.Load("least.yaml", []byte(least))
	if err != nil {
		return nil, nil, err
	}
	var ops []*operation
	for _, op := range c.Operations() {
		if op.Control {
			segments, _ := segmentsOf(op.Route)
			ops = append(ops, &operation{method: op.Method, path: op.Route, segments: segments})
		}
	}
	names := map[string]bool{}
	for _, g := range c.Groups() {
		if g.Type == leastkey.AccountType {
			names[g.Name] = true
		}
	}
	return ops, names, nil
}
