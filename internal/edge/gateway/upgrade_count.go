package gateway

import (
	"net/http"
	"sync"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// upgradeCount is how many upgraded connections there are: unlike requests they end when their
// sides like, and each holds two sockets.
type upgradeCount struct {
	mu  sync.Mutex
	all int
	of  map[leastkey.Principal]int
}

// enter counts one more of p, until leave is called; or says why there may be no more.
func (c *upgradeCount) enter(p leastkey.Principal, limits Limits) (leave func(), refused *failure) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.of[p] >= limits.UpgradesEach:
		return nil, &failure{status: http.StatusTooManyRequests, code: api.CodeTooMany, retryAfter: time.Second,
			message: "The owner of this credential has too many upgraded connections: close some first"}
	case c.all >= limits.Upgrades:
		return nil, &failure{status: http.StatusServiceUnavailable, code: api.CodeUnavailable, retryAfter: time.Second,
			message: "This gateway has too many upgraded connections at the moment; please try again"}
	}
	if c.of == nil {
		c.of = map[leastkey.Principal]int{}
	}
	c.all++
	c.of[p]++
	return func() { c.leave(p) }, nil
}

func (c *upgradeCount) leave(p leastkey.Principal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all--
	if c.of[p]--; c.of[p] == 0 {
		delete(c.of, p)
	}
}
