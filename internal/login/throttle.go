package login

import (
	"hash/maphash"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// throttle counts attempts by key in a table of fixed size, so that no number of keys takes more
// memory, and none pushes another out. Keys that fall into the same cell share its attempts, which
// can only refuse too much; where a key falls is known to nobody outside.
type throttle struct {
	rate Rate
	now  func() time.Time
	seed maphash.Seed

	mu    sync.Mutex
	cells []cell
}

// cells is the size of a table: with some thousands of keys in use, few of them share.
const cells = 1 << 16

// cell keeps when all of its attempts will be given back. That one instant is the whole count: it
// moves on by Rate.Every with each attempt, and an attempt that would move it further than the
// burst from now is refused.
type cell struct {
	full  time.Time
	owner uint64 // the hash of the key that attempted first since then
	mixed bool   // others attempted too
}

func newThrottle(r Rate, size int, now func() time.Time) *throttle {
	return &throttle{rate: r, now: now, seed: maphash.MakeSeed(), cells: make([]cell, size)}
}

func (t *throttle) cell(key string) (*cell, uint64) {
	sum := maphash.String(t.seed, key)
	return &t.cells[sum%uint64(len(t.cells))], sum
}

// take uses up an attempt. When there is none left it is Throttled.
func (t *throttle) take(key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, most := t.now(), time.Duration(t.rate.Burst)*t.rate.Every
	c, owner := t.cell(key)
	switch {
	case !c.full.After(now):
		c.full, c.owner, c.mixed = now, owner, false
	case c.full.After(now.Add(most)): // the clock was set back
		c.full = now.Add(most)
	}
	c.mixed = c.mixed || c.owner != owner
	if over := c.full.Add(t.rate.Every).Sub(now.Add(most)); over > 0 {
		return Throttled{RetryAfter: over}
	}
	c.full = c.full.Add(t.rate.Every)
	return nil
}

// undo gives back one attempt, which told nobody anything.
func (t *throttle) undo(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, _ := t.cell(key)
	c.full = c.full.Add(-t.rate.Every)
}

// forgive gives back all attempts of a key. Those of others in its cell stay: who knows one
// password must not get more attempts at another.
func (t *throttle) forgive(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c, owner := t.cell(key)
	if c.mixed || c.owner != owner {
		c.full = c.full.Add(-t.rate.Every)
		return
	}
	c.full = time.Time{}
}

// emailKey is the same for all spellings that the control plane takes for one address.
func emailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// addressKey is the same for all addresses that one subscriber can choose from.
func addressKey(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		network, err := addr.Prefix(64)
		if err == nil {
			addr = network.Addr()
		}
	}
	return addr.String()
}
