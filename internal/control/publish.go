package control

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/leastkey/leastkey"
)

// told is what the nodes of this process were told: commits one by one, in the order of their revisions,
// or the whole state anew.
type told struct {
	order sync.Mutex // held while they are told something

	loads  atomic.Uint64     // how often they were told the whole state
	loaded leastkey.Revision // that of the last time; read and written with order held

	doubts atomic.Uint64 // how often something may have been missed
	seen   uint64        // how many of those the last attempt to load came after; with order held
}

// publish tells the nodes of a commit. The store calls it in the order of revisions. loads is how often
// the state had been loaded before the commit.
func (c *Control) publish(ctx context.Context, rev leastkey.Revision, loads uint64, done *deed) {
	c.told.order.Lock()
	defer c.told.order.Unlock()
	if done.then != nil {
		done.then()
	}
	if c.told.loads.Load() != loads && c.told.loaded >= rev {
		return // they were given the state with the commit in it, between the commit and now
	}
	if err := c.nodes.Apply(rev, done.changes); err != nil {
		c.told.doubts.Add(1)
		c.reload(ctx, err)
	}
}

// renew puts nodes right that may have missed something. Until it succeeds they refuse all.
func (c *Control) renew(ctx context.Context, why error) {
	// In this order: who counts the doubt loads behind it, and nobody doubts what came of that.
	c.nodes.Doubt()
	doubt := c.told.doubts.Add(1)
	c.told.order.Lock()
	defer c.told.order.Unlock()
	if c.told.seen >= doubt {
		return // somebody else has seen to it since, such as one who shared the transaction
	}
	c.reload(ctx, why)
}

// reload is for when the nodes may not know the last commit. Call it with order held.
func (c *Control) reload(ctx context.Context, why error) {
	c.log.Error("nodes may not know the last commit; loading the state anew", "error", why)
	c.nodes.Doubt()
	if err := c.load(ctx); err != nil {
		c.log.Error("the state cannot be loaded; every request is refused until it can", "error", err)
	}
}

// load tells the nodes the whole state. Call it with order held.
func (c *Control) load(ctx context.Context) error {
	c.told.seen = c.told.doubts.Load()
	return c.store.View(ctx, func(r Reader) error {
		rev, err := r.Revision()
		if err != nil {
			return err
		}
		p := progress{log: c.log, now: c.now, told: c.now()}
		if err := c.nodes.Load(rev, p.of(r.State)); err != nil {
			return err
		}
		c.told.loaded = rev
		c.told.loads.Add(1)
		return nil
	})
}

// Heal loads the state anew when the nodes are not certain of it, so that a passing fault of the
// store does not refuse requests for ever. Call it now and then.
func (c *Control) Heal(ctx context.Context) {
	if _, sure := c.nodes.Revision(); sure {
		return
	}
	c.told.order.Lock()
	defer c.told.order.Unlock()
	if _, sure := c.nodes.Revision(); sure {
		return
	}
	if err := c.load(ctx); err != nil {
		c.log.Error("the state cannot be loaded; every request is refused until it can", "error", err)
	}
}
