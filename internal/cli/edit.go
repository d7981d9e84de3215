package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/leastkey/leastkey/api"
)

// editCommand changes a token.
type editCommand struct {
	tokenRef
	rightsFlags
	yesFlag
	Name  string `placeholder:"NAME" help:"New name."`
	Add   bool   `help:"Add the rights to those it has, instead of replacing them."`
	AnyIP bool   `name:"any-ip" help:"From any address."`
}

// Run implements the command.
func (cmd *editCommand) Run(ctx context.Context, a *app) error {
	if err := cmd.check(); err != nil {
		return err
	}
	if err := cmd.possible(a); err != nil {
		return err
	}
	t, c, tokens, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	vocab, err := readVocabulary(ctx, tokens)
	if err != nil {
		return err
	}
	r := newResolver(c, vocab)
	changed, err := cmd.change(ctx, a, t, r)
	if err != nil {
		return err
	}
	if !a.json || !cmd.Yes {
		r.nameZones(ctx, changed.Policies)
		title := fmt.Sprintf("Token %q (%s) will be", t.Name, t.ID)
		if changed.Name != t.Name {
			title = fmt.Sprintf("Token %q (%s) will be %q", t.Name, t.ID, changed.Name)
		}
		if err := summarize(title, changed, vocab, r.names, a.now()).write(a.stderr); err != nil {
			return err
		}
	}
	if err := cmd.confirm(ctx, a, "Change this token?"); err != nil {
		return err
	}
	now, err := tokens.Update(ctx, t.ID, request(changed))
	if err != nil {
		return r.advise(err)
	}
	return a.show(now, line("Token %q (%s) is changed. Its secret is the same.", now.Name, now.ID))
}

func (cmd *editCommand) check() error {
	addresses := len(cmd.IP) > 0 || len(cmd.NotIP) > 0
	switch {
	case cmd.AnyIP && addresses:
		return errors.New("--any-ip takes --ip and --not-ip away: give the one or the others")
	case cmd.Add && !cmd.anyPolicy():
		return errors.New("--add what? Give --allow, --deny or --template with it")
	case !cmd.anyPolicy() && !addresses && !cmd.AnyIP && cmd.Name == "" && cmd.Expires == "" && cmd.NotBefore == "" && len(cmd.Zone)+len(cmd.On) == 0:
		return errors.New("change what? Give --name, --allow, --deny, --template, --ip, --not-ip, --any-ip, --expires or --not-before")
	}
	return nil
}

// change is the token with the changes.
func (cmd *editCommand) change(ctx context.Context, a *app, t api.Token, r *resolver) (api.Token, error) {
	if cmd.Name != "" {
		t.Name = cmd.Name
	}
	var err error
	if cmd.AnyIP {
		t.Condition = api.Condition{}
	}
	if t.Condition, err = cmd.condition(t.Condition); err != nil {
		return t, err
	}
	if t.NotBefore, t.ExpiresOn, err = cmd.validity(t.NotBefore, t.ExpiresOn, a.now()); err != nil {
		return t, err
	}
	policies, err := cmd.policies(ctx, a, r)
	switch {
	case err != nil || !cmd.anyPolicy():
		return t, err
	case cmd.Add:
		t.Policies = append(t.Policies, policies...)
	case !grantsSomething(policies):
		return t, errors.New("with only --deny it could do nothing: add --add to keep the rights it has")
	default:
		t.Policies = policies
	}
	return t, nil
}
