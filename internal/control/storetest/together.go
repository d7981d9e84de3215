package storetest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// testTogether: commits that are under way at the same time come to what they come to one after the
// other, in the order in which their functions run, whatever becomes of each of them. What one does
// that fails shows in none of the others. Publish is called in the order of revisions, before anybody
// is answered, and before anything runs after a commit that is Last.
func testTogether(t *testing.T, f Factory) {
	rapid.Check(t, func(rt *rapid.T) {
		store := f.Open(t, t.TempDir())
		defer func() {
			if err := store.Close(); err != nil {
				rt.Errorf("close: %v", err)
			}
		}()
		want := newModel()
		first := plan{ops: []op{{"settle", func(tx control.Tx) ([]leastkey.Change, error) { return settled(), settle(tx) }}}, audit: number(1 << 20)}
		first.run(store)
		first.run(want)
		c := &crowd{}
		c.published.Store(1)
		for i := range rapid.IntRange(2, 6).Draw(rt, "commits") {
			c.all = append(c.all, &rival{plan: drawPlan(rt, number(1<<20+1+i)),
				end:  rapid.SampledFrom([]string{"", "", "", "panic", "exit", "cancel"}).Draw(rt, "end"),
				last: rapid.IntRange(0, 3).Draw(rt, "last") == 0})
		}
		c.run(rt, store)
		slices.SortFunc(c.all, func(a, b *rival) int { return a.turn - b.turn })
		for _, r := range c.all {
			if r.turn == 0 {
				rt.Fatalf("%v did not run", r.plan)
			}
			again := &rival{plan: r.plan, end: r.end}
			again.apart(&crowd{}, want)
			if diff := diff(r.out, again.out); diff != "" {
				rt.Fatalf("%v %q, as number %d: got -, alone +\n%s", r.plan, r.end, r.turn, diff)
			}
		}
		got, wanted := watch(rt, store), watch(rt, want)
		if diff := diff(got, wanted); diff != "" {
			rt.Fatalf("the store: got -, one after the other +\n%s", diff)
		}
		if diff := diff(got.Known, learn(flat(got.Log))); diff != "" {
			rt.Fatalf("state -, replay of the changes +\n%s", diff)
		}
		if published := c.published.Load(); uint64(got.Revision) != published {
			rt.Fatalf("revision %d, and published up to %d", got.Revision, published)
		}
	})
}

// crowd are commits that are begun at the same time. What the functions write down needs no lock when
// the store keeps its word, and the race detector looks.
type crowd struct {
	all       []*rival // none: it is the model that runs
	turns     int
	barrier   uint64 // the revision of the last commit that was Last
	published atomic.Uint64

	mu     sync.Mutex
	faults []string
}

func (c *crowd) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all != nil {
		c.faults = append(c.faults, fmt.Sprintf(format, args...))
	}
}

// rival is one of them.
type rival struct {
	plan plan
	end  string // how its function ends: "", "panic", "exit" of its goroutine, or "cancel" of its context
	last bool
	turn int // when it ran, from 1
	out  outcome
}

func (c *crowd) run(rt *rapid.T, s control.Store) {
	var began, ended sync.WaitGroup
	hold := make(chan struct{})
	began.Add(len(c.all))
	ended.Go(func() { // keeps the others waiting, so that there is somebody to share with
		_, err := s.Commit(context.Background(), func(control.Tx) (control.Act, error) {
			<-hold
			return control.Act{}, errPlanned
		})
		if !errors.Is(err, errPlanned) {
			rt.Errorf("the one that holds the others: %v", err)
		}
	})
	for _, r := range c.all {
		ended.Go(func() {
			began.Done()
			r.apart(c, s)
		})
	}
	began.Wait()
	close(hold)
	ended.Wait()
	for _, fault := range c.faults {
		rt.Error(fault)
	}
}

// apart runs it in a goroutine of its own, which may end on the way.
func (r *rival) apart(c *crowd, s control.Store) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.run(c, s)
	}()
	<-done
}

// run commits, and writes down what came of it, as plan.run does.
func (r *rival) run(c *crowd, s control.Store) {
	defer func() {
		if recover() != nil {
			r.out.Commit = "panic"
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r.out.Commit = "exit"
	rev, err := s.Commit(ctx, func(tx control.Tx) (control.Act, error) {
		c.turns++
		r.turn = c.turns
		if c.published.Load() < c.barrier {
			c.fault("one ran after revision %d and before it was published", c.barrier)
		}
		act, err := r.plan.act(tx, &r.out)
		if err != nil {
			return act, err
		}
		head, err := tx.Revision()
		if err != nil {
			return act, err
		}
		switch r.end {
		case "panic":
			panic("planned")
		case "exit":
			runtime.Goexit()
		case "cancel":
			cancel()
			_, err = tx.Users()
			return act, err
		}
		if act.Last = r.last; act.Last && !r.plan.silent {
			c.barrier = uint64(head + 1)
		}
		act.Publish = func(rev leastkey.Revision) {
			if was := c.published.Swap(uint64(rev)); uint64(rev) != was+1 {
				c.fault("revision %d was published after %d", rev, was)
			}
		}
		return act, nil
	})
	r.out.Revision, r.out.Commit = rev, kindOf(err)
	if err == nil && c.published.Load() < uint64(rev) {
		c.fault("revision %d was answered before it was published", rev)
	}
}
