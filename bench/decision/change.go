package decision

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/measure"
	"github.com/leastkey/leastkey/guard"
)

// Changed is how long changes took to reach a decision, and the CPU time of one.
type Changed struct {
	measure.Latency
	CPU time.Duration `json:"cpu"`
}

// step is one change, and what a decision about the token's secret must say once it is known.
type step struct {
	change leastkey.Change
	shown  guard.Request
	known  bool
	active bool
}

// steps bring one more token, disable it, and revoke it.
func (c *child) steps(k int) [3]step {
	i := c.world.Tokens + k
	record := c.world.Token(i)
	record.Credential.Status, record.Credential.Validity, record.Credential.Condition = leastkey.Active, leastkey.Validity{}, leastkey.Condition{}
	disabled, revoked := record, record
	disabled.Credential.Status = leastkey.Disabled
	revoked.Secrets = nil
	shown := guard.Request{Method: "GET", Host: "api.example.com", Target: "/client/v4/user/tokens/verify", Can: guard.AllAbilities,
		Header: http.Header{"Authorization": {"Bearer " + c.world.Secret(i)}}}
	return [3]step{
		{leastkey.Change{Credential: &record}, shown, true, true},
		{leastkey.Change{Credential: &disabled}, shown, true, false},
		{leastkey.Change{Credential: &revoked}, shown, false, false},
	}
}

func (c *child) ours() (*contender.Ours, error) {
	ours, ok := c.contenders[0].(*contender.Ours)
	if !ok {
		return nil, errors.New("only Leastkey's state changes")
	}
	return ours, nil
}

// apply makes the next revision of one change.
func (c *child) apply(s *guard.State, change leastkey.Change) error {
	c.revision++
	return s.Apply(leastkey.Revision(c.revision), []leastkey.Change{change})
}

// changes applies n, and after each asks for a decision that must know of it.
func (c *child) changes(n int) (Changed, error) {
	ours, err := c.ours()
	if err != nil {
		return Changed{}, err
	}
	var h measure.Histogram
	var cpu time.Duration
	done := 0
	for k := 0; done < n; k++ {
		for _, s := range c.steps(k) {
			used, begin := measure.CPU(), time.Now()
			if err := c.apply(ours.State, s.change); err != nil {
				return Changed{}, err
			}
			v := ours.Guard.Check(context.Background(), s.shown)
			h.Add(time.Since(begin))
			cpu += measure.CPU() - used
			if known := !v.Credential.ID.IsZero(); known != s.known || s.known && (v.Decision.Reason != leastkey.CredentialDisabled) != s.active {
				return Changed{}, errors.New("a decision does not know of a change that was applied")
			}
			done++
		}
	}
	return Changed{h.Latency(), cpu / time.Duration(done)}, nil
}

// latency decides without a pause, one after the other, and takes the time of each on the wall, while so many changes a
// second are applied beside it.
func (c *child) latency(ctx context.Context, length time.Duration, rate int) (measure.Latency, error) {
	ours, err := c.ours()
	if err != nil {
		return measure.Latency{}, err
	}
	var stop atomic.Bool
	changed := make(chan error, 1)
	go func() { changed <- c.changing(ctx, ours.State, rate, &stop) }()
	var h measure.Histogram
	want := c.want[0]
	for i, end := 0, time.Now().Add(length); ; i++ {
		if i == len(want) {
			i = 0
		}
		begin := time.Now()
		if begin.After(end) {
			break
		}
		if ours.Decide(i) != want[i] {
			err = errors.New("a request was answered wrongly while changes came in")
			break
		}
		h.Add(time.Since(begin))
	}
	stop.Store(true)
	return h.Latency(), errors.Join(err, <-changed)
}

// changing applies changes at a rate until it is to stop.
func (c *child) changing(ctx context.Context, s *guard.State, rate int, stop *atomic.Bool) error {
	if rate == 0 {
		return nil
	}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	for k := 0; !stop.Load(); k++ {
		for _, step := range c.steps(1_000 + k%1000) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return ctx.Err()
			}
			if err := c.apply(s, step.change); err != nil {
				return err
			}
		}
	}
	return nil
}
