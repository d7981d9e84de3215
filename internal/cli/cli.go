// Package cli is the command line of Leastkey. It reads flags, environment and standard input,
// talks to a server through package client, and prints for people or, with --json, for programs.
// Secrets come in by environment or standard input, never as arguments, where every user of the
// machine could read them.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/alecthomas/kong"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// The exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// grammar is everything that can be typed.
type grammar struct {
	URL  string `name:"url" placeholder:"URL" help:"Address of the API, such as http://127.0.0.1:8080/client/v4. Default: $$LEASTKEY_URL."`
	JSON bool   `name:"json" help:"Print JSON."`

	Token            tokenCommands    `cmd:"" help:"Make and manage API tokens."`
	Whoami           whoamiCommand    `cmd:"" help:"Say what your credential is, what it may do, until when and from where." example:"leastkey whoami"`
	Explain          explainCommand   `cmd:"" help:"Say whether a request would be allowed, why, and the smallest addition that would allow it. Exits with 1 when it would be refused." example:"leastkey explain PATCH /client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/372e67954025e0ba6aaa6d586b9e0b59"`
	PermissionGroups groupsCommand    `cmd:"" help:"List the permission groups that a token may have." example:"leastkey permission-groups dns"`
	Template         templateCommands `cmd:"" help:"List templates."`
	Role             roleCommands     `cmd:"" help:"List roles."`
	Catalog          catalogCommands  `cmd:"" help:"Check, compare, explain and import catalogues."`
	User             userCommands     `cmd:"" help:"Operator: manage users."`
	Account          accountCommands  `cmd:"" help:"Operator: manage accounts."`
	Member           memberCommands   `cmd:"" help:"Operator: manage who is in an account."`
	Resource         resourceCommands `cmd:"" help:"Operator: manage the registry of resources."`
	Doctor           doctorCommand    `cmd:"" help:"Operator: list the tokens and keys that somebody should look at." example:"leastkey doctor --unused-days 30"`
	Audit            auditCommands    `cmd:"" help:"Operator: read, check and export the audit log."`
	Demo             demoCommand      `cmd:"" help:"Run everything in one process: dashboard, API and, behind it, a sample product with DNS." example:"leastkey demo --data ./data"`
	Serve            serveCommand     `cmd:"" help:"Run the server for an API of your own." example:"leastkey serve --config leastkey.yaml"`
	Version          versionCommand   `cmd:"" help:"Print the version." example:"leastkey version"`
}

// app is what commands work with.
type app struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	now            func() time.Time
	servers        Servers
	url            string
	json           bool
}

// Run runs one command line, without the name of the program, and gives the exit status: 0 when
// it did what it was asked to, 1 when that failed, 2 when it was asked wrongly.
func Run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer, s Servers) int {
	a := &app{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now, servers: s}
	var g grammar
	helped := false
	parser, err := newParser(&g, a, func(int) { helped = true })
	if err != nil {
		return a.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case helped:
		return exitDone
	case err != nil:
		_, _ = fmt.Fprintf(stderr, "leastkey: %s\n", printable(err.Error()))
		_, _ = fmt.Fprintln(stderr, "Try: leastkey --help, or --help after a command.")
		return exitUsage
	}
	a.url, a.json = g.URL, g.JSON
	command.BindTo(ctx, (*context.Context)(nil))
	if err := command.Run(a); err != nil {
		return a.fail(err)
	}
	return exitDone
}

func newParser(g *grammar, a *app, exit func(int)) (*kong.Kong, error) {
	return kong.New(g,
		kong.Name("leastkey"),
		kong.Description("Scoped API tokens for any HTTP API: each cut to exact permissions on exact resources."),
		kong.Writers(a.stdout, a.stderr),
		kong.Exit(exit),
		kong.Help(helpWithExample),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// helpWithExample prints the help of a command with an example below it.
func helpWithExample(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	node := ctx.Selected()
	if node != nil && node.Tag.Has("example") {
		_, err := fmt.Fprintf(ctx.Stdout, "\nExample:\n  %s\n", node.Tag.Get("example"))
		return err
	}
	if node == nil || node.Name == "token" {
		_, err := fmt.Fprint(ctx.Stdout, environment)
		return err
	}
	return nil
}

// environment is what the program reads beside its arguments.
const environment = `
Environment:
  LEASTKEY_URL                   Address of the API, as --url.
  LEASTKEY_TOKEN                 The API token to ask with. Comes before a key.
  LEASTKEY_EMAIL, LEASTKEY_KEY   A user's e-mail and Global API Key to ask with.
  LEASTKEY_DATA                  Data directory of the server, as --data.
  LEASTKEY_CATALOG               Catalogue with templates and roles, as --catalog.
`

// fail says what went wrong, and what may help.
func (a *app) fail(err error) int {
	if errors.Is(err, errRefused) {
		return exitFailed // it was told as an answer, not as an error
	}
	_, _ = fmt.Fprintf(a.stderr, "leastkey: %s\n", printable(err.Error()))
	hint := ""
	refused, ok := errors.AsType[*client.Error](err)
	if ok {
		hint = hintFor(refused)
	}
	if more, known := errors.AsType[*hinted](err); known {
		hint = more.hint
	}
	if hint != "" {
		_, _ = fmt.Fprintf(a.stderr, "hint: %s\n", printable(hint))
	}
	if ok {
		if refused.RequestID != "" {
			_, _ = fmt.Fprintf(a.stderr, "request: %s\n", printable(refused.RequestID))
		}
	}
	return exitFailed
}

// hinted is an error and what may help, for who typed the command.
type hinted struct {
	error
	hint string
}

// Unwrap gives the error.
func (h *hinted) Unwrap() error { return h.error }

// hintFor adds what the server cannot know: how this program was told its credential.
func hintFor(e *client.Error) string {
	switch {
	case e.Status == 401 && (e.Has(api.CodeInvalidAccessToken) || e.Has(api.CodeInvalidToken)):
		if len(e.Errors[0].ErrorChain) > 0 {
			return "" // the server said why
		}
		return "the token is unknown on this server: mistyped, revoked, or rolled since"
	case e.Has(api.CodeUnknownKey):
		return "LEASTKEY_EMAIL and LEASTKEY_KEY do not belong together on this server"
	case e.Has(api.CodeInvalidHeaders) && because(e, api.CodeInvalidEmailHeader):
		return "LEASTKEY_EMAIL takes the e-mail address of the user whose key is in LEASTKEY_KEY"
	case e.Has(api.CodeInvalidHeaders):
		return "LEASTKEY_TOKEN takes an API token; a Global API Key goes into LEASTKEY_KEY, with LEASTKEY_EMAIL"
	case e.Has(api.CodeCouldNotRoute):
		return "is the address of the API right? It usually ends in /client/v4"
	case e.RetryAfter > 0:
		return "try again in " + e.RetryAfter.String()
	default:
		return ""
	}
}

// because reports whether a cause of the refusal has the code.
func because(e *client.Error, code int) bool {
	return slices.ContainsFunc(e.Errors, func(said api.Error) bool {
		return slices.ContainsFunc(said.ErrorChain, func(cause api.Error) bool { return cause.Code == code })
	})
}
