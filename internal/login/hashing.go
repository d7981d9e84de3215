package login

import (
	"context"
	"sync"
)

// hashing bounds what is computed on passwords at once, whoever asks: each computation takes
// 19 MiB, and without a bound those who only guess could take all memory.
type hashing struct {
	slots chan struct{} // of those who compute
	line  chan struct{} // of those who compute or wait

	mu      sync.Mutex
	running int
	work    Work
}

func newHashing(slots, waiting int) *hashing {
	return &hashing{slots: make(chan struct{}, slots), line: make(chan struct{}, slots+waiting)}
}

// run computes when it is its turn. It is ErrBusy when too many wait, or nobody waits for this one
// any longer; then nothing was computed.
func (h *hashing) run(ctx context.Context, compute func()) error {
	select {
	case h.line <- struct{}{}:
	default:
		return ErrBusy
	}
	defer func() { <-h.line }()
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return ErrBusy
	}
	defer func() { <-h.slots }()
	h.count(+1)
	defer h.count(-1)
	compute()
	return nil
}

func (h *hashing) count(more int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running += more
	if more > 0 {
		h.work.Hashes++
		h.work.Most = max(h.work.Most, h.running)
	}
}

func (h *hashing) done() Work {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.work
}
