package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
	"github.com/leastkey/leastkey/bench/measure"
	"github.com/leastkey/leastkey/bench/report"
	"github.com/leastkey/leastkey/bench/store"
)

func results(toFloor float64) report.Results {
	row := func(name string, tokens int, ns, ratio float64) decision.Row {
		return decision.Row{Contender: name, Tokens: tokens, CPU: measure.Summary{Median: ns, Rounds: 3}, ToFloor: measure.Summary{Median: ratio, Rounds: 3},
			PerToken: 120, Heap: map[string]int64{"tokens": 1 << 20, "owners": 1 << 10, "resources": 1 << 10}, LoadCPU: time.Second}
	}
	return report.Results{
		Parts: map[string]report.Part{"decisions": {Commit: "0123456789", Date: time.Unix(1900000000, 0).UTC()}},
		Decision: decision.Result{Rows: []decision.Row{
			row(contender.Floor, 1000, 120, 1), row(contender.Leastkey, 1000, 240, 2),
			row(contender.Floor, 1_000_000, 480, 1), row(contender.Leastkey, 1_000_000, 480*toFloor, toFloor),
		}},
		Starts: []store.Start{{Tokens: 1_000_000, Wall: 2 * time.Second, CPU: 3 * time.Second}},
		Chain:  chain.Result{Rows: []chain.Row{{Name: chain.RowGateway, Group: chain.GroupTogether, CPU: measure.Summary{Median: 60_000, Rounds: 1}, Rounds: []float64{60_000}}}},
	}
}

func written(t *testing.T, r report.Results) string {
	t.Helper()
	docs := t.TempDir()
	if err := report.Write(docs, r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(docs, "performance.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"decision.svg", "memory.svg", "start.svg", "change.svg", "gateway.svg", "results.json"} {
		if _, err := os.Stat(filepath.Join(docs, "performance", link)); err != nil || !strings.Contains(string(text), "(performance/"+link+")") {
			t.Errorf("%s: %v", link, err)
		}
	}
	again, err := report.Read(docs)
	if err != nil || len(again.Parts) != len(r.Parts) || len(again.Decision.Rows) != len(r.Decision.Rows) {
		t.Errorf("the numbers do not read back: %v", err)
	}
	return string(text)
}

// The report says of each target whether it is met, by the numbers.
func TestTargetsAreHeldToTheNumbers(t *testing.T) {
	for ratio, want := range map[float64]string{1.4: "| 1.40 × (0.00 to 0.00) | met |", 1.6: "| 1.60 × (0.00 to 0.00) | **not met** |"} {
		text := written(t, results(ratio))
		for _, line := range []string{"decision to floor at 1 M tokens | ≤ 1.5 × " + want, "| 2.0 s (CPU 3.0 s) | met |", "| 60.0 µs | **not met** |", "| not measured |"} {
			if !strings.Contains(text, line) {
				t.Errorf("%v: the page has no %q:\n%s", ratio, line, text)
			}
		}
	}
}

func TestEmptyResults(t *testing.T) {
	written(t, report.Results{Parts: map[string]report.Part{"start": {Short: true}}})
}

// Parts of one run are named once; a part that was measured later, of something else, by itself.
func TestWhatWasMeasured(t *testing.T) {
	r := results(1)
	date := r.Parts["decisions"].Date
	r.Parts["chain"] = report.Part{Commit: "0123456789", Date: date.Add(time.Minute), Took: time.Minute}
	if text := written(t, r); !strings.Contains(text, "| commit, date | 0123456789, 2030-03-17 17:47 UTC, in 1m0s |") {
		t.Errorf("the page does not name the run:\n%.1200s", text)
	}
	r.Parts["chain"] = report.Part{Commit: "abcdef", Date: date}
	if text := written(t, r); !strings.Contains(text, "| commit, date | chain: abcdef,") || !strings.Contains(text, "| commit, date | decisions: 0123456789,") {
		t.Errorf("the page does not name both runs:\n%.1200s", text)
	}
}
