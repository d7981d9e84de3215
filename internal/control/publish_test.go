package control

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
)

// oneRevision is a store at revision 1.
type oneRevision struct{ Store }

func (oneRevision) View(_ context.Context, fn func(Reader) error) error { return fn(readOne{}) }

type readOne struct{ Reader }

func (readOne) Revision() (leastkey.Revision, error) { return 1, nil }

// oneNode lets something happen just before it is told to doubt.
type oneNode struct {
	Nodes
	sure   bool
	before func()
}

func (n *oneNode) Load(leastkey.Revision, func(func(leastkey.Change) error) error) error {
	n.sure = true
	return nil
}

func (n *oneNode) Doubt() {
	before := n.before
	if n.before = nil; before != nil {
		before()
	}
	n.sure = false
}

// TestRenewBesideAnother: whoever is overtaken by another's load while they doubt leaves the nodes sure.
func TestRenewBesideAnother(t *testing.T) {
	node := &oneNode{}
	c := &Control{store: oneRevision{}, nodes: node, now: time.Now, log: slog.New(slog.DiscardHandler)}
	fault := errors.New("a fault")
	node.before = func() { c.renew(t.Context(), fault) }
	c.renew(t.Context(), fault)
	if !node.sure {
		t.Error("the nodes are unsure, and nobody loads again")
	}
}
