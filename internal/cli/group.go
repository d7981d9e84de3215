package cli

import (
	"context"
	"strings"

	"github.com/leastkey/leastkey/api"
)

// groupsCommand lists permission groups.
type groupsCommand struct {
	ownerFlag
	Text string `arg:"" optional:"" help:"Only those with this in their name."`
	Type string `placeholder:"TYPE" help:"Only those for this type of resource, such as zone."`
}

// Run implements the command.
func (cmd *groupsCommand) Run(ctx context.Context, a *app) error {
	_, tokens, err := cmd.tokens(ctx, a)
	if err != nil {
		return err
	}
	vocab, err := readVocabulary(ctx, tokens)
	if err != nil {
		return err
	}
	ofScope := ""
	if cmd.Type != "" {
		if ofScope, err = vocab.scopeOf(cmd.Type); err != nil {
			return err
		}
	}
	found := []api.PermissionGroup{}
	var rows [][]string
	for _, g := range vocab.groups {
		if ofScope != "" && scope(g) != ofScope || !strings.Contains(strings.ToLower(g.Name), strings.ToLower(cmd.Text)) {
			continue
		}
		found = append(found, g)
		rows = append(rows, []string{g.ID.String(), g.Name, kindOf(scope(g)), g.Category})
	}
	return a.show(found, table([]string{"ID", "NAME", "TYPE", "CATEGORY"}, rows))
}
