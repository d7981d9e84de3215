package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
	"github.com/leastkey/leastkey/bench/plot"
)

// pictures are those of the report, by name.
func pictures(r Results) map[string]plot.Plot {
	return map[string]plot.Plot{
		"decision": {
			Title: "CPU time of a decision", X: "tokens", Y: "time of one", FormatX: count, FormatY: nanoseconds,
			Series: r.lines(func(row decision.Row) float64 { return row.CPU.Median }, contender.Usual),
		},
		"memory": {
			Title: "Heap for a token", X: "tokens", Y: "bytes for each", FormatX: count, FormatY: bytes,
			Series: r.lines(func(row decision.Row) float64 { return row.PerToken }, contender.JWTEdDSA, contender.JWTHMAC, contender.Macaroon, contender.Usual),
		},
		"start":   r.startPicture(),
		"change":  r.changePicture(),
		"gateway": r.gatewayPicture(),
	}
}

// lines has one for each contender, from all its rows.
func (r Results) lines(value func(decision.Row) float64, without ...string) []plot.Series {
	var all []plot.Series
	for _, name := range contender.Names() {
		s := plot.Series{Name: title(name), Strong: name == contender.Leastkey}
		for _, row := range r.Decision.Rows {
			if row.Contender == name && value(row) > 0 && !slices.Contains(without, name) {
				s.Points = append(s.Points, plot.Point{X: float64(row.Tokens), Y: value(row)})
			}
		}
		if len(s.Points) > 0 {
			all = append(all, sorted(s))
		}
	}
	return all
}

func sorted(s plot.Series) plot.Series {
	slices.SortFunc(s.Points, func(a, b plot.Point) int { return cmp.Compare(a.X, b.X) })
	return s
}

func (r Results) startPicture() plot.Plot {
	fromStore := plot.Series{Name: "from SQLite, on the wall", Strong: true}
	cpu := plot.Series{Name: "from SQLite, CPU"}
	for _, s := range r.Starts {
		fromStore.Points = append(fromStore.Points, plot.Point{X: float64(s.Tokens), Y: s.Wall.Seconds()})
		cpu.Points = append(cpu.Points, plot.Point{X: float64(s.Tokens), Y: s.CPU.Seconds()})
	}
	load := plot.Series{Name: "tokens made here, CPU"}
	for _, row := range r.Decision.Rows {
		if row.Contender == contender.Leastkey {
			load.Points = append(load.Points, plot.Point{X: float64(row.Tokens), Y: row.LoadCPU.Seconds()})
		}
	}
	return plot.Plot{Title: "From nothing to the first decision", X: "tokens", Y: "time", FormatX: count, FormatY: seconds,
		Series: []plot.Series{sorted(fromStore), sorted(cpu), sorted(load)}}
}

func (r Results) changePicture() plot.Plot {
	p50, p99 := plot.Series{Name: "p50", Strong: true}, plot.Series{Name: "p99"}
	for _, c := range r.Decision.Changes {
		p50.Points = append(p50.Points, plot.Point{X: float64(c.Tokens), Y: float64(c.P50)})
		p99.Points = append(p99.Points, plot.Point{X: float64(c.Tokens), Y: float64(c.P99)})
	}
	return plot.Plot{Title: "From a change to a decision that knows of it", X: "tokens", Y: "time", FormatX: count, FormatY: nanoseconds,
		Series: []plot.Series{sorted(p50), sorted(p99)}}
}

func (r Results) gatewayPicture() plot.Plot {
	one, two := plot.Series{Name: "one core"}, plot.Series{Name: "two cores", Strong: true}
	for _, row := range r.Chain.Scaling {
		at := plot.Point{X: float64(row.Connections), Y: row.Rate}
		if row.Cores == 1 {
			one.Points = append(one.Points, at)
		} else {
			two.Points = append(two.Points, at)
		}
	}
	return plot.Plot{Title: "Requests a second through the gateway", X: "connections", Y: "requests a second", FormatX: count, FormatY: count, Doublings: true,
		Series: []plot.Series{sorted(one), sorted(two)}}
}

func count(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%g M", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%g k", v/1e3)
	default:
		return fmt.Sprintf("%g", v)
	}
}

func nanoseconds(v float64) string {
	switch {
	case v >= 1e9:
		return fmt.Sprintf("%g s", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%g ms", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%g µs", v/1e3)
	default:
		return fmt.Sprintf("%g ns", v)
	}
}

func seconds(v float64) string { return nanoseconds(v * 1e9) }

func bytes(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%g kB", v/1000)
	}
	return strconv.FormatFloat(v, 'g', -1, 64) + " B"
}
