// Command bench measures Leastkey beside what somebody could take instead, and writes docs/performance.md.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
	"github.com/leastkey/leastkey/bench/store"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 1 && args[0] == "decide" {
		return decision.Child(ctx, args[1], os.Stdin, os.Stdout)
	}
	if len(args) > 1 && args[0] == "start" {
		return store.Child(ctx, args[1], os.Stdout)
	}
	dir, err := os.MkdirTemp("", "leastkey-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	st, err := store.Measure(ctx, dir, 1, 100000, 3)
	fmt.Printf("%+v\n", st)
	if err != nil {
		return err
	}
	r, err := decision.Run(decision.Plan{Seed: 1, Rounds: 5, For: 20 * time.Millisecond, Changes: 300, Latency: time.Second, Rate: 1000, LatencyAt: 1000,
		Sizes: []decision.Size{{Tokens: 1000, Contenders: contender.Names()}, {Tokens: 20000, Contenders: []string{contender.Floor, contender.Minimal, contender.Leastkey}}},
		Log:   func(f string, a ...any) { fmt.Printf(f+"\n", a...) }})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}
