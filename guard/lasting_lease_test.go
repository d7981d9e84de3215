package guard

import (
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// A verdict lasts no longer than the state it was found in is sure.
func TestLastsNoLongerThanTheLease(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	s := NewState(c)
	if err := s.Load(1, func(func(leastkey.Change) error) error { return nil }); err != nil {
		t.Fatal(err)
	}
	leased := *s.current.Load()
	leased.lease = lease{from: start, bound: 5 * time.Second, now: func() time.Time { return now }}
	s.publish(&leased)
	g := &Guard{state: s, now: func() time.Time { return now }}
	for _, passed := range []time.Duration{0, time.Second, 5*time.Second - 1} {
		now = start.Add(passed)
		if left, ends := g.Lasts(Verdict{}); !ends || left != 5*time.Second-passed || !leased.lease.holds() {
			t.Errorf("after %v: %v, %t; want what is left of the lease", passed, left, ends)
		}
	}
	now = start.Add(5 * time.Second)
	if left, _ := g.Lasts(Verdict{}); left != 0 || leased.lease.holds() {
		t.Errorf("%v left at the end", left)
	}
	if left, ends := g.Lasts(Verdict{Credential: Credential{Validity: leastkey.Validity{ExpiresOn: now.Add(-time.Second)}}}); !ends || left != -time.Second {
		t.Errorf("%v, %t; want the expiry, which is before", left, ends)
	}
	s.Doubt()
	if left, ends := g.Lasts(Verdict{}); !ends || left != 0 {
		t.Errorf("%v, %t of a state that is not sure", left, ends)
	}
}
