package figures

import (
	"slices"
	"testing"
)

func TestRead(t *testing.T) {
	const out = `goos: linux
BenchmarkCommit-2          	    1234	    987654 ns/op	         1.200 x-plain
BenchmarkCommit/all-2      	    1234	    987655 ns/op	         1.300 x-plain	     120 B/op	       3 allocs/op
PASS
ok  	example.com	1.2s
`
	if got := read(out, "x-plain"); !slices.Equal(got, []float64{1.2, 1.3}) {
		t.Errorf("x-plain: %v", got)
	}
	if got := read(out, "ns/op"); !slices.Equal(got, []float64{987654, 987655}) {
		t.Errorf("ns/op: %v", got)
	}
	if got := read(out, "none"); len(got) != 0 {
		t.Errorf("none: %v", got)
	}
}
