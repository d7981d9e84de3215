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
	Import resourceImport `cmd:"" help:"Register many, from a file of JSON lines: {\"type\": ..., \"id\": ..., \"name\": ..., \"parent\": \"TYPE:ID\"}." example:"leastkey resource import zones.jsonl --dry-run"`
	Rename resourceRename `cmd:"" help:"Give a resource another name." example:"leastkey resource rename zone:023e105f4ecef8ad9ca31a8372d0c353 live.example"`
	Move   resourceMove   `cmd:"" help:"Put a resource, with all below it, under another parent. Tokens lose what they may do on it by name." example:"leastkey resource move zone:023e105f4ecef8ad9ca31a8372d0c353 --parent account:Other"`
	Remove resourceRemove `cmd:"" help:"Take a resource out of the registry: no token reaches it any more, not even when its id comes back." example:"leastkey resource remove zone:023e105f4ecef8ad9ca31a8372d0c353"`
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

type resourceRename struct {
	dataFlag
	Resource string `arg:"" help:"TYPE:ID."`
	Name     string `arg:"" help:"What people call it."`
}

// Run implements the command.
func (cmd *resourceRename) Run(ctx context.Context, a *app) error {
	named, err := resourceArg(cmd.Resource)
	if err != nil {
		return err
	}
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	row, err := o.RenameResource(ctx, named, cmd.Name)
	if err != nil {
		return err
	}
	return a.show(row, line("%s is called %q.", named, row.Name))
}

type resourceMove struct {
	dataFlag
	yesFlag
	Resource string `arg:"" help:"TYPE:ID."`
	Parent   string `required:"" placeholder:"PARENT" help:"Where it goes: TYPE:ID, or account:NAME."`
}

// Run implements the command.
func (cmd *resourceMove) Run(ctx context.Context, a *app) error {
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
	will, err := o.ForeseeMove(ctx, named, parent)
	if err == nil {
		err = sayEffects(a, will.Tokens)
	}
	if err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Move %s under %s?", named, parent)); err != nil {
		return err
	}
	row, err := o.MoveResource(ctx, named, parent)
	if err != nil {
		return err
	}
	return a.show(row, line("%s is under %s.", named, parentOf(row)))
}

// foretell says which tokens will lose what, beside the output proper.
func foretell(ctx context.Context, a *app, o *client.Operator, r leastkey.Resource) (api.ResourceConsequences, error) {
	will, err := o.ResourceConsequences(ctx, r)
	if err != nil {
		return will, err
	}
	if len(will.Tokens) == 0 {
		_, err = fmt.Fprintln(a.stderr, "No token names it, or anything below it, in what it allows.")
		return will, err
	}
	return will, sayEffects(a, will.Tokens)
}

type resourceRemove struct {
	dataFlag
	yesFlag
	Recursive bool   `help:"Remove what is below it as well."`
	Resource  string `arg:"" help:"TYPE:ID."`
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
	will, err := foretell(ctx, a, o, named)
	if err != nil {
		return err
	}
	with := ""
	switch {
	case will.Below > 0 && !cmd.Recursive:
		return fmt.Errorf("%s has resources below it (%d): add --recursive to remove them as well", named, will.Below)
	case will.Below > 0:
		with = fmt.Sprintf(", with the resources below it (%d),", will.Below)
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Take %s%s out of the registry? No token reaches it then.", named, with)); err != nil {
		return err
	}
	if err := o.DeleteResource(ctx, named, cmd.Recursive); err != nil {
		return err
	}
	return a.show(api.Deleted{ID: named.ID}, line("%s is no longer registered.", named))
}
