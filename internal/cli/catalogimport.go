package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/leastkey/leastkey/internal/openapi"
)

type importCommand struct {
	File      string `arg:"" help:"The OpenAPI document (3.0, 3.1 or 2.0), JSON or YAML."`
	Namespace string `placeholder:"NAME" help:"How resource keys begin on the wire. Default: made of the document's host or title."`
	Base      string `placeholder:"PATH" help:"Path in front of every route, / for none. Default: that of the document's first server."`
	Depth     int    `default:"2" help:"How deep resource types may be nested: 1 or 2."`
	Output    string `short:"o" placeholder:"FILE" help:"Where the catalogue goes. Default: standard output."`
	Force     bool   `help:"Overwrite the output."`
}

// Run implements the command.
func (cmd *importCommand) Run(a *app) error {
	data, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	text, report, err := openapi.Import(data, openapi.Options{Namespace: cmd.Namespace, Base: cmd.Base, Depth: cmd.Depth})
	if err != nil {
		tellUndecided(a.stderr, report)
		return fmt.Errorf("%s: %w", cmd.File, err)
	}
	if cmd.Output != "" {
		if err := writeFile(cmd.Output, text, cmd.Force); err != nil {
			return err
		}
	}
	if a.json {
		shown := struct {
			openapi.Report
			Output  string `json:"output,omitempty"`
			Catalog string `json:"catalog,omitempty"`
		}{Report: report, Output: cmd.Output}
		if cmd.Output == "" {
			shown.Catalog = string(text)
		}
		return a.show(shown, nil)
	}
	if cmd.Output == "" {
		if _, err := a.stdout.Write(text); err != nil {
			return err
		}
	}
	tellUndecided(a.stderr, report)
	return line("operations %d: decided %d, undecided and so refused %d; resource types %d, permission groups %d",
		report.Operations, report.Decided, len(report.Undecided), report.Types, report.Groups)(a.stderr)
}

// tellUndecided counts operations by the reason for which each is undecided.
func tellUndecided(w io.Writer, report openapi.Report) {
	var reasons []string
	of := map[string][]string{}
	for _, u := range report.Undecided {
		if of[u.Reason] == nil {
			reasons = append(reasons, u.Reason)
		}
		of[u.Reason] = append(of[u.Reason], u.Operation)
	}
	const most = 3
	for _, reason := range reasons {
		names := of[reason]
		shown := strings.Join(names[:min(most, len(names))], ", ")
		if len(names) > most {
			shown += fmt.Sprintf(" and %d more", len(names)-most)
		}
		_ = line("undecided: %s: %s", reason, shown)(w)
	}
}

// writeFile writes a new file, whole or not at all.
func writeFile(path string, text []byte, overwrite bool) error {
	if _, err := os.Lstat(path); err == nil && !overwrite {
		return fmt.Errorf("%s is there already: choose another --output, or add --force", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".import-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Close())
	if err == nil && overwrite {
		err = os.Rename(f.Name(), path)
	} else if err == nil {
		err = os.Link(f.Name(), path) // which fails when somebody else made it meanwhile
		_ = os.Remove(f.Name())
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}
