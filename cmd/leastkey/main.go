// Command leastkey is Leastkey: the control plane with its gateway, the demo, and the command line
// for tokens.
package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/leastkey/leastkey/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args, os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the whole program, but for the process around it. The first argument is its own name.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Run(ctx, args[1:], getenv, stdin, stdout, stderr, cli.Servers{
		Program: args[0],
		Demo: func(ctx context.Context, o cli.DemoOptions) error {
			return runDemo(ctx, o, logTo(o.Stderr))
		},
		Serve: func(ctx context.Context, o cli.ServeOptions) error {
			return runServe(ctx, o, getenv, logTo(o.Stderr))
		},
	})
}

func logTo(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}
