package cli

import (
	"context"
	"errors"
	"io"
	"runtime/debug"
	"syscall"
)

// Servers are what the program can run as. The program supplies them, so that the command line
// knows nothing of stores and listeners.
type Servers struct {
	Program string // as it was called, such as bin/leastkey

	Demo  func(context.Context, DemoOptions) error
	Serve func(context.Context, ServeOptions) error
}

// DemoOptions are the flags of demo.
type DemoOptions struct {
	Listen    string // host:port of the API; port 0 picks one
	DNS       string // host:port of the DNS server, UDP and TCP; port 0 picks one
	Data      string // directory
	Program   string // as it was called, for commands to paste
	ReadyFile string // written once everything answers; "" for none
	Stdout    io.Writer
	Stderr    io.Writer
}

// ServeOptions are the flags of serve.
type ServeOptions struct {
	Config string // file
	Stdout io.Writer
	Stderr io.Writer
}

type demoCommand struct {
	dataFlag
	Listen    string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where the API listens; port 0 picks a free one. Default: ${default}."`
	DNS       string `name:"dns" default:"127.0.0.1:5300" placeholder:"ADDR" help:"Where the DNS server listens, UDP and TCP; port 0 picks a free one. Default: ${default}."`
	ReadyFile string `placeholder:"FILE" help:"File to write once everything answers: addresses and the seeded users with their credentials."`
}

// Run implements the command.
func (cmd *demoCommand) Run(ctx context.Context, a *app) error {
	return inUse(a.servers.Demo(ctx, DemoOptions{
		Listen: cmd.Listen, DNS: cmd.DNS, Data: a.dataDir(cmd.Data), ReadyFile: cmd.ReadyFile,
		Program: a.servers.Program, Stdout: a.stdout, Stderr: a.stderr,
	}), "choose others with --listen and --dns")
}

type serveCommand struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration, a YAML file."`
}

// Run implements the command.
func (cmd *serveCommand) Run(ctx context.Context, a *app) error {
	return inUse(a.servers.Serve(ctx, ServeOptions{Config: cmd.Config, Stdout: a.stdout, Stderr: a.stderr}),
		"choose others with listen: and health: in "+cmd.Config)
}

// inUse adds what to do to the error of an address that another process has.
func inUse(err error, do string) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return &hinted{err, "another process listens on this address: end it, or " + do}
	}
	return err
}

type versionCommand struct{}

// Run implements the command.
func (versionCommand) Run(a *app) error {
	about := struct {
		Version string `json:"version"`
		Commit  string `json:"commit,omitempty"`
		Go      string `json:"go"`
	}{Version: "unknown"}
	if info, ok := debug.ReadBuildInfo(); ok {
		about.Version, about.Go = info.Main.Version, info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				about.Commit = s.Value
			}
		}
	}
	return a.show(about, line("leastkey %s %s %s", about.Version, about.Commit, about.Go))
}
