package report

import (
	"fmt"
	"time"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/figures"
	"github.com/leastkey/leastkey/bench/measure"
)

// Target is one thing to be reached, and how far it was.
type Target struct {
	Key    string // by which reasons.yaml has a reason
	Number string
	What   string
	Aim    string
	Figure string // empty: not measured
	Met    bool
	Reason string
}

// Verdict is the word in the table.
func (t Target) Verdict() string {
	switch {
	case t.Figure == "":
		return "not measured"
	case t.Met:
		return "met"
	default:
		return "**not met**"
	}
}

// sameServer is the row in which the server that answers forward-auth questions answers without a decision.
const sameServer = chain.RowEndpointSame

const (
	thousand   = 1_000
	million    = 1_000_000
	tenMillion = 10_000_000
)

// targets holds the results to what is to be reached.
func targets(r Results) []Target {
	all := append(r.decisions(), r.memory()...)
	all = append(all, r.startsAndChanges()...)
	all = append(all, r.asking()...)
	all = append(all, r.gateway()...)
	return append(all, r.controlPlane()...)
}

func times(s measure.Summary) string {
	return fmt.Sprintf("%.2f × (%.2f to %.2f)", s.Median, s.Low, s.High)
}

// atMost is a target for a ratio.
func atMost(key, number, what string, aim float64, s measure.Summary) Target {
	t := Target{Key: key, Number: number, What: what, Aim: fmt.Sprintf("≤ %g ×", aim)}
	if s.Rounds > 0 {
		t.Figure, t.Met = times(s), s.Median <= aim
	}
	return t
}

func (r Results) toFloor(tokens int) (s measure.Summary) {
	if row := r.row(contender.Leastkey, tokens); row != nil {
		s = row.ToFloor
	}
	return s
}

func (r Results) decisions() []Target {
	all := []Target{
		atMost("decision-1m", "1", "decision to floor at 1 M tokens", 1.5, r.toFloor(million)),
		atMost("decision-1k", "1", "decision to floor at 1 k tokens", 2, r.toFloor(thousand)),
		{Key: "allocations", Number: "1", What: "allocations of a decision", Aim: "0"},
		{Key: "growth", Number: "1", What: "growth of the decision from 1 k to 10 M tokens, beside that of the floor", Aim: "≤ the floor's"},
		atMost("wide", "1", "10 policies and 500 listed zones, to one of each", 2, r.Decision.Wider),
	}
	if row := r.row(contender.Leastkey, million); row != nil {
		all[2].Figure = fmt.Sprintf("%.2f allowed, %.2f refused", row.Allocations.Allowed, row.Allocations.Refused)
		all[2].Met = row.Allocations.Allowed < 0.005 && row.Allocations.Refused < 0.005
	}
	floor, ours := r.growth(contender.Floor), r.growth(contender.Leastkey)
	if floor > 0 && ours > 0 {
		all[3].Figure, all[3].Met = fmt.Sprintf("%.1f × beside %.1f ×", ours, floor), ours <= floor
	}
	return all
}

// growth is a contender at the most tokens to itself at the fewest.
func (r Results) growth(name string) float64 {
	low, high := r.row(name, thousand), r.row(name, tenMillion)
	if low == nil || high == nil || low.CPU.Median == 0 {
		return 0
	}
	return high.CPU.Median / low.CPU.Median
}

func (r Results) memory() []Target {
	all := []Target{
		{Key: "memory-1m", Number: "2", What: "heap for a token, at 1 M tokens", Aim: "≤ 160 B"},
		{Key: "memory-10m", Number: "2", What: "heap for 10 M tokens, with owners and registry", Aim: "< 2 GB"},
		{Key: "pauses", Number: "2", What: "p99.9 of the decision at 1 M tokens, with 1,000 changes a second", Aim: "< 1 ms"},
	}
	if row := r.row(contender.Leastkey, million); row != nil {
		all[0].Figure, all[0].Met = fmt.Sprintf("%.0f B", row.PerToken), row.PerToken <= 160
	}
	if row := r.row(contender.Leastkey, tenMillion); row != nil {
		whole := row.Heap[contender.Owners.String()] + row.Heap[contender.Resources.String()] + row.Heap[contender.Tokens.String()]
		all[1].Figure, all[1].Met = fmt.Sprintf("%.2f GB (tokens alone %.2f GB)", float64(whole)/1e9, float64(row.Heap[contender.Tokens.String()])/1e9), whole < 2e9
	}
	without := ""
	for _, l := range r.Decision.Latency {
		if l.Rate == 0 && l.Tokens == million {
			without = fmt.Sprintf("; without changes p99.9 %v", rounded(l.P999))
		}
		if l.Rate > 0 && l.Tokens == million {
			all[2].Figure, all[2].Met = fmt.Sprintf("%v (p50 %v, longest %v)%s", rounded(l.P999), rounded(l.P50), rounded(l.Max), without), l.P999 < time.Millisecond
		}
	}
	return all
}

func (r Results) startsAndChanges() []Target {
	all := []Target{
		{Key: "start-1m", Number: "3", What: "1 M tokens from SQLite to the first decision", Aim: "< 3 s"},
		{Key: "start-10m", Number: "3", What: "10 M tokens from SQLite to the first decision", Aim: "< 40 s"},
		{Key: "change", Number: "3", What: "a change reaches the decision (p99), whatever the number of tokens", Aim: "< 1 ms"},
	}
	for i, want := range []struct {
		tokens int
		aim    time.Duration
	}{{million, 3 * time.Second}, {tenMillion, 40 * time.Second}} {
		if s := r.start(want.tokens); s != nil {
			all[i].Figure, all[i].Met = fmt.Sprintf("%.1f s (CPU %.1f s)", s.Wall.Seconds(), s.CPU.Seconds()), s.Wall < want.aim
		}
	}
	var worst time.Duration
	for _, c := range r.Decision.Changes {
		worst = max(worst, c.P99)
	}
	if worst > 0 {
		all[2].Figure, all[2].Met = fmt.Sprintf("%v at worst of %d sizes", rounded(worst), len(r.Decision.Changes)), worst < time.Millisecond
	}
	return all
}

func (r Results) asking() []Target {
	all := []Target{
		atMost("forward-auth", "4", "forward-auth, to the same server that answers nothing", 1.1, r.Chain.Ratio(chain.RowEndpointOurs, sameServer)),
		{Key: "nginx-asks", Number: "4", What: "nginx `auth_request` → Leastkey", Aim: "≤ 28 µs (36 µs the least)"},
	}
	if row, ok := r.Chain.Row(chain.RowNginxOurs); ok {
		micros := row.CPU.Median / 1000
		all[1].Figure, all[1].Met = fmt.Sprintf("%.1f µs", micros), micros <= 28
		if fast, ok := r.Chain.Row(chain.RowNginxFast); ok {
			all[1].Figure += fmt.Sprintf("; → fasthttp that does nothing %.1f µs", fast.CPU.Median/1000)
		}
	}
	return all
}

func (r Results) gateway() []Target {
	all := []Target{
		atMost("gateway", "5", "gateway with its upstream, to nginx `auth_request` + `proxy_pass`", 1, r.Chain.Ratio(chain.RowGateway, chain.RowNginxHTTPTo)),
		{Key: "gateway-aim", Number: "5", What: "gateway with its upstream", Aim: "40 µs"},
		atMost("gateway-big", "5", "the same with answers of 1 MiB", 1, r.Chain.Ratio(chain.RowGateway+", 1 MiB", chain.RowNginxHTTPTo+", 1 MiB")),
		{Key: "gateway-h2", Number: "5", What: "the same for clients that speak HTTP/2", Aim: "≤ 1 ×"},
		atMost("gateway-p99", "5", "p99 at 80 % load, to nginx's", 1.3, r.Chain.PacedRatio),
		atMost("ext-authz", "6", "ext_authz, to grpc-go that does nothing", 1.15, r.Chain.Ratio(chain.RowGRPCOurs, chain.RowGRPC)),
	}
	if row, ok := r.Chain.Row(chain.RowGateway); ok {
		all[1].Figure, all[1].Met = fmt.Sprintf("%.1f µs", row.CPU.Median/1000), row.CPU.Median <= 40_000
	}
	return all
}

func (r Results) controlPlane() []Target {
	all := []Target{
		{Key: "create", Number: "7", What: "tokens created a second at `FULL`, to one-row commits of the same SQLite", Aim: "≥ 0.8 ×"},
		{Key: "creates", Number: "7", What: "the same with 64 clients together", Aim: "≥ 5 ×"},
		{Key: "list", Number: "7", What: "list of 500 tokens, on the wall", Aim: "< 5 ms"},
		{Key: "plots", Number: "8", What: "growth, in pictures", Aim: "five", Figure: fmt.Sprint(len(pictures(r))), Met: len(pictures(r)) == 5},
	}
	if f := r.figure(figures.CreateToPlain); f != nil {
		all[0].Figure, all[0].Met = fmt.Sprintf("%.2f ×", f.Value), f.Value >= 0.8
	}
	if f := r.figure(figures.CreatesToPlain); f != nil {
		all[1].Figure, all[1].Met = fmt.Sprintf("%.2f ×", f.Value), f.Value >= 5
	}
	if f := r.figure(figures.CreatesRate); f != nil && all[1].Figure != "" {
		all[1].Figure += fmt.Sprintf(" (%.0f a second)", f.Value)
	}
	if f := r.figure(figures.ListOf500); f != nil {
		all[2].Figure, all[2].Met = fmt.Sprintf("%.2f ms", f.Value), f.Value < 5
	}
	if f := r.figure(figures.PagesOf500); f != nil && all[2].Figure != "" {
		all[2].Figure += fmt.Sprintf("; in ten pages through the gateway %.2f ms", f.Value)
		all[2].Met = all[2].Met && f.Value < 5
	}
	return all
}

// rounded is a duration as people read it.
func rounded(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	case d >= time.Microsecond:
		return d.Round(10 * time.Nanosecond)
	default:
		return d
	}
}
