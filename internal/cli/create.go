package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// createCommand makes a token.
type createCommand struct {
	ownerFlag
	rightsFlags
	yesFlag
	Name string `placeholder:"NAME" help:"What to call it: who or what will use it. Default: what it may do."`
}

// Run implements the command.
func (cmd *createCommand) Run(ctx context.Context, a *app) error {
	if !cmd.anyPolicy() {
		return errors.New("what may it do? Add --template NAME, or --allow \"GROUP on RESOURCE\"")
	}
	if err := cmd.possible(a); err != nil {
		return err
	}
	c, tokens, err := cmd.tokens(ctx, a)
	if err != nil {
		return err
	}
	plan, r, err := cmd.plan(ctx, a, c, tokens)
	if err != nil {
		return err
	}
	if !a.json || !cmd.Yes {
		title := fmt.Sprintf("Token %q, owned by %s", plan.Name, cmd.owner())
		if err := summarize(title, plan, r.vocab, r.names, a.now()).write(a.stderr); err != nil {
			return err
		}
	}
	if err := cmd.confirm(ctx, a, "Create this token?"); err != nil {
		return err
	}
	made, err := tokens.Create(ctx, request(plan))
	if err != nil {
		return r.advise(err)
	}
	return a.show(made, func(w io.Writer) error { return showOnce(w, made, made.Value, tokens) })
}

// plan is the token as it will be.
func (cmd *createCommand) plan(ctx context.Context, a *app, c *client.Client, tokens client.Tokens) (api.Token, *resolver, error) {
	plan := api.Token{Name: cmd.Name}
	if plan.Name == "" {
		plan.Name = cmd.nameFromRights()
	}
	var err error
	if plan.Condition, err = cmd.condition(plan.Condition); err != nil {
		return plan, nil, err
	}
	if plan.NotBefore, plan.ExpiresOn, err = cmd.validity(plan.NotBefore, plan.ExpiresOn, a.now()); err != nil {
		return plan, nil, err
	}
	vocab, err := readVocabulary(ctx, tokens)
	if err != nil {
		return plan, nil, err
	}
	r := newResolver(c, vocab)
	plan.Policies, err = cmd.policies(ctx, a, r)
	if err == nil && !grantsSomething(plan.Policies) {
		err = errors.New("with only --deny it could do nothing: add --allow or --template")
	}
	return plan, r, err
}

// nameFromRights is what a token is called when nobody says: "Edit zone DNS, staging.example".
func (f rightsFlags) nameFromRights() string {
	parts := slices.Concat([]string{f.Template}, f.Zone, f.On, f.Allow)
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	name := []rune(strings.Join(parts, ", "))
	const most = 120 // of the server
	if len(name) > most {
		name = append(name[:most-3], []rune("...")...)
	}
	return string(name)
}

// request is the body that makes a token, or replaces one, so that it becomes t. It leaves the
// status alone.
func request(t api.Token) api.TokenRequest {
	r := api.TokenRequest{Name: api.Some(t.Name), Policies: api.Some(t.Policies)}
	if !t.Condition.IsZero() {
		r.Condition = api.Some(t.Condition)
	}
	if !t.NotBefore.IsZero() {
		r.NotBefore = api.Some(t.NotBefore)
	}
	if !t.ExpiresOn.IsZero() {
		r.ExpiresOn = api.Some(t.ExpiresOn)
	}
	return r
}

// showOnce prints a secret, and how to check it without typing it into a command.
func showOnce(w io.Writer, t api.Token, secret api.Secret, tokens client.Tokens) error {
	_, err := fmt.Fprintf(w, `Token %q (%s). This is its secret; it is not shown again:

  %s

Check it, with the secret in $TOKEN:

  curl -X GET "%s" -H "Authorization: Bearer $TOKEN" -H "Content-Type:application/json"
`, oneLine(t.Name), t.ID, oneLine(secret.Reveal()), tokens.VerifyURL())
	return err
}
