package decision

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/harness"
	"github.com/leastkey/leastkey/bench/measure"
	"github.com/leastkey/leastkey/bench/workload"
)

// Plan says what is measured.
type Plan struct {
	Seed      uint64
	Sizes     []Size
	Rounds    int
	For       time.Duration // of one round of one contender, in CPU time
	Changes   int
	Latency   time.Duration // at LatencyAt tokens
	Rate      int           // changes a second
	LatencyAt int
	Log       func(format string, args ...any)
}

// Size is a number of tokens, and whom it is measured with.
type Size struct {
	Tokens     int
	Contenders []string
}

// Row is one contender at one size.
type Row struct {
	Contender   string           `json:"contender"`
	Tokens      int              `json:"tokens"`
	CPU         measure.Summary  `json:"cpu_ns"`
	ToFloor     measure.Summary  `json:"to_floor"`
	Allowed     measure.Summary  `json:"allowed_ns"` // of those that are allowed alone
	Refused     measure.Summary  `json:"refused_ns"`
	Allocations Counted          `json:"allocations"`
	Heap        map[string]int64 `json:"heap"`
	PerToken    float64          `json:"bytes_per_token"`
	LoadCPU     time.Duration    `json:"load_cpu"`
	LoadWall    time.Duration    `json:"load_wall"`
	Resident    int64            `json:"resident"`
}

// ChangeRow is how changes reached decisions at one size.
type ChangeRow struct {
	Tokens int `json:"tokens"`
	Changed
}

// LatencyRow is how long decisions took while changes came in.
type LatencyRow struct {
	Tokens int `json:"tokens"`
	Rate   int `json:"changes_per_second"`
	measure.Latency
}

// Result is everything.
type Result struct {
	Rows    []Row           `json:"rows"`
	Changes []ChangeRow     `json:"changes"`
	Latency []LatencyRow    `json:"latency"`
	Shapes  map[string]Row  `json:"shapes"` // "narrow" and "wide"
	Wider   measure.Summary `json:"wide_to_narrow"`
}

// runner is one process with its contenders.
type runner struct {
	task   Task
	child  *harness.Child
	loaded Loaded
	rounds [][]Round
	counts []Counted
}

// Run measures the plan.
func Run(p Plan) (Result, error) {
	var all Result
	for _, size := range p.Sizes {
		p.Log("decisions at %d tokens: %v", size.Tokens, size.Contenders)
		if err := p.size(size, &all); err != nil {
			return all, fmt.Errorf("decisions at %d tokens: %w", size.Tokens, err)
		}
	}
	p.Log("ten policies with five hundred zones, and one of each")
	return all, p.shapes(&all)
}

func (p Plan) size(s Size, all *Result) (err error) {
	runners, err := p.start(tasks(p.Seed, s))
	defer func() { err = errors.Join(err, stop(runners)) }()
	if err != nil {
		return err
	}
	if err := p.rounds(runners); err != nil {
		return err
	}
	rows := rowsOf(runners)
	for i := range rows {
		row := rows[i]
		p.Log("  %-24s %8.0f ns  %6.2f x floor; allowed %8.0f ns, %5.2f allocations; refused %8.0f ns, %5.2f; %6.0f B/token", row.Contender, row.CPU.Median, row.ToFloor.Median,
			row.Allowed.Median, row.Allocations.Allowed, row.Refused.Median, row.Allocations.Refused, row.PerToken)
	}
	all.Rows = append(all.Rows, rows...)
	for _, r := range runners {
		if r.task.Contenders[0] != contender.Leastkey {
			continue
		}
		if err := p.moving(r, all); err != nil {
			return err
		}
	}
	return nil
}

// moving measures changes, and decisions while changes come in.
func (p Plan) moving(r *runner, all *Result) error {
	row := ChangeRow{Tokens: r.task.Tokens}
	if err := r.child.Ask(Question{Changes: p.Changes}, &row.Changed); err != nil {
		return err
	}
	all.Changes = append(all.Changes, row)
	p.Log("  a change reaches a decision in %v, p99 %v; CPU %v", row.P50, row.P99, row.CPU)
	if r.task.Tokens != p.LatencyAt {
		return nil
	}
	for _, rate := range []int{0, p.Rate} {
		row := LatencyRow{Tokens: r.task.Tokens, Rate: rate}
		if err := r.child.Ask(Question{For: p.Latency, Rate: rate}, &row.Latency); err != nil {
			return err
		}
		all.Latency = append(all.Latency, row)
		p.Log("  with %d changes a second: p50 %v, p99 %v, p99.9 %v, max %v", rate, row.P50, row.P99, row.P999, row.Max)
	}
	return nil
}

// tasks puts contenders into processes: Leastkey's two share one.
func tasks(seed uint64, s Size) (all []Task) {
	for _, name := range s.Contenders {
		t := Task{Contenders: []string{name}, Seed: seed, Tokens: s.Tokens, Cases: casesFor(name, s.Tokens)}
		switch {
		case name == contender.Usual:
			continue
		case name == contender.Leastkey && slices.Contains(s.Contenders, contender.Usual):
			t.Contenders = append(t.Contenders, contender.Usual)
		}
		all = append(all, t)
	}
	return all
}

// casesFor is how many requests there are: enough that what is known of their tokens does not stay in a cache when it
// would not in life.
func casesFor(name string, tokens int) int {
	switch name {
	case contender.Floor, contender.Minimal, contender.Leastkey:
		return min(max(tokens*4, 1<<12), 1<<18)
	case contender.JWTHMAC, contender.JWTEdDSA, contender.Macaroon:
		return 1 << 12
	default:
		return min(max(tokens*4, 1<<12), 1<<15)
	}
}

// start starts the processes and has them load, two at a time.
func (p Plan) start(tasks []Task) ([]*runner, error) {
	runners := make([]*runner, len(tasks))
	errs := make([]error, len(tasks))
	turns := make(chan struct{}, 2)
	var all sync.WaitGroup
	for i, t := range tasks {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			runners[i], errs[i] = startOne(t)
		})
	}
	all.Wait()
	return runners, errors.Join(errs...)
}

func startOne(t Task) (*runner, error) {
	text, err := json.Marshal(t)
	if err != nil {
		return nil, err
	}
	r := &runner{task: t, rounds: make([][]Round, len(t.Contenders)), counts: make([]Counted, len(t.Contenders))}
	if r.child, err = harness.StartChild(nil, "decide", string(text)); err != nil {
		return nil, err
	}
	return r, r.child.Read(&r.loaded)
}

func stop(runners []*runner) error {
	var errs []error
	for _, r := range runners {
		if r != nil && r.child != nil {
			errs = append(errs, r.child.Stop())
		}
	}
	return errors.Join(errs...)
}

// rounds has everyone decide by turns. The first round warms up and is not counted.
func (p Plan) rounds(runners []*runner) error {
	for n := range p.Rounds + 1 {
		for k := range runners {
			r := runners[(k+n)%len(runners)] // nobody always comes behind the same
			for i, name := range r.task.Contenders {
				var round Round
				if err := r.child.Ask(Question{Round: i + 1, For: p.For}, &round); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				if n > 0 {
					r.rounds[i] = append(r.rounds[i], round)
				}
			}
		}
	}
	for _, r := range runners {
		for i := range r.task.Contenders {
			if err := r.child.Ask(Question{Count: i + 1}, &r.counts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func rowsOf(runners []*runner) []Row {
	var floor []float64
	var rows []Row
	var times [][]float64
	for _, r := range runners {
		for i, name := range r.task.Contenders {
			row := Row{Contender: name, Tokens: r.task.Tokens, Heap: r.loaded.Heap, LoadCPU: r.loaded.CPU, LoadWall: r.loaded.Wall}
			row.PerToken = float64(r.loaded.Heap[contender.Tokens.String()]) / float64(r.task.Tokens)
			var took, allowed, refused []float64
			for _, round := range r.rounds[i] {
				took, allowed, refused = append(took, round.Each()), append(allowed, round.Allowed.Each()), append(refused, round.Refused.Each())
			}
			row.CPU, row.Allowed, row.Refused, row.Allocations = measure.Summarize(took), measure.Summarize(allowed), measure.Summarize(refused), r.counts[i]
			if _, most, err := measure.Resident(r.child.PID()); err == nil {
				row.Resident = most
			}
			if name == contender.Floor {
				floor = took
			}
			rows, times = append(rows, row), append(times, took)
		}
	}
	for i := range rows {
		rows[i].ToFloor = measure.Summarize(measure.Ratios(times[i], floor))
	}
	return rows
}

// shapes sets a token with much in it beside one with little.
func (p Plan) shapes(all *Result) (err error) {
	const tokens = 1000
	var tasks []Task
	for _, s := range []workload.Shape{workload.Narrow, workload.Wide} {
		tasks = append(tasks, Task{Contenders: []string{contender.Leastkey}, Seed: p.Seed, Tokens: tokens, Shape: s, Cases: 1 << 12})
	}
	runners, err := p.start(tasks)
	defer func() { err = errors.Join(err, stop(runners)) }()
	if err != nil {
		return err
	}
	if err := p.rounds(runners); err != nil {
		return err
	}
	rows := rowsOf(runners)
	all.Shapes = map[string]Row{"narrow": rows[0], "wide": rows[1]}
	var took [2][]float64
	for k, r := range runners {
		for _, round := range r.rounds[0] {
			took[k] = append(took[k], round.Each())
		}
	}
	all.Wider = measure.Summarize(measure.Ratios(took[1], took[0]))
	p.Log("  %.0f ns and %.0f ns, %.2f x", rows[1].CPU.Median, rows[0].CPU.Median, all.Wider.Median)
	return nil
}
