// Package throttle bounds how many requests may be made on the account of one user, account or
// credential.
package throttle

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// Quota is a number of requests in a time. The zero Quota is no limit.
type Quota struct {
	Requests int
	Per      time.Duration
}

// DefaultQuota is that of the wire contract: 1,200 requests in 5 minutes.
var DefaultQuota = Quota{Requests: 1200, Per: 5 * time.Minute}

// Throttle counts. A payer may use its whole quota at once; it comes back evenly over the
// quota's time.
type Throttle struct {
	quota  Quota
	policy string // as the header field says it
	now    func() time.Time

	mu       sync.Mutex
	limiters map[leastkey.ID]*rate.Limiter
	swept    time.Time
}

// New makes a Throttle; with a zero quota it admits everything.
func New(q Quota, now func() time.Time) *Throttle {
	policy := fmt.Sprintf(`"default";q=%d;w=%d`, q.Requests, int(q.Per.Seconds()))
	return &Throttle{quota: q, policy: policy, now: now, limiters: map[leastkey.ID]*rate.Limiter{}, swept: now()}
}

// Admit counts one request against the payer and writes the rate-limit header fields. When the
// quota is used up it answers 429 and reports false.
func (t *Throttle) Admit(w http.ResponseWriter, payer leastkey.ID) bool {
	if t.quota.Requests <= 0 || t.quota.Per <= 0 {
		return true
	}
	now := t.now()
	limiter := t.limiter(payer, now)
	admitted := limiter.AllowN(now, 1)
	left := max(0, limiter.TokensAt(now))
	refill := float64(t.quota.Requests) / t.quota.Per.Seconds()
	full := int(math.Ceil((float64(t.quota.Requests) - left) / refill))
	h := w.Header()
	said := strconv.AppendInt(append(make([]byte, 0, 40), `"default";r=`...), int64(left), 10)
	said = strconv.AppendInt(append(said, ";t="...), int64(full), 10)
	h["Ratelimit"], h["Ratelimit-Policy"] = []string{string(said)}, []string{t.policy}
	if admitted {
		return true
	}
	h.Set("Retry-After", fmt.Sprint(max(1, int(math.Ceil((1-left)/refill)))))
	api.WriteErrors(w, http.StatusTooManyRequests, api.Throttled())
	return false
}

func (t *Throttle) limiter(payer leastkey.ID, now time.Time) *rate.Limiter {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.swept) >= t.quota.Per {
		t.sweep(now)
	}
	limiter, known := t.limiters[payer]
	if !known {
		limiter = rate.NewLimiter(rate.Limit(float64(t.quota.Requests)/t.quota.Per.Seconds()), t.quota.Requests)
		t.limiters[payer] = limiter
	}
	return limiter
}

// sweep forgets payers whose whole quota is back: a new limiter says the same.
func (t *Throttle) sweep(now time.Time) {
	for payer, limiter := range t.limiters {
		if limiter.TokensAt(now) >= float64(t.quota.Requests) {
			delete(t.limiters, payer)
		}
	}
	t.swept = now
}
