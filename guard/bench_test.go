package guard_test

import (
	"context"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// checked is a guard with and without an observer, and a request that is allowed.
func checked(t testing.TB) (guards map[string]*guard.Guard, r guard.Request) {
	t.Helper()
	w := newWorld(t)
	s := secret(t, leastkey.UserTokenSecret, 1)
	w.apply(t, w.token(1, s, w.policy(t, leastkey.Allow, leastkey.PatternOne(w.one), "DNS Write")))
	told := 0
	observed, err := guard.New(guard.Config{State: w.state, Brand: leastkey.DefaultBrand, Now: clock,
		Observe: func(o guard.Observation) { told += len(o.Operation) }})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*guard.Guard{"alone": w.guard, "observed": observed}, request("PATCH", "/zones/"+w.one.ID+"/dns_records/1", "", bearer(s)...)
}

func BenchmarkCheck(b *testing.B) {
	guards, r := checked(b)
	for _, name := range []string{"alone", "observed"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !guards[name].Check(context.Background(), r).Allowed() {
					b.Fatal("refused")
				}
			}
		})
	}
}

// To observe costs no allocation.
func TestObserveAllocatesNothing(t *testing.T) {
	guards, r := checked(t)
	allocations := func(name string) float64 {
		return testing.AllocsPerRun(1000, func() { guards[name].Check(context.Background(), r) })
	}
	if alone, observed := allocations("alone"), allocations("observed"); observed > alone {
		t.Errorf("%v allocations alone, %v observed", alone, observed)
	}
}
