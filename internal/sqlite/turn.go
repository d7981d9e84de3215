package sqlite

import (
	"context"
	"slices"
	"sync"
)

// turns lets writers to the one writing connection one after the other, in the order in which they
// came, and hands an open transaction from one to the next.
type turns struct {
	mu      sync.Mutex
	taken   bool
	waiting []*writer // longest first
}

// writer is one who waits.
type writer struct {
	alone bool        // in a transaction of its own
	turn  chan *batch // holds what it is handed
}

// take waits for the caller's turn. Whoever has it ends it with join or over.
func (t *turns) take(ctx context.Context, alone bool) (*batch, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return newBatch(), nil
	}
	w := &writer{alone, make(chan *batch, 1)}
	t.waiting = append(t.waiting, w)
	t.mu.Unlock()
	select {
	case b := <-w.turn:
		return b, nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	at := slices.Index(t.waiting, w)
	if at >= 0 {
		t.waiting = slices.Delete(t.waiting, at, at+1)
	}
	t.mu.Unlock()
	if at < 0 { // the turn came at the same moment, and must be ended like any other
		return <-w.turn, nil
	}
	return nil, ctx.Err()
}

// join hands the open transaction to the one who waits longest; false when nobody is there to join.
func (t *turns) join(b *batch) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 || t.waiting[0].alone {
		return false
	}
	t.next(b)
	return true
}

// over ends a turn with no transaction open.
func (t *turns) over() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.taken = false
		return
	}
	t.next(newBatch())
}

func (t *turns) next(b *batch) {
	w := t.waiting[0]
	t.waiting[0] = nil
	t.waiting = t.waiting[1:]
	w.turn <- b
}
