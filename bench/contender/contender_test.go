package contender_test

import (
	"testing"

	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
)

// Whoever is compared answers the same requests, and rightly.
func TestEveryContenderAnswersRightly(t *testing.T) {
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	w, err := workload.New(c, 7, 300)
	if err != nil {
		t.Fatal(err)
	}
	cases := w.Cases(1000)
	for _, name := range contender.Names() {
		t.Run(name, func(t *testing.T) {
			one, err := contender.New(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range contender.Parts() {
				if err := one.Load(w, p); err != nil {
					t.Fatal(err)
				}
			}
			if err := one.Prepare(w, cases); err != nil {
				t.Fatal(err)
			}
			for i := range cases {
				one.Warm(i)
				if got, want := one.Decide(i), one.Want(&cases[i]); got != want {
					t.Fatalf("request %d, %s %s: %v, want %v (%v)", i, cases[i].Method, cases[i].Target, got, want, cases[i].Reason)
				}
			}
		})
	}
}
