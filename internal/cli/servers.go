package cli

import (
	"context"
	"io"
	"runtime/debug"
)

// Servers are what the program can run as. The program supplies them, so that the command line
// knows nothing of stores and listeners.
type Servers struct {
	Demo  func(context.Context, DemoOptions) error
	Serve func(context.Context, ServeOptions) error
}

// DemoOptions are the flags of demo.
type DemoOptions struct {
	Listen    string // host:port of API and dashboard; port 0 picks one
	DNS       string // host:port of the DNS server, UDP and TCP; port 0 picks one
	Data      string // directory
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
	Listen    string `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Where API and dashboard listen; port 0 picks a free one."`
	DNS       string `name:"dns" default:"127.0.0.1:5300" placeholder:"ADDR" help:"Where the DNS server listens, UDP and TCP; port 0 picks a free one."`
	ReadyFile string `placeholder:"FILE" help:"File to write once everything answers: addresses and the seeded users with their credentials."`
}

// Run implements the command.
func (cmd *demoCommand) Run(ctx context.Context, a *app) error {
	return a.servers.Demo(ctx, DemoOptions{
		Listen: cmd.Listen, DNS: cmd.DNS, Data: a.dataDir(cmd.Data), ReadyFile: cmd.ReadyFile,
		Stdout: a.stdout, Stderr: a.stderr,
	})
}

type serveCommand struct {
	Config string `required:"" placeholder:"FILE" help:"Configuration, a YAML file."`
}

// Run implements the command.
func (cmd *serveCommand) Run(ctx context.Context, a *app) error {
	return a.servers.Serve(ctx, ServeOptions{Config: cmd.Config, Stdout: a.stdout, Stderr: a.stderr})
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
