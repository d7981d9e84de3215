package throttle

import (
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
)

// clock is set by the test.
type clock struct{ at atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.at.Store(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()).UTC() }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

var ada, ben = leastkey.ID{1}, leastkey.ID{2}

func TestQuota(t *testing.T) {
	c := newClock()
	th := New(Quota{Requests: 4, Per: 20 * time.Second}, c.now)
	ask := func(payer leastkey.ID) (status int, limit, retry string) {
		w := httptest.NewRecorder()
		if th.Admit(w, payer) != (w.Code == 200) || w.Code == 200 && w.Body.Len() > 0 {
			t.Errorf("admitted, and answered %d %s", w.Code, w.Body)
		}
		if got := w.Header().Get("Ratelimit-Policy"); got != `"default";q=4;w=20` {
			t.Errorf("Ratelimit-Policy: %s", got)
		}
		return w.Code, w.Header().Get("Ratelimit"), w.Header().Get("Retry-After")
	}
	for i, step := range []struct {
		wait   time.Duration
		payer  leastkey.ID
		status int
		limit  string
		retry  string
	}{
		{0, ada, 200, `"default";r=3;t=5`, ""},
		{0, ada, 200, `"default";r=2;t=10`, ""},
		{0, ada, 200, `"default";r=1;t=15`, ""},
		{0, ada, 200, `"default";r=0;t=20`, ""},
		{0, ada, 429, `"default";r=0;t=20`, "5"},
		{0, ada, 429, `"default";r=0;t=20`, "5"}, // what is refused costs nothing
		{0, ben, 200, `"default";r=3;t=5`, ""},
		{4 * time.Second, ada, 429, `"default";r=0;t=16`, "1"},
		{time.Second, ada, 200, `"default";r=0;t=20`, ""},
		{time.Hour, ada, 200, `"default";r=3;t=5`, ""},
		{-time.Minute, ada, 200, `"default";r=2;t=10`, ""}, // a clock that is set back gives nothing
	} {
		c.advance(step.wait)
		status, limit, retry := ask(step.payer)
		if status != step.status || limit != step.limit || retry != step.retry {
			t.Errorf("step %d: %d %s %q, want %+v", i, status, limit, retry, step)
		}
	}
}

func TestNoQuota(t *testing.T) {
	for _, q := range []Quota{{}, {Requests: 5}, {Per: time.Second}} {
		w := httptest.NewRecorder()
		for range 100 {
			if th := New(q, newClock().now); !th.Admit(w, ada) || len(w.Header()) > 0 {
				t.Fatalf("%+v: %d %v", q, w.Code, w.Header())
			}
		}
	}
}

// However many ask at one instant, the quota is what is admitted.
func TestAtOnce(t *testing.T) {
	th := New(Quota{Requests: 50, Per: time.Hour}, newClock().now)
	var admitted atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 25 {
				if th.Admit(httptest.NewRecorder(), ada) {
					admitted.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if got := admitted.Load(); got != 50 {
		t.Errorf("%d were admitted", got)
	}
}

// Who waits as long as Retry-After says is admitted; and in no stretch of the quota's time is
// more admitted than twice the quota: all of it at once, and what comes back meanwhile.
func TestRetryAfterIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Quota{Requests: rapid.IntRange(1, 2000).Draw(t, "requests"), Per: time.Duration(rapid.IntRange(1, 3600).Draw(t, "seconds")) * time.Second}
		c := newClock()
		th, begin := New(q, c.now), c.now()
		admitted := 0
		for range rapid.IntRange(1, 3).Draw(t, "rounds") {
			w := httptest.NewRecorder()
			for ; th.Admit(w, ada); w = httptest.NewRecorder() {
				admitted++
			}
			after, err := strconv.Atoi(w.Header().Get("Retry-After"))
			if err != nil || after < 1 || time.Duration(after)*time.Second > q.Per+time.Second {
				t.Fatalf("%+v: Retry-After %q", q, w.Header().Get("Retry-After"))
			}
			c.advance(time.Duration(after) * time.Second)
			if w := httptest.NewRecorder(); !th.Admit(w, ada) {
				t.Fatalf("%+v: refused after %d seconds: %v", q, after, w.Header())
			}
			admitted++
		}
		if most := float64(q.Requests) * (1 + c.now().Sub(begin).Seconds()/q.Per.Seconds()); float64(admitted) > most+0.01 {
			t.Fatalf("%+v: %d were admitted in %s", q, admitted, c.now().Sub(begin))
		}
	})
}

// Payers who have their whole quota are forgotten, and nobody else.
func TestForgets(t *testing.T) {
	c := newClock()
	th := New(Quota{Requests: 10, Per: 10 * time.Second}, c.now)
	for i := range 100 {
		th.Admit(httptest.NewRecorder(), leastkey.ID{byte(i), 1})
	}
	c.advance(9500 * time.Millisecond)
	for range 10 {
		th.Admit(httptest.NewRecorder(), ada)
	}
	c.advance(500 * time.Millisecond)
	w := httptest.NewRecorder()
	th.Admit(w, ben) // sweeps
	if got := len(th.limiters); got != 2 {
		t.Errorf("%d payers are kept", got)
	}
	if th.Admit(httptest.NewRecorder(), ada) {
		t.Error("forgot what was used")
	}
}
