package measure_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/bench/measure"
)

func TestSummaryOfRounds(t *testing.T) {
	got := measure.Summarize([]float64{5, 1, 4, 2, 3})
	if want := (measure.Summary{Median: 3, Low: 2, High: 4, Rounds: 5}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got := measure.Summarize([]float64{1, 2}).Median; got != 1.5 {
		t.Errorf("the median of 1 and 2 is %v", got)
	}
	if got := measure.Summarize(nil); got != (measure.Summary{}) {
		t.Errorf("of nothing: %v", got)
	}
}

// A machine that is twice as slow in one round does not change the ratio.
func TestRatiosAreOfOneRound(t *testing.T) {
	got := measure.Ratios([]float64{3, 6, 3}, []float64{2, 4, 2})
	if !slices.Equal(got, []float64{1.5, 1.5, 1.5}) {
		t.Errorf("%v", got)
	}
}

// A quantile of the histogram is never below the true one, and at most 1/32 above.
func TestQuantilesAreNearTheTrueOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 300).Draw(t, "durations")
		var a, b measure.Histogram
		for i, d := range all {
			if i%2 == 0 {
				a.Add(time.Duration(d))
			} else {
				b.Add(time.Duration(d))
			}
		}
		a.Merge(&b)
		slices.Sort(all)
		for _, q := range []float64{0, 0.5, 0.99, 0.999, 1} {
			want := all[min(int(q*float64(len(all))), len(all)-1)]
			got := int64(a.Quantile(q))
			if got < want || got > want+want/32+1 {
				t.Fatalf("quantile %v: %d, want %d", q, got, want)
			}
		}
	})
}

func TestProcessTimePasses(t *testing.T) {
	begin := measure.CPU()
	for n := 0; measure.CPU()-begin < time.Millisecond; n++ {
		if n == 1<<30 {
			t.Fatal("no time passes")
		}
	}
	own, err := measure.CPUOf(1)
	if err != nil || own < 0 {
		t.Errorf("%v %v", own, err)
	}
	if _, err := measure.CPUOf(1 << 21); err == nil {
		t.Error("a process that is not there has a time")
	}
}
