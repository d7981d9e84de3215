package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
	"github.com/leastkey/leastkey/bench/figures"
	"github.com/leastkey/leastkey/bench/report"
	"github.com/leastkey/leastkey/bench/store"
)

type options struct {
	root, binary, docs, commit, only, contenders, dir string

	short bool
	most  int
	log   func(format string, args ...any)
}

const seed = 1

// measure runs the parts, one after the other, and writes the report after each: what one part found is not lost when
// another fails, and that one can be run anew by itself.
func measure(ctx context.Context, o options) error {
	var r report.Results
	if o.only != "" {
		var err error
		if r, err = report.Read(o.docs); err != nil {
			return err
		}
	}
	parts := []struct {
		name string
		run  func(context.Context, *report.Results) error
	}{{"decisions", o.decisions}, {"chain", o.chain}, {"control", o.control}, {"start", o.start}}
	var errs []error
	for _, p := range parts {
		if o.only != "" && o.only != p.name {
			continue
		}
		o.log("%s", p.name)
		started := time.Now()
		failed := p.run(ctx, &r)
		if r.Parts == nil {
			r.Parts = map[string]report.Part{}
		}
		r.Parts[p.name] = report.Part{Commit: o.commit, Date: started.UTC().Truncate(time.Second), Took: time.Since(started).Round(time.Second),
			Machine: report.ThisMachine(), Short: o.short}
		if err := errors.Join(failed, report.Write(o.docs, r)); err != nil {
			o.log("%s: %v", p.name, err)
			errs = append(errs, fmt.Errorf("%s: %w", p.name, err))
		}
		if ctx.Err() != nil {
			break
		}
	}
	o.log("the report is in %s", filepath.Join(o.docs, "performance.md"))
	return errors.Join(errs...)
}

// sizes are the numbers of tokens, and who is measured there: of each as many as memory and time allow.
func (o options) sizes() []decision.Size {
	few := []string{contender.Floor, contender.Minimal, contender.Leastkey}
	engines := []string{contender.Cedar, contender.Casbin, contender.OPA}
	all := []decision.Size{
		{Tokens: 1_000, Contenders: contender.Names()},
		{Tokens: 10_000, Contenders: slices.Concat(few, engines)},
		{Tokens: 100_000, Contenders: slices.Concat(few, []string{contender.Usual}, engines)},
		{Tokens: 1_000_000, Contenders: slices.Concat(few, []string{contender.Usual, contender.Cedar})},
		{Tokens: 10_000_000, Contenders: few},
	}
	if o.short {
		all = []decision.Size{{Tokens: 1_000, Contenders: contender.Names()}, {Tokens: 5_000, Contenders: few}}
	}
	if o.contenders != "" {
		wanted := append(strings.Split(o.contenders, ","), contender.Floor)
		for i := range all {
			all[i].Contenders = slices.DeleteFunc(slices.Clone(all[i].Contenders), func(name string) bool { return !slices.Contains(wanted, name) })
		}
	}
	return slices.DeleteFunc(all, func(s decision.Size) bool { return o.leaveOut(s.Tokens) })
}

// leaveOut says whether so many tokens are too many, and says so.
func (o options) leaveOut(tokens int) bool {
	if tokens > o.most {
		return true
	}
	why := lacks(tokens, o.dir)
	if why != "" {
		o.log("  %d tokens are left out: %s", tokens, why)
	}
	return why != ""
}

func (o options) decisions(_ context.Context, r *report.Results) (err error) {
	p := decision.Plan{Seed: seed, Sizes: o.sizes(), Rounds: 15, For: 60 * time.Millisecond, Changes: 3000, Latency: 10 * time.Second, Rate: 1000,
		LatencyAt: min(1_000_000, o.most), Log: o.log}
	if o.short {
		p.Rounds, p.For, p.Changes, p.Latency, p.LatencyAt = 2, 5*time.Millisecond, 30, 200*time.Millisecond, 5_000
	}
	r.Decision, err = decision.Run(p)
	return err
}

func (o options) start(ctx context.Context, r *report.Results) error {
	r.Starts = nil
	for _, s := range []struct{ tokens, times int }{{1_000, 5}, {10_000, 5}, {100_000, 5}, {1_000_000, 3}, {10_000_000, 1}} {
		if o.short && s.tokens > 1_000 || o.leaveOut(s.tokens) {
			break
		}
		dir := filepath.Join(o.dir, "start")
		one, err := store.Measure(ctx, dir, seed, s.tokens, s.times)
		if err != nil {
			return err
		}
		o.log("  %d tokens: %.2f s on the wall, CPU %.2f s; the database was made in %.0f s", s.tokens, one.Wall.Seconds(), one.CPU.Seconds(), one.Filled.Seconds())
		r.Starts = append(r.Starts, one)
		if err := os.RemoveAll(dir); err != nil { // the next is ten times as large
			return err
		}
	}
	return nil
}

func (o options) chain(ctx context.Context, r *report.Results) (err error) {
	p := chain.Plan{Dir: o.dir, Binary: o.binary, Seed: seed, Tokens: 100_000, Requests: 1000, Rounds: 9, For: 400 * time.Millisecond, Connections: 16,
		Paced: 2 * time.Second, PacedRounds: 5, Scaling: 2 * time.Second, Log: o.log}
	if o.short {
		p.Tokens, p.Requests, p.Rounds, p.For, p.Paced, p.PacedRounds, p.Scaling = 1000, 20, 1, 30*time.Millisecond, 100*time.Millisecond, 1, 50*time.Millisecond
	}
	r.Chain, err = chain.Run(ctx, p)
	return err
}

func (o options) control(ctx context.Context, r *report.Results) (err error) {
	if o.short {
		return nil
	}
	r.Control, err = figures.Measure(ctx, o.root, o.log)
	return err
}
