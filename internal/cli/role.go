package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// ofAccount lists the roles of a running server and one account.
func (cmd *roleList) ofAccount(ctx context.Context, a *app) error {
	o, account, err := accountRef{cmd.dataFlag, cmd.Account}.find(ctx, a)
	if err != nil {
		return err
	}
	roles, err := o.Roles(ctx, account.ID)
	if err != nil {
		return err
	}
	rows := make([][]string, len(roles))
	for i, r := range roles {
		rows[i] = []string{r.ID.String(), r.Name, r.Description}
	}
	return a.show(notNull(roles), table([]string{"ID", "NAME", "DESCRIPTION"}, rows))
}

// groupsFlag says which permission groups.
type groupsFlag struct {
	Group       []string `required:"" sep:"none" placeholder:"NAME_OR_ID" help:"Permission group to hold, on the account or on all of its type in it; repeatable."`
	Description string   `help:"What the role is for."`
}

func (g groupsFlag) request(name string) api.RoleRequest {
	return api.RoleRequest{Name: name, Description: g.Description, Groups: g.Group}
}

type roleCreate struct {
	accountRef
	groupsFlag
	Name string `arg:"" help:"What it is called."`
}

// Run implements the command.
func (cmd *roleCreate) Run(ctx context.Context, a *app) error {
	o, account, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	role, err := o.CreateRole(ctx, account.ID, cmd.request(cmd.Name))
	if err != nil {
		return err
	}
	return a.show(role, line("Role %q (%s) of account %q.", role.Name, role.ID, account.Name))
}

// roleRef names one role that an account made itself.
type roleRef struct {
	accountRef
	Role string `arg:"" help:"Name, or id."`
}

func (r roleRef) findRole(ctx context.Context, a *app) (*client.Operator, api.Account, api.Role, error) {
	o, account, err := r.find(ctx, a)
	if err != nil {
		return nil, account, api.Role{}, err
	}
	roles, err := o.Roles(ctx, account.ID)
	if err != nil {
		return nil, account, api.Role{}, err
	}
	role, err := pick(roles, "role", r.Role, func(r api.Role) (leastkey.ID, string) { return r.ID, r.Name })
	return o, account, role, err
}

type roleSet struct {
	roleRef
	groupsFlag
	dryRunFlag
	Name string `help:"Call it something else."`
}

// Run implements the command.
func (cmd *roleSet) Run(ctx context.Context, a *app) error {
	o, account, role, err := cmd.findRole(ctx, a)
	if err != nil {
		return err
	}
	request := cmd.request(role.Name)
	if cmd.Name != "" {
		request.Name = cmd.Name
	}
	if request.Description == "" {
		request.Description = role.Description
	}
	will, err := o.ForeseeRole(ctx, account.ID, role.ID, request)
	if done, err := cmd.foreseen(a, will, err); done || err != nil {
		return err
	}
	if role, err = o.ReplaceRole(ctx, account.ID, role.ID, request); err != nil {
		return err
	}
	return a.show(role, line("Role %q of account %q has %s.", role.Name, account.Name, strings.Join(cmd.Group, ", ")))
}

type roleDelete struct{ roleRef }

// Run implements the command.
func (cmd *roleDelete) Run(ctx context.Context, a *app) error {
	o, account, role, err := cmd.findRole(ctx, a)
	if err != nil {
		return err
	}
	if err := o.DeleteRole(ctx, account.ID, role.ID); err != nil {
		return fmt.Errorf("role %q: %w", role.Name, err)
	}
	return a.show(api.Deleted{ID: role.ID.String()}, line("Account %q has no role %q any more.", account.Name, role.Name))
}
