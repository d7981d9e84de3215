package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
)

type doctorCommand struct {
	dataFlag
	UnusedDays int `default:"90" placeholder:"DAYS" help:"How long a token is not used until that is a concern."`
}

// Run implements the command.
func (cmd *doctorCommand) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	found, err := o.Doctor(ctx, cmd.UnusedDays)
	if err != nil {
		return err
	}
	rows := make([][]string, len(found))
	for i, c := range found {
		rows[i] = []string{c.ID.String(), c.Name, c.Owner, strings.Join(c.Words, "; ")}
	}
	return a.show(notNull(found), func(w io.Writer) error {
		if len(found) == 0 {
			_, err := fmt.Fprintln(w, "No token or key is of concern.")
			return err
		}
		return table([]string{"ID", "NAME", "OWNER", "LOOK AT IT BECAUSE IT"}, rows)(w)
	})
}
