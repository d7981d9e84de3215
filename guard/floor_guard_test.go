//go:build !race

package guard_test

import (
	"testing"
)

// recordedRatio is how many times the floor a decision took when docs/benchmarks/floor.txt was written, among
// a thousand tokens, on the kind of processor that hashes fastest beside the rest. Who makes decisions faster
// lowers it.
const recordedRatio = 7.8

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

// A decision makes no garbage, however it comes out; the words of a refusal do, when they are asked for.
func TestDecisionAllocatesNothing(t *testing.T) {
	w := newCrowd(t, 100, 1)
	w.request.Header["Accept"], w.request.Header["User-Agent"], w.request.Header["X-Stainless-Lang"] = []string{"*/*"}, []string{"curl"}, []string{"go"}
	known, zone := w.requests[0].authorization, w.requests[0].target
	for name, row := range map[string]struct {
		crowdRequest
		allowed bool
	}{
		"allowed":        {crowdRequest{known, zone}, true},
		"with a query":   {crowdRequest{known, zone + "?page=2&per_page=50"}, true},
		"another zone":   {crowdRequest{known, "/client/v4/zones/" + crowdZone(19).ID + "/dns_records/1"}, false},
		"no zone":        {crowdRequest{known, "/client/v4/zones/1/dns_records/1"}, false},
		"unknown secret": {crowdRequest{scheme + crowdSecret(t, 100).Reveal(), zone}, false},
		"no right":       {crowdRequest{known, "/client/v4/zones/" + crowdZone(0).ID + "/settings/ssl"}, false},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if v := w.check(row.crowdRequest); v.Allowed() != row.allowed {
				t.Fatalf("%s: allowed %t: %v", name, v.Allowed(), v.Denial())
			}
		}); n != 0 {
			t.Errorf("%v allocations for a decision: %s", n, name)
		}
	}
}
