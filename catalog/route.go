package catalog

import (
	"math/bits"
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

	edges  edges     // fixed, as requests look for it
	starts [4]uint64 // a bit for each byte that a segment begins with which may resemble a fixed one
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
func (c *Catalog) Match(method, host, path string) (op *Operation, params Params, found bool) {
	all := divide(path)
	if op = c.match(method, host, &all); op == nil {
		return nil, Params{}, false
	}
	all.params(op, &params)
	return op, params, true
}

// match prefers the routes of the host.
func (c *Catalog) match(method, host string, path *divided) *Operation {
	var op *Operation
	var own *node
	if len(c.hosts) > 0 {
		own = c.hosts[host]
	}
	if own != nil {
		op = own.find(method, path, 0)
	}
	if op == nil {
		op = c.routes.find(method, path, 0)
		if op != nil && own != nil && own.shadows(op.segments, path.path) {
			op = nil
		}
	}
	if op == nil || op.Access == ByNobody || op.Method != method { // no method at all would find any
		return nil
	}
	return op
}

// MatchPlain is [Catalog.Match] of a path of which nobody has looked at the bytes yet. It finds an
// operation only where that path is in canonical form and has nothing percent-encoded: what stands for
// fixed segments is equal to them, and what stands for parameters has none but the bytes of plain. Of
// any other path it says nothing: it gives nil, and leaves the parameters as they are.
func (c *Catalog) MatchPlain(method, host, path string, plain *[256]bool, params *Params) *Operation {
	all := divide(path)
	op := c.match(method, host, &all)
	if op == nil {
		return nil
	}
	for _, at := range op.paramAt {
		segment := all.segment(at)
		if segment == "." || segment == ".." {
			return nil
		}
		for k := range len(segment) {
			if !plain[segment[k]] {
				return nil
			}
		}
	}
	all.params(op, params)
	return op
}

// HasPath reports whether any method matches the path, on any host.
func (c *Catalog) HasPath(path string) bool {
	all := divide(path)
	for _, own := range c.hosts {
		if own.find("", &all, 0) != nil {
			return true
		}
	}
	return c.routes.find("", &all, 0) != nil
}

// find follows the segments from the one of a number on. With an empty method any will do.
func (n *node) find(method string, path *divided, from int) *Operation {
	if from == path.segments {
		if method != "" {
			return n.edges.op(method)
		}
		for _, op := range n.ops {
			if op.Access != ByNobody {
				return op
			}
		}
		return nil
	}
	segment := path.segment(from)
	if segment == "" {
		return nil
	}
	next := n.edges.next(segment)
	if next != nil {
		if op := next.find(method, path, from+1); op != nil {
			return op
		}
	}
	if n.param == nil || next == nil && n.resembles(segment) {
		return nil
	}
	return n.param.find(method, path, from+1)
}

// resembles reports whether some upstream could take the segment for a fixed one: whatever its case,
// and with a format or marks behind it.
func (n *node) resembles(segment string) bool {
	if len(n.folded) == 0 || n.starts[segment[0]/64]&(1<<(segment[0]%64)) == 0 {
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

// divided is a path, and where its segments are.
type divided struct {
	path     string
	segments int
	ends     [mostDivided]uint32 // of the first of them
}

// mostDivided is how many segments are found at once. Few routes have more.
const mostDivided = 12

// divide finds the segments of a path. One that does not begin with a slash has a single empty one, and
// so matches nothing.
func divide(path string) (d divided) {
	if path == "" {
		return d
	}
	if path[0] != '/' {
		return divided{segments: 1}
	}
	d.path = path
	at := 1
	for ; at+8 <= len(path); at += 8 {
		for found := slashes(path[at : at+8]); found != 0; found &= found - 1 {
			d.end(at + bits.TrailingZeros64(found)/8)
		}
	}
	for ; at < len(path); at++ {
		if path[at] == '/' {
			d.end(at)
		}
	}
	d.end(len(path))
	return d
}

// end notes that a segment ends.
func (d *divided) end(at int) {
	if d.segments < mostDivided {
		d.ends[d.segments] = uint32(at)
	}
	d.segments++
}

// slashes has the highest bit of every byte set that is a slash among eight: of a word, a byte is zero
// exactly when neither its low bits nor the sum of these and 0x7f reach the highest.
func slashes(eight string) uint64 {
	const ones, low = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	_ = eight[7]
	word := uint64(eight[0]) | uint64(eight[1])<<8 | uint64(eight[2])<<16 | uint64(eight[3])<<24 |
		uint64(eight[4])<<32 | uint64(eight[5])<<40 | uint64(eight[6])<<48 | uint64(eight[7])<<56
	word ^= ones * '/'
	return ^((word&low + low) | word | low)
}

// segment gives the one of a number, from 0.
func (d *divided) segment(i int) string {
	known := min(i, mostDivided)
	at := 0
	if known > 0 {
		at = int(d.ends[known-1])
	}
	if i < mostDivided {
		if d.path == "" {
			return ""
		}
		return d.path[at+1 : d.ends[i]]
	}
	rest := d.path[at:]
	for ; known < i; known++ {
		rest = rest[1+strings.IndexByte(rest[1:], '/'):]
	}
	rest = rest[1:]
	if end := strings.IndexByte(rest, '/'); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// Params are the path parameters of a matched request. The zero Params have none.
type Params struct {
	op    *Operation
	path  string
	first [firstParams]span // where the first of them stand
}

type span struct{ from, to uint32 }

// firstParams is how many parameters are kept. Those behind them are looked for when they are asked for.
const firstParams = 3

func (d *divided) params(op *Operation, p *Params) {
	*p = Params{op: op, path: d.path}
	for i, at := range op.paramAt[:min(firstParams, len(op.paramAt))] {
		if at < mostDivided {
			p.first[i].to = d.ends[at]
			if p.first[i].from = 1; at > 0 {
				p.first[i].from = d.ends[at-1] + 1
			}
		}
	}
}

// Value gives the segment that stands for the parameter {name}, as it is in the path.
func (p Params) Value(name string) (string, bool) {
	if p.op == nil {
		return "", false
	}
	for i, at := range p.op.paramAt {
		if s := p.op.segments[at]; s[1:len(s)-1] != name {
			continue
		}
		if i < firstParams && p.first[i].to > 0 {
			return p.path[p.first[i].from:p.first[i].to], true
		}
		all := divide(p.path)
		return all.segment(at), true
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
