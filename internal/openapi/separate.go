package openapi

import (
	"fmt"
	"slices"
)

// fence is a route for nobody: it keeps the requests of what is undecided, or can be meant in two ways, from the rows
// that would take them.
type fence struct {
	method   string
	segments []segment
}

// maxFences bounds what many paths that cross can make of one another.
const maxFences = 1000

// partition is the work of parting operations from one another.
type partition struct {
	ops     []*operation
	base    []segment
	control []*operation
	fences  []fence
	taken   map[string]bool // routes that are decided or fences: method and shape
}

// separate parts what could be taken for something else: two operations between which no request can choose, one that
// the control plane answers, and one whose route would take the requests of an undecided one. Where a fence can keep
// them apart it is put up; otherwise operations become undecided.
func separate(ops []*operation, base string, control []*operation) []fence {
	above, _ := segmentsOf(base)
	p := &partition{ops: ops, base: above, control: control, taken: map[string]bool{}}
	for _, op := range ops {
		if op.why == "" {
			op.reject(p.reserved(op.method, op.segments))
		}
		if op.why == "" {
			p.taken[op.method+shape(op.segments)] = true
		}
	}
	for changed := true; changed; {
		changed = p.part()
	}
	var needed []fence // those that still keep something from a row
	for _, f := range p.fences {
		if slices.ContainsFunc(ops, func(op *operation) bool {
			return op.why == "" && op.method == f.method && compare(f.segments, op.segments) == first
		}) {
			needed = append(needed, f)
		}
	}
	return needed
}

// reserved says why a catalogue cannot have the route.
func (p *partition) reserved(method string, segments []segment) string {
	whole := append(slices.Clone(p.base), segments...)
	if whole[0].text == "leastkey" {
		return "it is below /leastkey, which is Leastkey's own"
	}
	for _, c := range p.control {
		if c.method == method {
			if won := compare(whole, c.segments); won == tie || won == first {
				return "Leastkey answers " + c.name() + " itself"
			}
		}
	}
	return ""
}

// part goes over all pairs once, and reports whether anything changed.
func (p *partition) part() (changed bool) {
	for i, x := range p.ops {
		for j, y := range p.ops {
			if i == j || y.why != "" || x.method != y.method && x.method != "*" {
				continue
			}
			switch won := compare(x.segments, y.segments); {
			case x.why == "" && won == tie && j < i:
				if put, ok := p.fence(y.method, x.segments, y.segments); ok {
					changed = changed || put
					continue
				}
				const why = "another operation can be meant by the same request"
				p.reject(x, why)
				p.reject(y, why)
				changed = true
			case x.why != "" && (won == tie || won == first):
				if put, ok := p.fence(y.method, x.segments, y.segments); ok {
					changed = changed || put
					continue
				}
				p.reject(y, "its route would also take requests for "+shorten(x.name())+", which is undecided")
				changed = true
			}
		}
	}
	for _, f := range slices.Clone(p.fences) {
		for _, op := range p.ops {
			if op.why != "" || op.method != f.method || compare(f.segments, op.segments) != tie {
				continue
			}
			put, ok := p.fence(f.method, f.segments, op.segments)
			if !ok {
				p.reject(op, "its route and others can be meant by the same requests")
			}
			changed = changed || put || !ok
		}
	}
	return changed
}

// fence sees to it that what matches both paths is not decided by either. ok is false when no route can say it. It
// wants none where one stands already, or where a decided operation is just what matches both: that one wins.
func (p *partition) fence(method string, x, y []segment) (put, ok bool) {
	both := meet(x, y)
	at := shape(both)
	if at == shape(y) {
		return false, false
	}
	if p.taken[method+at] {
		return false, true
	}
	if len(p.fences) >= maxFences || !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method) || p.reserved(method, both) != "" {
		return false, false
	}
	p.fences = append(p.fences, fence{method, both})
	p.taken[method+at] = true
	return true, true
}

// reject makes a decided operation undecided, so that its route is free for a fence.
func (p *partition) reject(op *operation, why string) {
	op.reject(why)
	delete(p.taken, op.method+shape(op.segments))
}

// meet is the path of what matches both: fixed wherever one is. What a catalogue cannot say is a parameter in it.
func meet(x, y []segment) []segment {
	both := make([]segment, len(x))
	for i := range x {
		switch {
		case x[i].param == "" && !x[i].odd:
			both[i] = x[i]
		case y[i].param == "" && !y[i].odd:
			both[i] = y[i]
		default:
			name := fmt.Sprintf("p%d", i+1)
			both[i] = segment{text: "{" + name + "}", param: name}
		}
	}
	return both
}
