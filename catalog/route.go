package catalog

import (
	"net/url"
	"slices"
	"strings"
)

// node is one step in the tree of routes: what may stand in the next segment of a path.
type node struct {
	fixed  map[string]*node
	folded map[string]bool // the fixed segments in lower case
	param  *node
	ops    map[string]*Operation // routes that end here, by method
}

func (n *node) add(op *Operation) {
	for _, s := range op.segments {
		if isParam(s) {
			if n.param == nil {
				n.param = &node{}
			}
			n = n.param
			continue
		}
		if n.fixed == nil {
			n.fixed, n.folded = map[string]*node{}, map[string]bool{}
		}
		if n.fixed[s] == nil {
			n.fixed[s] = &node{}
			n.folded[strings.ToLower(s)] = true
		}
		n = n.fixed[s]
	}
	if n.ops == nil {
		n.ops = map[string]*Operation{}
	}
	n.ops[op.Method] = op
}

func isParam(segment string) bool { return segment[0] == '{' }

// Match finds the operation for a request, and its path parameters. path is canonical: it begins
// with '/', has no trailing slash and no dot segment, and is compared byte for byte, escapes and
// all. A fixed segment beats a parameter. Nothing is found where the route that wins is for nobody. A
// parameter never takes what a fixed segment beside it would be in another case, or with marks or a
// format behind it ("all.json"): an upstream might read that as the fixed one.
//
// host is in lower case and has no port. A route that names it beats one that names none.
func (c *Catalog) Match(method, host, path string) (*Operation, Params, bool) {
	var op *Operation
	own := c.hosts[host]
	if own != nil {
		op = own.find(method, path)
	}
	if op == nil {
		op = c.routes.find(method, path)
		if op != nil && own != nil && own.shadows(op.segments, path) {
			op = nil
		}
	}
	if op == nil || op.Access == ByNobody || op.Method != method { // no method at all would find any
		return nil, Params{}, false
	}
	return op, Params{op, path}, true
}

// HasPath reports whether any method matches the path, on any host.
func (c *Catalog) HasPath(path string) bool {
	for _, own := range c.hosts {
		if own.find("", path) != nil {
			return true
		}
	}
	return c.routes.find("", path) != nil
}

// find follows rest, which begins with '/' for each segment that is left. With an empty method
// any will do.
func (n *node) find(method, rest string) *Operation {
	if rest == "" {
		if method != "" {
			return n.ops[method]
		}
		for _, op := range n.ops {
			if op.Access != ByNobody {
				return op
			}
		}
		return nil
	}
	if rest[0] != '/' {
		return nil
	}
	segment, tail := rest[1:], ""
	if end := strings.IndexByte(segment, '/'); end >= 0 {
		segment, tail = segment[:end], segment[end:]
	}
	if segment == "" {
		return nil
	}
	next, isFixed := n.fixed[segment]
	if isFixed {
		if op := next.find(method, tail); op != nil {
			return op
		}
	}
	if n.param == nil || !isFixed && n.resembles(segment) {
		return nil
	}
	return n.param.find(method, tail)
}

// resembles reports whether some upstream could take the segment for a fixed one: whatever its case,
// and with a format or marks behind it.
func (n *node) resembles(segment string) bool {
	if len(n.folded) == 0 {
		return false
	}
	if plain, err := url.PathUnescape(segment); err == nil && !n.folded[strings.ToLower(segment)] {
		segment = plain
	}
	segment = strings.ToLower(segment)
	if mark := strings.IndexAny(segment, ".; +*,:\x00"); mark > 0 && n.folded[segment[:mark]] {
		return true
	}
	return n.folded[segment]
}

// shadows reports whether a parameter of the template takes from the path what would resemble a fixed
// segment of this tree.
func (n *node) shadows(template []string, rest string) bool {
	if len(template) == 0 {
		return false
	}
	segment, tail := rest[1:], ""
	if end := strings.IndexByte(segment, '/'); end >= 0 {
		segment, tail = segment[:end], segment[end:]
	}
	next, isFixed := n.fixed[segment]
	if isParam(template[0]) && !isFixed && n.resembles(segment) {
		return true
	}
	return isFixed && next.shadows(template[1:], tail) || n.param != nil && n.param.shadows(template[1:], tail)
}

// Params are the path parameters of a matched request. The zero Params have none.
type Params struct {
	op   *Operation
	path string
}

// Value gives the segment that stands for the parameter {name}, as it is in the path.
func (p Params) Value(name string) (string, bool) {
	if p.op == nil {
		return "", false
	}
	rest := p.path
	for _, s := range p.op.segments {
		segment, tail := rest[1:], ""
		if end := strings.IndexByte(segment, '/'); end >= 0 {
			segment, tail = segment[:end], segment[end:]
		}
		if isParam(s) && s[1:len(s)-1] == name {
			return segment, true
		}
		rest = tail
	}
	return "", false
}

// checkAmbiguity refuses two routes of a method that can match one path when neither wins by being
// more specific and no third does, and a route that would win over one of the control plane.
func (b *builder) checkAmbiguity() {
	ops := slices.Concat(b.c.operations, b.refused)
	there := map[string]bool{}
	for _, op := range ops {
		there[op.Method+" "+op.Host+shape(op.segments)] = true
	}
	for i, later := range ops {
		for _, earlier := range ops[:i] {
			if earlier.Method != later.Method || later.Host != earlier.Host && !earlier.Control {
				continue
			}
			won := compare(earlier.segments, later.segments)
			both := meet(earlier.segments, later.segments)
			switch {
			case earlier.Control && !later.Control && (won == tie || won == second || won == first && later.Host != ""):
				later.at.wrong(later.String()+" can match the same request as "+earlier.String()+", which is built in",
					"choose another path, or another base")
			case won != tie:
			case shape(both) == shape(later.segments):
				later.at.wrong(later.String()+" can match the same request as "+earlier.String()+" ("+earlier.at.where()+")",
					"remove one, or make one of them fixed in every segment where the other is")
			case later.Access == ByNobody && earlier.Access == ByNobody, there[later.Method+" "+later.Host+shape(both)]:
			default:
				later.at.wrong(later.String()+" can match the same request as "+earlier.String()+" ("+earlier.at.where()+")",
					"remove one, or say what becomes of that request with a route "+quote(later.Method+" "+later.Host+"/"+strings.Join(both, "/"))+", which may have access: nobody")
			}
		}
	}
}

// meet is the template of the paths that match both of two that are not apart: fixed wherever one
// of them is.
func meet(x, y []string) []string {
	both := slices.Clone(x)
	for i := range both {
		if len(x) == len(y) && isParam(x[i]) && !isParam(y[i]) {
			both[i] = y[i]
		}
	}
	return both
}

// shape is a template without the names of its parameters.
func shape(segments []string) string {
	var s strings.Builder
	for _, segment := range segments {
		if isParam(segment) {
			segment = "{}"
		}
		s.WriteString("/" + segment)
	}
	return s.String()
}

// outcome is which of two templates wins where both match.
type outcome uint8

const (
	apart  outcome = iota // no path matches both
	first                 // the first is fixed wherever the second is, and elsewhere
	second                // the other way round
	tie                   // neither
)

// compare says which template wins on the paths that match both.
func compare(x, y []string) outcome {
	if len(x) != len(y) {
		return apart
	}
	xWins, yWins := false, false
	for i := range x {
		switch xp, yp := isParam(x[i]), isParam(y[i]); {
		case !xp && !yp && x[i] != y[i]:
			return apart
		case !xp && yp:
			xWins = true
		case xp && !yp:
			yWins = true
		}
	}
	switch {
	case xWins == yWins:
		return tie
	case xWins:
		return first
	default:
		return second
	}
}
