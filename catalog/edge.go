package catalog

import "strings"

// edges are where the fixed segments of a node lead, and what ends there: as quick to look through as
// a request that is decided in some hundred nanoseconds wants it.
type edges struct {
	slots []edge // a power of two, at least half of them empty; probed one after the other
	ops   []*Operation
}

type edge struct {
	segment string
	to      *node
}

// hashOf looks at three bytes and the length: a map would look at all.
func hashOf(segment string) uint32 {
	n := len(segment)
	h := uint32(n)*0x9e3779b1 ^ uint32(segment[0])*0x85ebca6b ^ uint32(segment[n/2])*0xc2b2ae35 ^ uint32(segment[n-1])*0x27d4eb2f
	return h ^ h>>15
}

// next is where a segment, which is not empty, leads; nil for nowhere.
func (e *edges) next(segment string) *node {
	if len(e.slots) == 0 {
		return nil
	}
	mask := uint32(len(e.slots) - 1)
	for at := hashOf(segment) & mask; e.slots[at].to != nil; at = (at + 1) & mask {
		if e.slots[at].segment == segment {
			return e.slots[at].to
		}
	}
	return nil
}

func (e *edges) op(method string) *Operation {
	for _, op := range e.ops {
		if op.Method == method {
			return op
		}
	}
	return nil
}

// seal makes the edges of a tree that is complete.
func (n *node) seal() {
	if n == nil {
		return
	}
	for _, op := range n.ops {
		n.edges.ops = append(n.edges.ops, op)
	}
	size := uint32(1)
	for size < 2*uint32(len(n.fixed)) {
		size *= 2
	}
	if len(n.fixed) > 0 {
		n.edges.slots = make([]edge, size)
	}
	for segment, next := range n.fixed {
		at := hashOf(segment) & (size - 1)
		for n.edges.slots[at].to != nil {
			at = (at + 1) & (size - 1)
		}
		n.edges.slots[at] = edge{segment, next}
		next.seal()
		n.mark(segment[0])
	}
	n.param.seal()
}

// mark notes that what begins with the byte, in any case, could resemble a fixed segment; as could
// what begins with an escape.
func (n *node) mark(first byte) {
	for _, c := range []byte{first, strings.ToLower(string(first))[0], strings.ToUpper(string(first))[0], '%'} {
		n.starts[c/64] |= 1 << (c % 64)
	}
	for c := 0x80; c < 0x100; c++ { // a letter that folds to this one could begin with any of these
		n.starts[c/64] |= 1 << (c % 64)
	}
}
