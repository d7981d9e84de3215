package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/leastkey/leastkey/catalog"
)

// catalogCommands are the commands about catalogues.
type catalogCommands struct {
	Check   checkCommand          `cmd:"" help:"Check a catalogue: whatever is wrong is named with file, line and fix." example:"leastkey catalog check catalogue.yaml"`
	Diff    catalogDiffCommand    `cmd:"" help:"Say what differs between two catalogues, and what each token of the running server would lose and gain with a new one. Exits with 0 whether something differs or not." example:"leastkey catalog diff catalogue.yaml --data ./data"`
	Explain catalogExplainCommand `cmd:"" help:"Say which operation a request is, what it acts on, and which permission groups it accepts." example:"leastkey catalog explain GET /client/v4/zones --catalog catalogue.yaml"`
	Import  importCommand         `cmd:"" help:"Make a first catalogue of an OpenAPI document." example:"leastkey catalog import openapi.json --output catalogue.yaml"`
}

type checkCommand struct {
	File string `arg:"" help:"The catalogue, a YAML file."`
}

// finding is one thing that is wrong, for programs.
type finding struct {
	Line int    `json:"line"`
	What string `json:"what"`
	Fix  string `json:"fix"`
}

func findings(problems catalog.Problems) []finding {
	list := []finding{}
	for _, p := range problems {
		list = append(list, finding{p.Line, p.What, p.Fix})
	}
	return list
}

// Run implements the command.
func (cmd *checkCommand) Run(a *app) error {
	data, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	c, err := catalog.Load(cmd.File, data)
	var problems catalog.Problems
	if err != nil && !errors.As(err, &problems) {
		return err
	}
	var warnings catalog.Problems
	if err == nil {
		warnings = c.Warnings()
	}
	report := struct {
		File     string    `json:"file"`
		OK       bool      `json:"ok"`
		Problems []finding `json:"problems"`
		Warnings []finding `json:"warnings"`
	}{cmd.File, err == nil, findings(problems), findings(warnings)}
	if err := a.show(report, func(w io.Writer) error {
		if len(problems) > 0 {
			_, err := fmt.Fprintln(w, printable(problems.Error()))
			return err
		}
		for _, p := range warnings {
			if err := line("%s:%d: warning: %s; %s", p.File, p.Line, p.What, p.Fix)(w); err != nil {
				return err
			}
		}
		own := c.Own()
		return line("%s: in order: resource types %d, permission groups %d, roles %d, templates %d, operations %d, beside those built in",
			cmd.File, own.Resources, own.Groups, own.Roles, own.Templates, own.Operations)(w)
	}); err != nil {
		return err
	}
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s has a problem", cmd.File)
	default:
		return fmt.Errorf("%s has %d problems", cmd.File, len(problems))
	}
}
