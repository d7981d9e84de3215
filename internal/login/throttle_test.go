package login

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// hand is a clock that is moved by hand.
type hand struct{ at time.Time }

func (h *hand) now() time.Time { return h.at }

func newHand() *hand { return &hand{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)} }

// TestThrottleProperty holds the table to a bucket that is counted out one attempt at a time.
func TestThrottleProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := newHand()
		rate := Rate{rapid.IntRange(1, 5).Draw(t, "burst"), time.Duration(rapid.IntRange(1, 10).Draw(t, "every")) * time.Second}
		table := newThrottle(rate, cells, clock.now)
		spent := time.Duration(0) // until all attempts are back
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				table.forgive("a")
				spent = 0
			case 1:
				passed := time.Duration(rapid.IntRange(0, 20_000).Draw(t, "milliseconds")) * time.Millisecond
				clock.at = clock.at.Add(passed)
				spent = max(0, spent-passed)
			default:
				err := table.take("a")
				wait := spent + rate.Every - time.Duration(rate.Burst)*rate.Every
				if wait <= 0 {
					spent += rate.Every
				}
				var throttled Throttled
				switch {
				case wait <= 0 && err != nil:
					t.Fatalf("refused with attempts left: %v", err)
				case wait > 0 && (!errors.As(err, &throttled) || throttled.RetryAfter != wait):
					t.Fatalf("%v, want a wait of %v", err, wait)
				}
			}
		}
	})
}

// TestThrottleSharedCellProperty shows that nobody gains by what others do, even where all keys
// share one cell: of attempts at one key, no more get through than the rate says.
func TestThrottleSharedCellProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := newHand()
		rate := Rate{3, 10 * time.Second}
		table := newThrottle(rate, 1, clock.now)
		var through []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				clock.at = clock.at.Add(time.Duration(rapid.IntRange(0, 15).Draw(t, "seconds")) * time.Second)
			case 1: // another person, who knows their own password, and may mistype it
				if table.take("mallory") == nil && rapid.Bool().Draw(t, "right") {
					table.forgive("mallory")
				}
			default:
				if table.take("victim") == nil {
					through = append(through, clock.at)
				}
			}
		}
		for i := range through {
			for j := i; j < len(through); j++ {
				if most := rate.Burst + int(through[j].Sub(through[i])/rate.Every); j-i+1 > most {
					t.Fatalf("%d attempts within %v, want %d at most", j-i+1, through[j].Sub(through[i]), most)
				}
			}
		}
	})
}

// TestThrottleIsBounded shows that no number of keys takes memory, or pushes another key out.
func TestThrottleIsBounded(t *testing.T) {
	table := newThrottle(Rate{10, time.Hour}, cells, newHand().now)
	for range 10 {
		if err := table.take("victim"); err != nil {
			t.Fatal(err)
		}
	}
	keys := make([]string, 20_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("key %d", i)
	}
	victims, _ := table.cell("victim")
	next := 0
	kept := testing.AllocsPerRun(len(keys)-1, func() {
		mine, _ := table.cell(keys[next])
		if err := table.take(keys[next]); err != nil && mine != victims {
			t.Errorf("%s: %v", keys[next], err)
		}
		next++
	})
	if kept != 0 {
		t.Errorf("a key that was never seen takes %v allocations", kept)
	}
	if table.take("victim") == nil {
		t.Error("attempts at a key came back because of others")
	}
}

func TestThrottleClockSetBack(t *testing.T) {
	clock := newHand()
	table := newThrottle(Rate{2, time.Second}, cells, clock.now)
	for range 2 {
		if err := table.take("a"); err != nil {
			t.Fatal(err)
		}
	}
	clock.at = clock.at.Add(-24 * time.Hour)
	var throttled Throttled
	if err := table.take("a"); !errors.As(err, &throttled) || throttled.RetryAfter > time.Second {
		t.Fatalf("after the clock was set back: %v", err)
	}
	if throttled.Seconds() != 1 {
		t.Errorf("%d seconds", throttled.Seconds())
	}
	clock.at = clock.at.Add(time.Second)
	if err := table.take("a"); err != nil {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::2", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
	} {
		if same := addressKey(netip.MustParseAddr(c.a)) == addressKey(netip.MustParseAddr(c.b)); same != c.same {
			t.Errorf("%s and %s: the same is %v", c.a, c.b, same)
		}
	}
	if emailKey(" Ada@Example.COM ") != emailKey("ada@example.com") {
		t.Error("spellings of one e-mail address count apart")
	}
}
