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
	CreateToPlain  = "create-one-client"   // creates with one client: rate to that of plain commits of one row
	CreatesToPlain = "create-many-clients" // creates with 64 clients: the same
	ListOf500      = "list-500-tokens"     // nanoseconds
)

// sources is the table. A benchmark that is not there gives no figure.
func sources() []source {
	return []source{
		{CreateToPlain, "./internal/control", "^BenchmarkCreateToken$/^clients=1$", "x-plain", "3s"},
		{CreatesToPlain, "./internal/control", "^BenchmarkCreateToken$/^clients=64$", "x-plain", "3s"},
		{ListOf500, "./internal/control", "^BenchmarkListTokens$", "ns/op", "1s"},
	}
}

// Measure runs the benchmarks in the module at root.
func Measure(ctx context.Context, root string, log func(string, ...any)) ([]Figure, error) {
	var all []Figure
	for _, s := range sources() {
		command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", s.benchmark, "-benchtime", s.time, "-count", "3", s.pkg) // #nosec G204 -- of the table above
		command.Dir = root
		out, err := command.CombinedOutput()
		if err != nil {
			return all, fmt.Errorf("%v: %w\n%s", command.Args, err, out)
		}
		values := read(string(out), s.unit)
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
