package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// catalogFlag says which catalogue has the templates and roles: the v4 contract has no words for
// them, so the server of an own catalogue cannot be asked.
type catalogFlag struct {
	Catalog string `placeholder:"FILE" help:"Catalogue whose templates and roles are meant. Default: $$LEASTKEY_CATALOG, else the built-in one."`
}

func (f catalogFlag) catalog(a *app) (*catalog.Catalog, error) {
	file := f.Catalog
	if file == "" {
		file = a.getenv("LEASTKEY_CATALOG")
	}
	if file == "" {
		return catalog.Default()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return catalog.Load(file, text)
}

// roleCommands are the commands about roles.
type roleCommands struct {
	List   roleList   `cmd:"" help:"List the roles that a member of an account may hold." example:"leastkey role list"`
	Create roleCreate `cmd:"" help:"Make a role of an account, of permission groups." example:"leastkey role create \"DNS on call\" --account Example --group \"DNS Write\" --group \"Zone Read\""`
	Set    roleSet    `cmd:"" help:"Give a role of an account other permission groups. Says first what that takes from which token." example:"leastkey role set \"DNS on call\" --account Example --group \"DNS Read\""`
	Delete roleDelete `cmd:"" help:"Remove a role of an account, which no member holds." example:"leastkey role delete \"DNS on call\" --account Example"`
}

type roleList struct {
	catalogFlag
	dataFlag
	Account string `placeholder:"NAME_OR_ID" help:"With the roles that this account made itself."`
}

// namedGroup is a permission group as programs read it in a list.
type namedGroup struct {
	ID   leastkey.ID           `json:"id"`
	Name string                `json:"name"`
	Type leastkey.ResourceType `json:"type"`
}

func shownGroup(g catalog.Group) namedGroup { return namedGroup{g.ID, g.Name, g.Type} }

// Run implements the command.
func (cmd *roleList) Run(ctx context.Context, a *app) error {
	if cmd.Account != "" {
		return cmd.ofAccount(ctx, a)
	}
	cat, err := cmd.catalog(a)
	if err != nil {
		return err
	}
	type shown struct {
		ID          leastkey.ID  `json:"id"`
		Name        string       `json:"name"`
		Description string       `json:"description,omitempty"`
		Permissions []namedGroup `json:"permission_groups"`
	}
	var roles []shown
	var rows [][]string
	for _, r := range cat.Roles() {
		s := shown{r.ID, r.Name, r.Description, []namedGroup{}}
		var names []string
		for _, id := range r.Groups {
			if g, ok := cat.Group(id); ok {
				s.Permissions = append(s.Permissions, shownGroup(g))
				names = append(names, g.Name)
			}
		}
		roles = append(roles, s)
		rows = append(rows, []string{r.ID.String(), r.Name, some(names)})
	}
	return a.show(notNull(roles), table([]string{"ID", "NAME", "PERMISSIONS"}, rows))
}

// templateCommands are the commands about templates.
type templateCommands struct {
	List templateList `cmd:"" help:"List the templates that a token can be made from." example:"leastkey template list"`
}

type templateList struct{ catalogFlag }

// Run implements the command.
func (cmd *templateList) Run(a *app) error {
	cat, err := cmd.catalog(a)
	if err != nil {
		return err
	}
	type shown struct {
		ID          leastkey.ID       `json:"id"`
		Name        string            `json:"name"`
		Description string            `json:"description,omitempty"`
		Resources   map[string]string `json:"resources"` // by type: choose, all or self
		Permissions []namedGroup      `json:"permission_groups"`
	}
	var templates []shown
	var rows [][]string
	for _, t := range cat.Templates() {
		s := shown{t.ID, t.Name, t.Description, map[string]string{}, []namedGroup{}}
		var names, on []string
		for _, g := range t.Permissions {
			s.Permissions = append(s.Permissions, shownGroup(g))
			names = append(names, g.Name)
		}
		for _, r := range t.Resources {
			s.Resources[string(r.Type)] = r.Choice.String()
			on = append(on, map[catalog.Choice]string{catalog.Choose: "chosen ", catalog.All: "every "}[r.Choice]+string(r.Type))
		}
		templates = append(templates, s)
		rows = append(rows, []string{t.Name, strings.Join(on, ", "), some(names)})
	}
	return a.show(notNull(templates), table([]string{"NAME", "ON", "PERMISSIONS"}, rows))
}

// some names a few of many.
func some(names []string) string {
	const most = 4
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most-1], ", "), len(names)-most+1)
}
