// Command bench measures Leastkey beside what somebody could take instead, and writes docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/leastkey/leastkey/bench/chain"
	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
	"github.com/leastkey/leastkey/bench/report"
	"github.com/leastkey/leastkey/bench/store"
)

// usage leaves out what is for the processes that the program starts of itself.
const usage = `bench measures Leastkey beside what one could take instead. "make bench" builds it into bin/bench and runs all of it.

  bench run [flags]     measure, and write the report: bench run -root . -leastkey bin/leastkey -docs docs
  bench page [flags]    write the report anew from the numbers of the last run

The flags are told by "bench run -h". One part alone, the other numbers kept: bench run -root . -leastkey bin/leastkey -docs docs -only start`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // who asks a second time does not wait for the part that runs
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("want a command: see bench --help")
	}
	switch name, rest := args[0], args[1:]; {
	case name == "help" || name == "-h" || name == "-help" || name == "--help":
		_, err := fmt.Fprintln(out, usage)
		return err
	case name == "run":
		return measured(ctx, rest, out)
	case name == "page":
		return anew(rest)
	case name == "decide" && len(rest) == 1:
		return decision.Child(ctx, rest[0], in, out)
	case name == "start" && len(rest) == 1:
		return store.Child(ctx, rest[0], out)
	case name == "serve" && len(rest) == 2:
		return chain.Serve(ctx, rest[0], rest[1], out)
	default:
		return fmt.Errorf("there is no command %q: see bench --help", args[0])
	}
}

// measured runs everything.
func measured(ctx context.Context, args []string, out io.Writer) (err error) {
	o := options{log: func(format string, args ...any) {
		fmt.Fprintf(out, time.Now().Format("15:04:05 ")+format+"\n", args...)
	}}
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.StringVar(&o.root, "root", "..", "the repository")
	flags.StringVar(&o.binary, "leastkey", "../bin/leastkey", "the program")
	flags.StringVar(&o.docs, "docs", "../docs", "where the report goes")
	flags.StringVar(&o.commit, "commit", "unknown", "what is measured, as the report names it")
	flags.StringVar(&o.only, "only", "", "measure one part alone and keep the other numbers: decisions, start, chain or control")
	flags.StringVar(&o.contenders, "contenders", "", "of those who decide in process only these, and the floor, with commas between: "+strings.Join(contender.Names(), ", "))
	flags.BoolVar(&o.short, "short", false, "little of everything, to see that it works")
	flags.IntVar(&o.most, "most", 10_000_000, "leave out what has more tokens")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.binary, err = filepath.Abs(o.binary); err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp("", "leastkey-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	return measure(ctx, o)
}

// anew writes the report from the numbers that are there.
func anew(args []string) error {
	flags := flag.NewFlagSet("page", flag.ContinueOnError)
	docs := flags.String("docs", "../docs", "where the report goes, and the numbers are")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r, err := report.Read(*docs)
	if err != nil {
		return err
	}
	return report.Write(*docs, r)
}
