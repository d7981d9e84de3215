package chain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/leastkey/leastkey/bench/measure"
)

// Plan says what is measured, and with what.
type Plan struct {
	Dir         string // for files
	Binary      string // of leastkey
	Seed        uint64
	Tokens      int // in the database of each gateway
	Requests    int // different ones, each of another token
	Rounds      int
	For         time.Duration // of one round of one row
	Connections int
	Paced       time.Duration // of one round at 80 %
	PacedRounds int
	Scaling     time.Duration // of each number of connections
	Log         func(format string, args ...any)
}

// Row is one chain of servers.
type Row struct {
	Name   string          `json:"name"`
	Group  string          `json:"group"`
	CPU    measure.Summary `json:"cpu_ns"` // of all its processes, for one request
	Rounds []float64       `json:"rounds"`
	Rate   float64         `json:"requests_per_second"` // on this machine, the load generator on it
}

// PacedRow is how long requests took at a part of the most that came through.
type PacedRow struct {
	Name string          `json:"name"`
	Most float64         `json:"most_per_second"`
	Rate float64         `json:"rate_per_second"`
	P50  measure.Summary `json:"p50_ns"`
	P99  measure.Summary `json:"p99_ns"`

	rounds []float64
}

// ScalingRow is what the gateway does with so many cores and connections.
type ScalingRow struct {
	Cores       int     `json:"cores"`
	Connections int     `json:"connections"`
	Rate        float64 `json:"requests_per_second"`
	CPU         float64 `json:"cpu_ns"` // of gateway and upstream, for one request
}

// Result is everything.
type Result struct {
	Tokens      int             `json:"tokens"`
	Connections int             `json:"connections"`
	Rows        []Row           `json:"rows"`
	Paced       []PacedRow      `json:"paced"`
	PacedRatio  measure.Summary `json:"paced_ratio"` // p99 of the gateway to nginx's
	Scaling     []ScalingRow    `json:"scaling"`
}

// Ratio is one row to another, round by round.
func (r Result) Ratio(of, to string) measure.Summary {
	return measure.Summarize(measure.Ratios(r.rounds(of), r.rounds(to)))
}

func (r Result) rounds(name string) []float64 {
	for _, row := range r.Rows {
		if row.Name == name {
			return row.Rounds
		}
	}
	return nil
}

// Row finds a row by its name; false where it was left out.
func (r Result) Row(name string) (Row, bool) {
	for _, row := range r.Rows {
		if row.Name == name {
			return row, true
		}
	}
	return Row{}, false
}

// Run measures the plan.
func Run(ctx context.Context, p Plan) (all Result, err error) {
	p.Log("servers and proxies start")
	w, err := open(ctx, p)
	if err != nil {
		return all, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	all.Tokens, all.Connections = p.Tokens, p.Connections
	for _, part := range []func(context.Context, *world, *Result) error{p.rows, p.paced, p.scaling} {
		if err := part(ctx, w, &all); err != nil {
			return all, err
		}
	}
	return all, nil
}

// rows has each row serve by turns. The first round warms up and is not counted.
func (p Plan) rows(ctx context.Context, w *world, all *Result) error {
	var here []line
	for _, l := range lines() {
		if w.has(l.processes) {
			here = append(here, l)
			all.Rows = append(all.Rows, Row{Name: l.name, Group: l.group})
		}
	}
	for n := range p.Rounds + 1 {
		for k := range here {
			i := (k + n) % len(here)
			cpu, rate, err := p.serve(ctx, w, here[i], p.Connections, p.For)
			if err != nil {
				return fmt.Errorf("%s: %w", here[i].name, err)
			}
			if row := &all.Rows[i]; n > 0 {
				row.Rounds, row.Rate = append(row.Rounds, cpu), max(row.Rate, rate)
			}
		}
	}
	for i := range all.Rows {
		row := &all.Rows[i]
		row.CPU = measure.Summarize(row.Rounds)
		p.Log("  %-55s %8.1f µs  %7.0f /s", row.Name, row.CPU.Median/1000, row.Rate)
	}
	return nil
}

// serve gives the CPU time of a request, and how many there were in a second.
func (p Plan) serve(ctx context.Context, w *world, l line, connections int, length time.Duration) (cpu, rate float64, err error) {
	pids := w.pids(l.processes)
	before, err := measure.CPUOf(pids...)
	if err != nil {
		return 0, 0, err
	}
	begin, n := time.Now(), 0
	if l.kind == check {
		n, err = checks(ctx, w.where[l.at], w.questions, connections, length)
	} else {
		var s *sent
		if s, err = w.load(l).closed(ctx, connections, length); s != nil {
			n = s.requests
		}
	}
	took := time.Since(begin)
	if err != nil {
		return 0, 0, err
	}
	after, err := measure.CPUOf(pids...)
	if err != nil {
		return 0, 0, err
	}
	if n == 0 {
		return 0, 0, errors.New("no request came through")
	}
	return float64(after-before) / float64(n), float64(n) / took.Seconds(), nil
}

func (w *world) load(l line) load {
	requests := map[kind][][]byte{direct: w.direct, asking: w.asked, large: w.big}[l.kind]
	return load{addr: w.where[l.at], requests: requests, status: l.status, body: l.body}
}

func byName(name string) line {
	for _, l := range lines() {
		if l.name == name {
			return l
		}
	}
	return line{}
}

// paced holds the gateway beside nginx with auth_request at four fifths of what each can do, and looks at the slowest
// requests.
func (p Plan) paced(ctx context.Context, w *world, all *Result) error {
	const part, connections = 0.8, 64
	rows := []PacedRow{{Name: RowGateway}, {Name: RowNginxHTTPTo}}
	if !w.has(byName(RowNginxHTTPTo).processes) {
		rows = rows[:1]
	}
	for i := range rows {
		var rates []float64
		for range 3 {
			s, err := w.load(byName(rows[i].Name)).closed(ctx, connections, p.Paced/2)
			if err != nil {
				return err
			}
			rates = append(rates, float64(s.requests)/s.took.Seconds())
		}
		rows[i].Most = measure.Summarize(rates).Median
		rows[i].Rate = part * rows[i].Most
	}
	middle := make([][]float64, len(rows))
	for range p.PacedRounds {
		for i := range rows {
			s, err := w.load(byName(rows[i].Name)).open(ctx, connections, rows[i].Rate, p.Paced)
			if err != nil {
				return err
			}
			rows[i].rounds = append(rows[i].rounds, float64(s.Quantile(0.99)))
			middle[i] = append(middle[i], float64(s.Quantile(0.5)))
		}
	}
	for i := range rows {
		rows[i].P99, rows[i].P50 = measure.Summarize(rows[i].rounds), measure.Summarize(middle[i])
		p.Log("  at 80 %%: %-45s %7.0f /s  p50 %.2f ms  p99 %.2f ms", rows[i].Name, rows[i].Rate, rows[i].P50.Median/1e6, rows[i].P99.Median/1e6)
	}
	if len(rows) == 2 {
		all.PacedRatio = measure.Summarize(measure.Ratios(rows[0].rounds, rows[1].rounds))
	}
	all.Paced = rows
	return nil
}

// scaling has the gateway on one core and on two serve more and more connections.
func (p Plan) scaling(ctx context.Context, w *world, all *Result) error {
	for i, process := range []string{pLeastkey, pLeastkey2} {
		cores := i + 1
		for _, connections := range []int{1, 8, 64, 256} {
			l := byName(RowGateway)
			l.processes = []string{process, pUpstream}
			if cores == 2 {
				l.at = gatewayOn2
			}
			if _, _, err := p.serve(ctx, w, l, connections, p.Scaling/4); err != nil {
				return err
			}
			cpu, rate, err := p.serve(ctx, w, l, connections, p.Scaling)
			if err != nil {
				return err
			}
			all.Scaling = append(all.Scaling, ScalingRow{cores, connections, rate, cpu})
			p.Log("  gateway on %d core(s), %3d connections: %7.0f /s, %.1f µs", cores, connections, rate, cpu/1000)
		}
	}
	return nil
}
