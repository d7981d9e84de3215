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
	Check checkCommand `cmd:"" help:"Check a catalogue: whatever is wrong is named with file, line and fix." example:"leastkey catalog check catalogue.yaml"`
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
	report := struct {
		File     string    `json:"file"`
		OK       bool      `json:"ok"`
		Problems []finding `json:"problems"`
	}{cmd.File, err == nil, []finding{}}
	for _, p := range problems {
		report.Problems = append(report.Problems, finding{p.Line, p.What, p.Fix})
	}
	if err := a.show(report, func(w io.Writer) error {
		if len(problems) > 0 {
			_, err := fmt.Fprintln(w, printable(problems.Error()))
			return err
		}
		return line("%s: in order: resource types %d, permission groups %d, roles %d, templates %d, operations %d", cmd.File,
			len(c.Resources()), len(c.Groups()), len(c.Roles()), len(c.Templates()), len(c.Operations()))(w)
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
