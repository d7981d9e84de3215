package gateway

import (
	"context"
	"time"

	"github.com/leastkey/leastkey/guard"
)

// How long to wait at least and at most before a verdict that time will end is asked for again. The
// clock of the guard may be set in between, so it is not waited for in one piece.
const (
	shortestWait = time.Millisecond
	longestWait  = time.Minute
)

// untilRefused gives a context that ends, with errNoLonger, as soon as a request that was allowed
// would be refused: by a change of anything that decisions rest on, or by the time. The caller calls
// end when it is done; nothing runs on then.
func (g *Gateway) untilRefused(ctx context.Context, again func() guard.Verdict) (watched context.Context, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			changed := g.Guard.Changed()
			v := again()
			if !v.Allowed() {
				cancel(errNoLonger)
				return
			}
			g.wait(ctx, changed, v)
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}

// wait returns when the verdict may be another.
func (g *Gateway) wait(ctx context.Context, changed <-chan struct{}, v guard.Verdict) {
	var late <-chan time.Time
	if left, ends := g.Guard.Lasts(v); ends {
		timer := time.NewTimer(min(max(left, shortestWait), longestWait))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-changed:
	case <-late:
	case <-ctx.Done():
	}
}
