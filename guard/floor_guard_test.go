//go:build !race

package guard_test

import (
	"bufio"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recorded is where it stands how many times the floor a decision took, among a thousand tokens, as
// BenchmarkFloor printed it. Who makes decisions faster records it anew: make floor-record.
const recorded = "../docs/benchmarks/floor.txt"

// recordedRatio is the least of what was recorded, as the least of what is measured counts.
func recordedRatio(t *testing.T) float64 {
	t.Helper()
	file, err := os.Open(recorded)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var ratios []float64
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if i := slices.Index(words, "x-floor"); i > 0 {
			ratio, err := strconv.ParseFloat(words[i-1], 64)
			if err != nil {
				t.Fatal(err)
			}
			ratios = append(ratios, ratio)
		}
	}
	if len(ratios) < 5 {
		t.Fatalf("%s has %d ratios: record it anew with make floor-record", recorded, len(ratios))
	}
	return slices.Min(ratios)
}

// A decision that takes a fifth longer, measured by the floor of the same run and not by a clock, fails
// the build. Noise only ever adds to what is measured, so the best of some runs counts.
func TestDecisionStaysNearItsFloor(t *testing.T) {
	was := recordedRatio(t)
	w := newCrowd(t, 1000, 5000)
	best := 1e9
	for range 12 {
		floor, ours := w.rates(t, 11)
		if best = min(best, float64(ours)/float64(floor)); best <= 1.2*was {
			t.Logf("a decision takes %.2f times the floor, and took %.2f", best, was)
			return
		}
	}
	t.Errorf("a decision takes %.2f times the floor, where it took %.2f: profile it (go test ./guard -run '^$' -bench Floor -cpuprofile cpu.out)", best, was)
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
