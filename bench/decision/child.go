// Package decision measures what it takes to decide, in process: from the string of a credential to yes or no.
package decision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/harness"
	"github.com/leastkey/leastkey/bench/measure"
	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
)

// Task is what one process holds: one contender, or several that share what they hold.
type Task struct {
	Contenders []string       `json:"contenders"`
	Seed       uint64         `json:"seed"`
	Tokens     int            `json:"tokens"`
	Shape      workload.Shape `json:"shape"`
	Cases      int            `json:"cases"`
}

// Question is what a process is asked to do.
type Question struct {
	Round   int           `json:"round,omitempty"` // index of the contender that decides, from 1, for so long
	For     time.Duration `json:"for,omitempty"`
	Count   int           `json:"count,omitempty"`   // allocations of the contender with that index, from 1
	Changes int           `json:"changes,omitempty"` // apply so many, one by one
	Rate    int           `json:"rate"`              // with For and no Round: decide, while so many changes a second are applied
}

// Loaded is what a process says first.
type Loaded struct {
	Heap map[string]int64 `json:"heap"` // bytes that each part takes, by its name
	CPU  time.Duration    `json:"cpu"`  // to load the last part, and with Leastkey all parts
	Wall time.Duration    `json:"wall"`
}

// Round is what one round took, by what the requests came to.
type Round struct {
	Allowed Spent `json:"allowed"`
	Refused Spent `json:"refused"`
}

// Spent is what some decisions took.
type Spent struct {
	Decisions int           `json:"decisions"`
	CPU       time.Duration `json:"cpu"`
}

// Each is what one decision took, in nanoseconds.
func (s Spent) Each() float64 { return float64(s.CPU) / float64(s.Decisions) }

// Each is what one decision of the mix took, of which every other is allowed.
func (r Round) Each() float64 { return (r.Allowed.Each() + r.Refused.Each()) / 2 }

// Counted is how many allocations a decision made.
type Counted struct {
	Allowed float64 `json:"allowed"`
	Refused float64 `json:"refused"`
}

type child struct {
	world      *workload.Workload
	contenders []contender.Contender
	want       [][]bool
	next       []int
	cost       time.Duration
	sink       byte
	revision   uint64 // of the state, after its load
}

// Child is the process: it loads, says so, and answers questions.
func Child(ctx context.Context, task string, in io.Reader, out io.Writer) error {
	var t Task
	if err := json.Unmarshal([]byte(task), &t); err != nil {
		return err
	}
	c, loaded, err := load(t)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(loaded); err != nil {
		return err
	}
	return harness.Answer(ctx, in, out, c.answer)
}

func load(t Task) (*child, Loaded, error) {
	cat, err := catalog.Default()
	if err != nil {
		return nil, Loaded{}, err
	}
	w, err := workload.New(cat, t.Seed, t.Tokens)
	if t.Shape != workload.Typical {
		w, err = workload.NewShaped(cat, t.Seed, t.Tokens, t.Shape)
	}
	if err != nil {
		return nil, Loaded{}, err
	}
	first, err := contender.New(t.Contenders[0])
	if err != nil {
		return nil, Loaded{}, err
	}
	c := &child{world: w, cost: measure.Cost(), revision: 1}
	loaded := Loaded{Heap: map[string]int64{}}
	before := heap()
	for _, p := range contender.Parts() {
		cpu, wall := measure.CPU(), time.Now()
		if err := first.Load(w, p); err != nil {
			return nil, Loaded{}, err
		}
		loaded.CPU, loaded.Wall = measure.CPU()-cpu, time.Since(wall)
		now := heap()
		loaded.Heap[p.String()] = now - before
		before = now
	}
	c.contenders = []contender.Contender{first}
	for _, name := range t.Contenders[1:] {
		ours, ok := first.(*contender.Ours)
		if !ok || name != contender.Usual {
			return nil, Loaded{}, fmt.Errorf("%s shares nothing with %s", name, t.Contenders[0])
		}
		same, err := contender.OursOf(ours.State, true)
		if err != nil {
			return nil, Loaded{}, err
		}
		c.contenders = append(c.contenders, same)
	}
	return c, loaded, c.prepare(t.Cases)
}

// prepare makes the requests, and what is to be answered to them.
func (c *child) prepare(n int) error {
	cases := apart(c.world.Cases(n))
	for _, one := range c.contenders {
		if err := one.Prepare(c.world, cases); err != nil {
			return err
		}
		want := make([]bool, len(cases))
		for i := range cases {
			want[i] = one.Want(&cases[i])
		}
		c.want = append(c.want, want)
	}
	c.next = make([]int, len(c.contenders))
	return nil
}

// apart has batches of requests that are allowed and batches of those that are refused come by turns.
func apart(cases []workload.Case) []workload.Case {
	var sides [2][]workload.Case
	for _, c := range cases {
		side := 0
		if !c.Allowed {
			side = 1
		}
		sides[side] = append(sides[side], c)
	}
	all := cases[:0]
	for k := 0; k+batch <= min(len(sides[0]), len(sides[1])); k += batch {
		all = append(append(all, sides[0][k:k+batch]...), sides[1][k:k+batch]...)
	}
	return all
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first found to be finalized
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) // #nosec G115 -- gigabytes
}

func (c *child) answer(ctx context.Context, q Question) (any, error) {
	switch {
	case q.Round > 0:
		return c.round(q.Round-1, q.For)
	case q.Count > 0:
		return c.count(q.Count - 1)
	case q.Changes > 0:
		return c.changes(q.Changes)
	case q.For > 0:
		return c.latency(ctx, q.For, q.Rate)
	default:
		return nil, errors.New("the question is empty")
	}
}

// batch is how many requests are decided between two looks at the clock: what has arrived with them fits into the
// nearer caches, as what was just parsed would; what is known of tokens does not.
const batch = 128

// round decides for so much CPU time.
func (c *child) round(k int, budget time.Duration) (r Round, err error) {
	for r.Allowed.CPU+r.Refused.CPU < budget {
		for _, side := range []*Spent{&r.Allowed, &r.Refused} {
			took, err := c.batch(k)
			if err != nil {
				return r, err
			}
			side.CPU += took
			side.Decisions += batch
		}
	}
	return r, nil
}

// batch decides the next requests, and holds every answer to the right one.
func (c *child) batch(k int) (time.Duration, error) {
	one, want, at := c.contenders[k], c.want[k], c.next[k]
	for i := at; i < at+batch; i++ {
		c.sink += one.Warm(i)
	}
	wrong := -1
	begin := measure.CPU()
	for i := at; i < at+batch; i++ {
		if one.Decide(i) != want[i] {
			wrong = i
		}
	}
	took := measure.CPU() - begin - c.cost
	if wrong >= 0 {
		return 0, fmt.Errorf("request %d was answered with %v", wrong, !want[wrong])
	}
	c.next[k] = (at + batch) % len(want)
	return took, nil
}

// count counts the allocations of one contender, on each side.
func (c *child) count(k int) (n Counted, err error) {
	const times = 50
	for range times {
		for _, side := range []*float64{&n.Allowed, &n.Refused} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := c.batch(k); err != nil {
				return n, err
			}
			runtime.ReadMemStats(&after)
			*side += float64(after.Mallocs-before.Mallocs) / (times * batch)
		}
	}
	return n, nil
}
