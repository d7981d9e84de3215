// Package report says what was measured: docs/performance.md, its pictures, and the numbers behind them.
package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
	"github.com/leastkey/leastkey/bench/figures"
	"github.com/leastkey/leastkey/bench/store"
)

// Results is everything that one run found.
type Results struct {
	Parts    map[string]Part  `json:"parts"` // by name
	Decision decision.Result  `json:"decision"`
	Starts   []store.Start    `json:"starts"`
	Chain    chain.Result     `json:"chain"`
	Control  []figures.Figure `json:"control"`
}

// Part is of what and when one part of the numbers is.
type Part struct {
	Commit  string        `json:"commit"`
	Date    time.Time     `json:"date"`
	Took    time.Duration `json:"took"`
	Machine Machine       `json:"machine"`
	Short   bool          `json:"short,omitempty"` // a trial of the program: the numbers say nothing
}

// Short reports whether any of the numbers are from a trial of the program, and say nothing.
func (r Results) Short() bool {
	for _, p := range r.Parts {
		if p.Short {
			return true
		}
	}
	return false
}

// machines says on what the numbers were measured: once, or for each part where that differs.
func (r Results) machines() []string {
	var all []string
	same := true
	names := slices.Sorted(maps.Keys(r.Parts))
	for _, name := range names {
		same = same && r.Parts[name].Machine == r.Parts[names[0]].Machine
		all = append(all, name+": "+r.Parts[name].Machine.String())
	}
	if same && len(all) > 0 {
		return []string{r.Parts[names[0]].Machine.String()}
	}
	return all
}

// runs says of what and when the numbers are: once, or for each part where they differ.
func (r Results) runs() []string {
	var all []string
	same, took := true, time.Duration(0)
	var first Part
	for _, name := range slices.Sorted(maps.Keys(r.Parts)) {
		p := r.Parts[name]
		if len(all) == 0 {
			first = p
		}
		same, took = same && p.Commit == first.Commit && p.Date.Sub(first.Date).Abs() < time.Hour, took+p.Took
		all = append(all, fmt.Sprintf("%s: %s, %s, in %v", name, p.Commit, p.Date.Format(dateForm), p.Took))
	}
	if same && len(all) > 0 {
		return []string{fmt.Sprintf("%s, %s, in %v", first.Commit, first.Date.Format(dateForm), took)}
	}
	return all
}

const dateForm = "2006-01-02 15:04 MST"

// file is where the numbers are, below docs.
const file = "performance/results.json"

// Write puts the report into docs.
func Write(docs string, r Results) error {
	if err := os.MkdirAll(filepath.Join(docs, "performance"), 0o755); err != nil { // #nosec G301 -- documents
		return err
	}
	numbers, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := write(docs, file, string(numbers)+"\n"); err != nil {
		return err
	}
	for name, p := range pictures(r) {
		if err := write(docs, "performance/"+name+".svg", p.SVG()); err != nil {
			return err
		}
	}
	text, err := page(r)
	if err != nil {
		return err
	}
	return write(docs, "performance.md", text)
}

// Read reads the numbers that are in docs.
func Read(docs string) (r Results, err error) {
	text, err := os.ReadFile(filepath.Join(docs, file))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(text, &r)
}

func write(docs, name, text string) error {
	return os.WriteFile(filepath.Join(docs, name), []byte(text), 0o644) // #nosec G306 -- documents
}

// row finds a contender at a number of tokens; nil when it was not measured there.
func (r Results) row(name string, tokens int) *decision.Row {
	for i := range r.Decision.Rows {
		if row := &r.Decision.Rows[i]; row.Contender == name && row.Tokens == tokens {
			return row
		}
	}
	return nil
}

// sizes are the numbers of tokens at which decisions were measured.
func (r Results) sizes() (all []int) {
	for _, row := range r.Decision.Rows {
		if row.Contender == contender.Floor {
			all = append(all, row.Tokens)
		}
	}
	return all
}

func (r Results) figure(key string) *figures.Figure {
	for i := range r.Control {
		if r.Control[i].Key == key {
			return &r.Control[i]
		}
	}
	return nil
}

func (r Results) start(tokens int) *store.Start {
	for i := range r.Starts {
		if r.Starts[i].Tokens == tokens {
			return &r.Starts[i]
		}
	}
	return nil
}
