package store

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/harness"
	"github.com/leastkey/leastkey/bench/measure"
	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	product "github.com/leastkey/leastkey/internal/sqlite"
)

// Start is how long it took from nothing to the first decision.
type Start struct {
	Tokens   int           `json:"tokens"`
	Wall     time.Duration `json:"wall"`
	CPU      time.Duration `json:"cpu"`
	Resident int64         `json:"resident"` // the most memory that the process had in RAM
	Database int64         `json:"database"` // bytes on disk
	Filled   time.Duration `json:"filled"`   // how long it took to make the database
}

// Measure fills a database in dir and starts from it, in a process of its own, as often as asked; the median counts.
func Measure(ctx context.Context, dir string, seed uint64, tokens, times int) (Start, error) {
	cat, err := catalog.Default()
	if err != nil {
		return Start{}, err
	}
	w, err := workload.New(cat, seed, tokens)
	if err != nil {
		return Start{}, err
	}
	path := filepath.Join(dir, fmt.Sprintf("tokens-%d.db", tokens))
	begin := time.Now()
	if err := Fill(ctx, path, w); err != nil {
		return Start{}, err
	}
	filled := time.Since(begin)
	info, err := os.Stat(path)
	if err != nil {
		return Start{}, err
	}
	var walls, cpus []float64
	all := Start{Tokens: tokens, Database: info.Size(), Filled: filled}
	for range times {
		one, err := startOnce(path, seed, tokens)
		if err != nil {
			return Start{}, err
		}
		walls, cpus = append(walls, float64(one.Wall)), append(cpus, float64(one.CPU))
		all.Resident = max(all.Resident, one.Resident)
	}
	all.Wall, all.CPU = time.Duration(measure.Summarize(walls).Median), time.Duration(measure.Summarize(cpus).Median)
	return all, nil
}

func startOnce(path string, seed uint64, tokens int) (one Start, err error) {
	task, err := json.Marshal(task{path, seed, tokens})
	if err != nil {
		return one, err
	}
	c, err := harness.StartChild(nil, "start", string(task))
	if err != nil {
		return one, err
	}
	if err := c.Read(&one); err != nil {
		return one, errors.Join(err, c.Stop())
	}
	return one, c.Stop()
}

type task struct {
	Path   string `json:"path"`
	Seed   uint64 `json:"seed"`
	Tokens int    `json:"tokens"`
}

// Child is the process that starts. Only what a node does is in its time: the requests were made before.
func Child(ctx context.Context, text string, out io.Writer) (err error) {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	cat, err := catalog.Default()
	if err != nil {
		return err
	}
	w, err := workload.New(cat, t.Seed, t.Tokens)
	if err != nil {
		return err
	}
	cases := w.Cases(1000)
	cpu, wall := measure.CPU(), time.Now()
	store, err := product.Open(ctx, t.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	state := guard.NewState(cat)
	_, err = control.Open(ctx, control.Config{Store: store, Catalog: cat, Nodes: state, Brand: leastkey.DefaultBrand, Now: time.Now, Random: rand.Reader,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		return err
	}
	ours, err := contender.OursOf(state, false)
	if err != nil {
		return err
	}
	if err := ours.Prepare(w, cases); err != nil {
		return err
	}
	ours.Decide(0)
	took := Start{Tokens: t.Tokens, Wall: time.Since(wall), CPU: measure.CPU() - cpu}
	for i := range cases {
		if ours.Decide(i) != cases[i].Allowed {
			return fmt.Errorf("request %d is answered wrongly after the start", i)
		}
	}
	if _, took.Resident, err = measure.Resident(os.Getpid()); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(took)
}
