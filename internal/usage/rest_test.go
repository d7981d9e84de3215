package usage_test

import (
	"context"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/usage"
)

// After a flush of many parts, as many ticks are passed over, and what came meanwhile is not lost.
func TestRunRestsAfterALargeFlush(t *testing.T) {
	s := &shelf{}
	r := usage.New(s, silent())
	tick, ended := make(chan time.Time), make(chan error)
	ctx, stop := context.WithCancel(t.Context())
	go func() { ended <- r.Run(ctx, tick) }()
	for c := range uint16(1500) { // three parts
		r.Observe(observed(1, c, 1))
	}
	tick <- epoch
	tick <- epoch // taken when the flush is over: the first of two that are passed over
	flushed := len(s.uses)
	r.Observe(observed(2, 1, 1))
	tick <- epoch
	if flushed != 1500 || len(s.uses) != flushed {
		t.Errorf("%d uses after the first flush, %d while it rests", flushed, len(s.uses))
	}
	stop()
	if err := <-ended; err != nil || len(s.uses) != 1501 {
		t.Errorf("%d uses at the end, %v", len(s.uses), err)
	}
}
