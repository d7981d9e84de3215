package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// resourceCommands are the operator's commands about the registry of resources.
type resourceCommands struct {
	List   resourceList   `cmd:"" help:"List what is registered." example:"leastkey resource list --type zone"`
	Add    resourceAdd    `cmd:"" help:"Register a resource under its parent." example:"leastkey resource add zone:023e105f4ecef8ad9ca31a8372d0c353 --name staging.example --parent account:Example"`
	Remove resourceRemove `cmd:"" help:"Take a resource out of the registry: no token reaches it any more." example:"leastkey resource remove zone:023e105f4ecef8ad9ca31a8372d0c353"`
}

// resourceArg reads TYPE:ID.
func resourceArg(text string) (leastkey.Resource, error) {
	kind, id, ok := strings.Cut(text, ":")
	if !ok || kind == "" || id == "" {
		return leastkey.Resource{}, fmt.Errorf("resource %q: want TYPE:ID, such as zone:023e105f4ecef8ad9ca31a8372d0c353", text)
	}
	return leastkey.Resource{Type: leastkey.ResourceType(kind), ID: id}, nil
}

// parentArg reads TYPE:ID, or account:NAME, which it looks up.
func parentArg(ctx context.Context, o *client.Operator, text string) (leastkey.Resource, error) {
	parent, err := resourceArg(text)
	if err != nil || parent.Type != leastkey.AccountType || isID(parent.ID) {
		return parent, err
	}
	accounts, err := o.Accounts(ctx)
	if err != nil {
		return parent, err
	}
	account, err := pick(accounts, "account", parent.ID, func(a api.Account) (leastkey.ID, string) { return a.ID, a.Name })
	parent.ID = account.ID.String()
	return parent, err
}

type resourceList struct {
	dataFlag
	Type   string `placeholder:"TYPE" help:"Only of this type."`
	Parent string `placeholder:"PARENT" help:"Only under this parent: TYPE:ID, or account:NAME."`
}

// Run implements the command.
func (cmd *resourceList) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	var parent leastkey.Resource
	if cmd.Parent != "" {
		if parent, err = parentArg(ctx, o, cmd.Parent); err != nil {
			return err
		}
	}
	found, err := o.Resources(ctx, leastkey.ResourceType(cmd.Type), parent)
	if err != nil {
		return err
	}
	rows := make([][]string, len(found))
	for i, r := range found {
		rows[i] = []string{string(r.Type), r.ID, r.Name, parentOf(r)}
	}
	return a.show(notNull(found), table([]string{"TYPE", "ID", "NAME", "PARENT"}, rows))
}

func parentOf(r api.Resource) string {
	if r.Parent == nil {
		return "-"
	}
	return r.Parent.String()
}

type resourceAdd struct {
	dataFlag
	Resource string `arg:"" help:"TYPE:ID, with the id that the API uses."`
	Name     string `placeholder:"NAME" help:"What people call it."`
	Parent   string `required:"" placeholder:"PARENT" help:"What it belongs to: TYPE:ID, or account:NAME."`
}

// Run implements the command.
func (cmd *resourceAdd) Run(ctx context.Context, a *app) error {
	named, err := resourceArg(cmd.Resource)
	if err != nil {
		return err
	}
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	parent, err := parentArg(ctx, o, cmd.Parent)
	if err != nil {
		return err
	}
	made, err := o.CreateResource(ctx, api.Resource{Type: named.Type, ID: named.ID, Name: cmd.Name, Parent: &parent})
	if err != nil {
		return err
	}
	return a.show(made, line("%s %s is registered under %s.", made.Type, made.ID, parentOf(made)))
}

type resourceRemove struct {
	dataFlag
	yesFlag
	Resource string `arg:"" help:"TYPE:ID."`
}

// Run implements the command.
func (cmd *resourceRemove) Run(ctx context.Context, a *app) error {
	named, err := resourceArg(cmd.Resource)
	if err != nil {
		return err
	}
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Take %s out of the registry? No token reaches it then.", named)); err != nil {
		return err
	}
	if err := o.DeleteResource(ctx, named); err != nil {
		return err
	}
	return a.show(api.Deleted{ID: named.ID}, line("%s is no longer registered.", named))
}
