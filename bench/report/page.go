package report

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
)

//go:embed page.md
var pageText string

// reasonsText says why what is not met is not, and what it would take. It is kept by hand.
//
//go:embed reasons.yaml
var reasonsText string

// boughtText says what each optimisation bought. It is kept by hand.
//
//go:embed optimisations.md
var boughtText string

// page is docs/performance.md.
func page(r Results) (string, error) {
	var reasons struct {
		NotMet map[string]string `yaml:"not_met"`
		Met    map[string]string `yaml:"met"`
	}
	if err := yaml.Unmarshal([]byte(reasonsText), &reasons); err != nil {
		return "", fmt.Errorf("reasons.yaml: %w", err)
	}
	all := targets(r)
	known := map[string]bool{}
	for i, t := range all {
		known[t.Key] = true
		of := reasons.NotMet
		if t.Met {
			of = reasons.Met
		}
		all[i].Reason = strings.TrimSpace(of[t.Key])
	}
	for _, of := range []map[string]string{reasons.NotMet, reasons.Met} {
		for key := range of {
			if !known[key] {
				return "", fmt.Errorf("reasons.yaml: there is no target %q", key)
			}
		}
	}
	t, err := template.New("page").Funcs(template.FuncMap{
		"title": title, "us": micros, "count": func(n int) string { return count(float64(n)) }, "d": rounded,
		"gb": func(n int64) string { return fmt.Sprintf("%.2f GB", float64(n)/1e9) },
		"s":  func(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) },
	}).Parse(pageText)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, map[string]any{
		"R": r, "Targets": all, "Bought": strings.TrimSpace(boughtText), "Sizes": r.sizes(), "Decisions": r.table(func(row decision.Row) string {
			return fmt.Sprintf("%s<br>%.1f ×", micros(row.CPU.Median), row.ToFloor.Median)
		}), "Memory": r.table(func(row decision.Row) string { return fmt.Sprintf("%.0f B", max(row.PerToken, 0)) }), "Groups": groups(r.Chain),
		"Ours": r.ours(), "Runs": r.runs(), "Machines": r.machines(), "Short": r.inShort(),
	})
	return b.String(), err
}

// cells is a row of a table.
type cells struct {
	Name  string
	Cells []string
}

// table has a row for each contender, quickest first, and a column for each size.
func (r Results) table(cell func(decision.Row) string) []cells {
	var all []cells
	for _, name := range order() {
		row, measured := cells{Name: title(name)}, false
		for _, tokens := range r.sizes() {
			text := ""
			if at := r.row(name, tokens); at != nil {
				text, measured = cell(*at), true
			}
			row.Cells = append(row.Cells, text)
		}
		if measured {
			all = append(all, row)
		}
	}
	return all
}

// ours are the rows of Leastkey by itself, one for each size.
func (r Results) ours() (all []decision.Row) {
	for _, tokens := range r.sizes() {
		if row := r.row(contender.Leastkey, tokens); row != nil {
			all = append(all, *row)
		}
	}
	return all
}

func order() []string {
	return []string{contender.Floor, contender.Minimal, contender.Leastkey, contender.Usual, contender.Cedar, contender.Macaroon,
		contender.JWTHMAC, contender.Casbin, contender.OPA, contender.JWTEdDSA}
}

// title is a contender as people call it.
func title(name string) string {
	titles := map[string]string{
		contender.Floor: "floor", contender.Minimal: "written by hand", contender.Leastkey: "Leastkey", contender.Usual: "Leastkey, 9 header fields",
		contender.OPA: "OPA", contender.JWTHMAC: "golang-jwt HS256", contender.JWTEdDSA: "golang-jwt EdDSA",
	}
	if t, ok := titles[name]; ok {
		return t
	}
	return name
}

func micros(ns float64) string {
	switch us := ns / 1000; {
	case us >= 100:
		return fmt.Sprintf("%.0f µs", us)
	case us >= 10:
		return fmt.Sprintf("%.1f µs", us)
	default:
		return fmt.Sprintf("%.2f µs", us)
	}
}

// group is a table of chains.
type group struct {
	Name string
	Rows []chain.Row
}

func groups(r chain.Result) (all []group) {
	for _, row := range r.Rows {
		i := slices.IndexFunc(all, func(g group) bool { return g.Name == row.Group })
		if i < 0 {
			i, all = len(all), append(all, group{Name: row.Group})
		}
		all[i].Rows = append(all[i].Rows, row)
	}
	return all
}
