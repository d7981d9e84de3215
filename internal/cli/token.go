package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// tokenCommands are the commands about tokens.
type tokenCommands struct {
	Create       createCommand       `cmd:"" help:"Make a token. Shows what it may do and asks first." example:"leastkey token create --name ci --template \"Edit zone DNS\" --zone staging.example --expires 30d"`
	List         listCommand         `cmd:"" help:"List tokens." example:"leastkey token list"`
	Show         showCommand         `cmd:"" help:"Show what one token may do." example:"leastkey token show ci"`
	Edit         editCommand         `cmd:"" help:"Change a token; its secret and all that is not mentioned stay." example:"leastkey token edit ci --expires 90d"`
	Disable      disableCmd          `cmd:"" help:"Switch a token off." example:"leastkey token disable ci"`
	Enable       enableCmd           `cmd:"" help:"Switch a token on again." example:"leastkey token enable ci"`
	Roll         rollCommand         `cmd:"" help:"Give a token a new secret." example:"leastkey token roll ci --overlap 1h"`
	Import       tokenImport         `cmd:"" help:"Take in tokens and keys of another system, so that those who have them need not change anything: JSON lines, on the machine of the server." example:"leastkey token import credentials.jsonl --dry-run"`
	Delete       deleteCommand       `cmd:"" help:"Revoke a token for good." example:"leastkey token delete ci"`
	RevokeLeaked revokeLeakedCommand `cmd:"" help:"End secrets that leaked, whosever they are. Reads them from standard input, one a line; needs no credential." example:"leastkey token revoke-leaked --url https://api.example.com/client/v4"`
	ScannerRules scannerRulesCommand `cmd:"" help:"Print the rules with which gitleaks or trufflehog find tokens." example:"leastkey token scanner-rules --format trufflehog"`
	Verify       verifyCommand       `cmd:"" help:"Say whether a token works. Reads it from $$LEASTKEY_TOKEN or from standard input, never from the command line." example:"leastkey token verify"`
}

// ownerFlag says whose tokens are meant.
type ownerFlag struct {
	Account string `placeholder:"NAME_OR_ID" help:"Tokens that this account owns, instead of your own."`
}

func (o ownerFlag) tokens(ctx context.Context, a *app) (*client.Client, client.Tokens, error) {
	c, err := a.client()
	if err != nil {
		return nil, client.Tokens{}, err
	}
	if o.Account == "" {
		return c, c.UserTokens(), nil
	}
	account, err := findAccount(ctx, c, o.Account)
	return c, c.AccountTokens(account.ID), err
}

func (o ownerFlag) owner() string {
	if o.Account == "" {
		return "you"
	}
	return "account " + o.Account
}

// tokenRef names one token.
type tokenRef struct {
	ownerFlag
	Token string `arg:"" name:"token" help:"Name or id."`
}

// find gives the token, and where it is.
func (r tokenRef) find(ctx context.Context, a *app) (api.Token, *client.Client, client.Tokens, error) {
	c, tokens, err := r.tokens(ctx, a)
	if err != nil {
		return api.Token{}, nil, tokens, err
	}
	if id, err := leastkey.ParseID(r.Token); err == nil {
		t, err := tokens.Get(ctx, id)
		return t, c, tokens, err
	}
	all, err := tokens.List(ctx)
	if err != nil {
		return api.Token{}, nil, tokens, err
	}
	t, err := pick(all, "token", r.Token, func(t api.Token) (leastkey.ID, string) { return t.ID, t.Name })
	return t, c, tokens, err
}

type listCommand struct{ ownerFlag }

// Run implements the command.
func (cmd *listCommand) Run(ctx context.Context, a *app) error {
	_, tokens, err := cmd.tokens(ctx, a)
	if err != nil {
		return err
	}
	all, err := tokens.List(ctx)
	if err != nil {
		return err
	}
	rows := make([][]string, len(all))
	for i, t := range all {
		rows[i] = []string{t.ID.String(), t.Name, standing(t, a.now()), orDash(t.ExpiresOn)}
	}
	return a.show(notNull(all), table([]string{"ID", "NAME", "STATUS", "EXPIRES"}, rows))
}

// standing is the status of a token in words: an active one that has not begun does not work.
func standing(t api.Token, now time.Time) string {
	if t.Status == api.StatusActive && t.NotBefore.After(now) {
		return "not yet valid"
	}
	return string(t.Status)
}

func orDash(t api.Time) string {
	if t.IsZero() {
		return "-"
	}
	return instant(t)
}

// notNull is the list, or an empty one: programs that read it expect an array.
func notNull[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

type showCommand struct{ tokenRef }

// Run implements the command.
func (cmd *showCommand) Run(ctx context.Context, a *app) error {
	t, c, tokens, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	return a.show(t, func(w io.Writer) error {
		vocab, err := readVocabulary(ctx, tokens)
		if err != nil {
			return err
		}
		r := newResolver(c, vocab)
		r.nameZones(ctx, t.Policies)
		s := summarize(fmt.Sprintf("Token %q (%s), %s", t.Name, t.ID, standing(t, a.now())), t, vocab, r.names, a.now())
		s.row("issued", instant(t.IssuedOn))
		return s.write(w)
	})
}

type disableCmd struct{ tokenRef }

// Run implements the command.
func (cmd *disableCmd) Run(ctx context.Context, a *app) error {
	return cmd.setStatus(ctx, a, api.StatusDisabled)
}

type enableCmd struct{ tokenRef }

// Run implements the command.
func (cmd *enableCmd) Run(ctx context.Context, a *app) error {
	return cmd.setStatus(ctx, a, api.StatusActive)
}

func (r tokenRef) setStatus(ctx context.Context, a *app, status api.TokenStatus) error {
	t, _, tokens, err := r.find(ctx, a)
	if err != nil {
		return err
	}
	change := request(t)
	change.Status = api.Some(status)
	t, err = tokens.Update(ctx, t.ID, change)
	if err != nil {
		return err
	}
	return a.show(t, line("Token %q (%s) is %s.", t.Name, t.ID, t.Status))
}

type rollCommand struct {
	tokenRef
	yesFlag
	Overlap string `placeholder:"SPAN" help:"How long the old secret still works, such as 1h; at most 7d. Default: it ends at once."`
}

// Run implements the command.
func (cmd *rollCommand) Run(ctx context.Context, a *app) error {
	var overlap time.Duration
	if cmd.Overlap != "" && cmd.Overlap != "0" {
		var ok bool
		if overlap, ok = span(cmd.Overlap); !ok {
			return fmt.Errorf("--overlap %q: want a span such as 30m, 12h or 7d", cmd.Overlap)
		}
		if overlap > 7*24*time.Hour { // as the server's limit, and in the words that were typed
			return fmt.Errorf("--overlap %s: at most 7d", cmd.Overlap)
		}
	}
	if err := cmd.possible(a); err != nil {
		return err
	}
	t, _, tokens, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	question := fmt.Sprintf("Roll token %q? Its old secret ends at once.", t.Name)
	if overlap > 0 {
		question = fmt.Sprintf("Roll token %q? Its old secret ends in %s.", t.Name, cmd.Overlap)
	}
	if err := cmd.confirm(ctx, a, question); err != nil {
		return err
	}
	secret, err := tokens.Roll(ctx, t.ID, overlap)
	if err != nil {
		return err
	}
	rolled := struct {
		ID    leastkey.ID `json:"id"`
		Value api.Secret  `json:"value"`
	}{t.ID, secret}
	ends := "The old secret has ended."
	if overlap > 0 {
		ends = fmt.Sprintf("The old secret works for another %s, until %s.", cmd.Overlap, instant(api.At(a.now().Add(overlap))))
	}
	return a.show(rolled, func(w io.Writer) error {
		if err := showOnce(w, t, secret, tokens); err != nil {
			return err
		}
		_, err := fmt.Fprintf(w, "\n%s\n", ends)
		return err
	})
}

type deleteCommand struct {
	tokenRef
	yesFlag
}

// Run implements the command.
func (cmd *deleteCommand) Run(ctx context.Context, a *app) error {
	if err := cmd.possible(a); err != nil {
		return err
	}
	t, _, tokens, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Delete token %q (%s)? Nothing brings it back.", t.Name, t.ID)); err != nil {
		return err
	}
	if err := tokens.Delete(ctx, t.ID); err != nil {
		return err
	}
	return a.show(api.Deleted{ID: t.ID.String()}, line("Token %q (%s) is deleted.", t.Name, t.ID))
}

type verifyCommand struct {
	Account string `placeholder:"ID" help:"The token is owned by this account."`
	Stdin   bool   `help:"Read the token from standard input even when $$LEASTKEY_TOKEN is set."`
}

// Run implements the command.
func (cmd *verifyCommand) Run(ctx context.Context, a *app) error {
	token, from := a.getenv("LEASTKEY_TOKEN"), "LEASTKEY_TOKEN"
	if token == "" || cmd.Stdin {
		var err error
		if token, err = a.readSecret(ctx, "Token"); err != nil {
			return err
		}
		from = "standard input"
	}
	credential, err := bearer(token, from)
	if err != nil {
		return err
	}
	c, err := a.clientWith(credential)
	if err != nil {
		return err
	}
	tokens := c.UserTokens()
	if cmd.Account != "" {
		account, err := findAccount(ctx, c, cmd.Account)
		if err != nil {
			return err
		}
		tokens = c.AccountTokens(account.ID)
	}
	v, err := tokens.Verify(ctx)
	var refused *client.Error
	if cmd.Account == "" && errors.As(err, &refused) {
		switch {
		case madeFor(token, "at"):
			return fmt.Errorf("this is the token of an account, which is verified with --account ID: %w", err)
		case !madeFor(token, "ut"):
			return fmt.Errorf("if an account owns this token, verify it with --account ID: %w", err)
		}
	}
	if err != nil {
		return err
	}
	return a.show(v, line("Token %s is %s%s.", v.ID, v.Status, until(v.ExpiresOn, a.now())))
}

// madeFor tells from the shape of a token that it was made here, and for whom: "ut" for a user, "at" for an account.
// One of another system has neither shape.
func madeFor(token, owner string) bool {
	kind, _, _ := strings.Cut(strings.TrimSpace(token), "_")
	return len(kind) >= 4 && len(kind) <= 5 && strings.HasSuffix(kind, owner)
}

func until(t api.Time, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", and ends " + lasting(t.Time, now) + ", " + instant(t)
}
