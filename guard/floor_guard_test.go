//go:build !race

package guard_test

import (
	"testing"
)

// recordedRatio is how many times the floor a decision took when docs/performance.md was written, among
// a thousand tokens: 5.8 to 7.5, as the machine was doing other things or not. Who makes decisions faster
// lowers it.
const recordedRatio = 7.5

// A decision that takes a fifth longer, measured by the floor of the same run and not by a clock, fails
// the build. Noise only ever adds to what is measured, so the best of some runs counts.
func TestDecisionStaysNearItsFloor(t *testing.T) {
	w := newCrowd(t, 1000, 5000)
	best := 1e9
	for range 12 {
		floor, ours := w.rates(t, 11)
		if best = min(best, float64(ours)/float64(floor)); best <= 1.2*recordedRatio {
			t.Logf("a decision takes %.2f times the floor", best)
			return
		}
	}
	t.Errorf("a decision takes %.2f times the floor, where it took %.2f: profile it (go test ./guard -run '^$' -bench Floor -cpuprofile cpu.out)", best, recordedRatio)
}

// Whatever is allowed is allowed without garbage.
func TestDecisionAllocatesNothing(t *testing.T) {
	w := newCrowd(t, 100, 1)
	w.request.Header["Accept"], w.request.Header["User-Agent"], w.request.Header["X-Stainless-Lang"] = []string{"*/*"}, []string{"curl"}, []string{"go"}
	for _, query := range []string{"", "?page=2&per_page=50"} {
		r := crowdRequest{w.requests[0].authorization, w.requests[0].target + query}
		if n := testing.AllocsPerRun(100, func() {
			if v := w.check(r); !v.Allowed() {
				t.Fatal(v.Denial.Errors)
			}
		}); n != 0 {
			t.Errorf("%v allocations for a decision with the query %q", n, query)
		}
	}
}
