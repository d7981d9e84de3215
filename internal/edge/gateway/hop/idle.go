package hop

import (
	"sync"
	"time"
)

// idle is the connections on which nothing is under way. The one that was used last is used next,
// so that those beyond need grow old.
type idle struct {
	mu    sync.Mutex
	conns []*conn // by the time at which they became idle
	timer *time.Timer
}

// take gives a connection that is still good, or nil.
func (i *idle) take() *conn {
	for {
		c := i.last()
		if c == nil || time.Since(c.idleSince) < idleTime && c.quiet() {
			return c
		}
		c.discard()
	}
}

func (i *idle) last() *conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.conns)
	if n == 0 {
		return nil
	}
	c := i.conns[n-1]
	i.conns[n-1] = nil
	i.conns = i.conns[:n-1]
	return c
}

// put keeps a connection for the next request.
func (i *idle) put(c *conn) {
	c.idleSince = time.Now()
	i.mu.Lock()
	full := len(i.conns) >= maxIdleConns
	if !full {
		i.conns = append(i.conns, c)
		if i.timer == nil {
			i.timer = time.AfterFunc(idleTime, i.sweep)
		}
	}
	i.mu.Unlock()
	if full {
		c.leave()
	}
}

// sweep closes what is too old, and comes again as long as there is something.
func (i *idle) sweep() {
	i.mu.Lock()
	defer i.mu.Unlock()
	old := 0
	for old < len(i.conns) && time.Since(i.conns[old].idleSince) >= idleTime {
		i.conns[old].leave()
		old++
	}
	n := copy(i.conns, i.conns[old:])
	clear(i.conns[n:])
	if i.conns = i.conns[:n]; n == 0 {
		i.timer = nil
		return
	}
	i.timer.Reset(idleTime - time.Since(i.conns[0].idleSince))
}

// close closes all.
func (i *idle) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, c := range i.conns {
		c.leave()
	}
	i.conns = nil
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
}
