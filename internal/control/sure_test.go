package control_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// cancelling gives up the request while its transaction runs: whoever reads randomness is in one.
type cancelling struct {
	io.Reader
	cancel func()
}

func (c *cancelling) Read(p []byte) (int, error) {
	if c.cancel != nil {
		c.cancel()
	}
	return c.Reader.Read(p)
}

// A client that hangs up must not make the node refuse everybody else for a while: either the
// act happens, or nothing does and the nodes are as sure as before.
func TestHangingUpLeavesTheNodesSure(t *testing.T) {
	random := &cancelling{Reader: NewRandom(1)}
	n := Start(t, Config{Random: random})
	by, owner := writer(t, n)
	create := func(ctx context.Context) error {
		_, _, err := n.Control.CreateToken(ctx, by, owner, control.TokenSpec{Name: "n"})
		return err
	}
	before, _ := n.State.Revision()
	said := n.Log.String()

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := create(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("gone before it began: %v", err)
	}
	if now, sure := n.State.Revision(); !sure || now != before {
		t.Errorf("gone before it began: sure %t, revision %d after %d", sure, now, before)
	}

	ctx, cancel := context.WithCancel(context.Background())
	random.cancel = cancel
	if err := create(ctx); err != nil {
		t.Errorf("gone in the middle: %v", err)
	}
	random.cancel = nil
	if now, sure := n.State.Revision(); !sure || now != before+1 {
		t.Errorf("gone in the middle: sure %t, revision %d after %d", sure, now, before)
	}
	if n.Log.String() != said {
		t.Errorf("the nodes were in doubt: %s", n.Log)
	}
}
