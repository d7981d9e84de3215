// Package figures runs the Go benchmarks of the product that say how the control plane does, and reads what they report.
package figures

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey/bench/measure"
)

// Figure is one number that a benchmark reports, by which it goes in the report.
type Figure struct {
	Key   string  `json:"key"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	From  string  `json:"from"`
}

// source is where a figure comes from.
type source struct {
	key       string
	pkg       string
	benchmark string // regular expression of go test -bench
	unit      string // of the number on the benchmark's line
	time      string // of go test -benchtime
}

// The keys of figures.
const (
	CreateToPlain  = "create-one-client"   // creates with one client: how many in the time of a bare commit of one row
	CreatesToPlain = "create-many-clients" // creates with 64 clients: the same
	CreatesRate    = "creates-per-second"  // with 64 clients
	ListOf500      = "list-500-tokens"     // milliseconds, by the use case
	PagesOf500     = "list-500-pages"      // milliseconds, by ten requests through the gateway, one after the other
)

// sources is the table. A benchmark that is not there gives no figure.
func sources() []source {
	const nodetest = "./internal/nodetest"
	return []source{
		{CreateToPlain, nodetest, "^BenchmarkCreate$/^clients=1$", "of-plain", "2000x"},
		{CreatesToPlain, nodetest, "^BenchmarkCreate$/^clients=64$", "of-plain", "10000x"},
		{CreatesRate, nodetest, "^BenchmarkCreate$/^clients=64$", "creates/s", "10000x"},
		{ListOf500, nodetest, "^BenchmarkList$/^use-case$", "median-ms", "200x"},
		{PagesOf500, nodetest, "^BenchmarkList$/^all-pages$", "median-ms", "100x"},
	}
}

// Measure runs the benchmarks in the module at root.
func Measure(ctx context.Context, root string, log func(string, ...any)) ([]Figure, error) {
	var all []Figure
	ran := map[string]string{} // one run may report several figures
	for _, s := range sources() {
		out, done := ran[s.benchmark]
		if !done {
			var err error
			if out, err = s.run(ctx, root); err != nil {
				return all, err
			}
			ran[s.benchmark] = out
		}
		values := read(out, s.unit)
		if len(values) == 0 {
			log("  %s: %s %s reports no %s", s.key, s.pkg, s.benchmark, s.unit)
			continue
		}
		f := Figure{s.key, measure.Summarize(values).Median, s.unit, s.pkg + " " + s.benchmark}
		log("  %s: %g %s", f.Key, f.Value, f.Unit)
		all = append(all, f)
	}
	return all, nil
}

func (s source) run(ctx context.Context, root string) (string, error) {
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", s.benchmark, "-benchtime", s.time, "-count", "3", s.pkg) // #nosec G204 -- of the table above
	command.Dir = root
	out, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%v: %w\n%s", command.Args, err, out)
	}
	return string(out), nil
}

// read takes the numbers of one unit out of the lines of benchmarks:
//
//	BenchmarkCommit-2   1234   987654 ns/op   1.20 x-plain
func read(out, unit string) (values []float64) {
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		for i := 3; i < len(fields); i += 2 {
			if v, err := strconv.ParseFloat(fields[i-1], 64); err == nil && fields[i] == unit {
				values = append(values, v)
			}
		}
	}
	return values
}
