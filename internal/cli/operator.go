package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// userCommands are the operator's commands about users.
type userCommands struct {
	List       userList       `cmd:"" help:"List users." example:"leastkey user list --data ./data"`
	Create     userCreate     `cmd:"" help:"Make a user; prints the Global API Key, and the password unless one was given." example:"leastkey user create ada@example.com --first-name Ada"`
	Disable    userDisable    `cmd:"" help:"Switch a user off, with all credentials." example:"leastkey user disable ada@example.com"`
	Enable     userEnable     `cmd:"" help:"Switch a user on again." example:"leastkey user enable ada@example.com"`
	SignInLink userSignInLink `cmd:"" help:"Make a link with which a user can sign in to the dashboard once, for a first visit or a lost password." example:"leastkey user sign-in-link ada@example.com"`
	Unlink     userUnlink     `cmd:"" help:"Forget what identity providers know a user by, and end their sessions. The next sign-in at a provider links anew, by e-mail address." example:"leastkey user unlink ada@example.com"`
	DisableKey userDisableKey `cmd:"" help:"Switch off the Global API Key of a user who has moved to tokens." example:"leastkey user disable-key ada@example.com"`
	RollKey    userRollKey    `cmd:"" help:"Give a user a new Global API Key, in place of one that was lost or seen by others." example:"leastkey user roll-key ada@example.com"`
}

type userList struct{ dataFlag }

// Run implements the command.
func (cmd *userList) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	users, err := o.Users(ctx)
	if err != nil {
		return err
	}
	rows := make([][]string, len(users))
	for i, u := range users {
		rows[i] = []string{u.ID.String(), u.Email, state(u)}
	}
	return a.show(notNull(users), table([]string{"ID", "EMAIL", "STATUS"}, rows))
}

func state(u api.OperatorUser) string {
	if u.Disabled {
		return "disabled"
	}
	return "active"
}

type userCreate struct {
	dataFlag
	saveFlag
	Email         string `arg:"" help:"E-mail address, which goes with the Global API Key."`
	FirstName     string `placeholder:"NAME" help:"First name."`
	LastName      string `placeholder:"NAME" help:"Last name."`
	PasswordStdin bool   `help:"Read the password from standard input instead of making one up."`
}

// Run implements the command.
func (cmd *userCreate) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	wanted := api.OperatorUserCreate{Email: cmd.Email, FirstName: cmd.FirstName, LastName: cmd.LastName}
	if cmd.PasswordStdin {
		password, err := a.readSecret(ctx, "Password")
		if err != nil {
			return err
		}
		if password == "" {
			return errors.New("standard input holds no password")
		}
		wanted.Password = api.ShowOnce(password)
	}
	return cmd.keep(a, func() (api.OperatorUser, error) { return o.CreateUser(ctx, wanted) })
}

// userRef names one user.
type userRef struct {
	dataFlag
	User string `arg:"" name:"user" help:"E-mail or id."`
}

func (r userRef) find(ctx context.Context, a *app) (*client.Operator, api.OperatorUser, error) {
	o, err := r.operator(a)
	if err != nil {
		return nil, api.OperatorUser{}, err
	}
	users, err := o.Users(ctx)
	if err != nil {
		return nil, api.OperatorUser{}, err
	}
	user, err := pick(users, "user", r.User, func(u api.OperatorUser) (leastkey.ID, string) { return u.ID, u.Email })
	return o, user, err
}

func (r userRef) setDisabled(ctx context.Context, a *app, only dryRunFlag, disabled bool) error {
	o, user, err := r.find(ctx, a)
	if err != nil {
		return err
	}
	if disabled {
		will, err := o.ForeseeDisabled(ctx, user.ID)
		if done, err := only.foreseen(a, will, err); done || err != nil {
			return err
		}
	}
	user, err = o.DisableUser(ctx, user.ID, disabled)
	if err != nil {
		return err
	}
	return a.show(user, line("User %s (%s) is %s.", user.Email, user.ID, state(user)))
}

type userDisable struct {
	userRef
	dryRunFlag
}

// Run implements the command.
func (cmd *userDisable) Run(ctx context.Context, a *app) error {
	return cmd.setDisabled(ctx, a, cmd.dryRunFlag, true)
}

type userEnable struct{ userRef }

// Run implements the command.
func (cmd *userEnable) Run(ctx context.Context, a *app) error {
	return cmd.setDisabled(ctx, a, dryRunFlag{}, false)
}

type userSignInLink struct{ userRef }

// Run implements the command.
func (cmd *userSignInLink) Run(ctx context.Context, a *app) error {
	o, user, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	link, err := o.SignInLink(ctx, user.ID)
	if err != nil {
		return err
	}
	shown := struct {
		URL       string   `json:"url"`
		ExpiresOn api.Time `json:"expires_on"`
	}{link.URL.Reveal(), link.ExpiresOn}
	return a.show(shown, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\n%s\n", oneLine(shown.URL),
			oneLine(fmt.Sprintf("Signs %s in once, until %s. Send it to nobody else.", user.Email, instant(link.ExpiresOn))))
		return err
	})
}

type userUnlink struct {
	userRef
	yesFlag
}

// Run implements the command.
func (cmd *userUnlink) Run(ctx context.Context, a *app) error {
	if err := cmd.possible(a); err != nil {
		return err
	}
	o, user, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Forget what identity providers know %s by? Every session of theirs ends.", user.Email)); err != nil {
		return err
	}
	if user, err = o.Unlink(ctx, user.ID); err != nil {
		return err
	}
	return a.show(user, line("No identity provider knows %s any more. The next sign-in at one links anew, by e-mail address.", user.Email))
}

type userDisableKey struct {
	userRef
	yesFlag
}

// Run implements the command.
func (cmd *userDisableKey) Run(ctx context.Context, a *app) error {
	if err := cmd.possible(a); err != nil {
		return err
	}
	o, user, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Switch off the Global API Key of %s? What still uses it is refused at once.", user.Email)); err != nil {
		return err
	}
	if user, err = o.DisableGlobalKey(ctx, user.ID); err != nil {
		return err
	}
	return a.show(user, line("The Global API Key of %s is off. It is good again only as another one: user roll-key.", user.Email))
}

type userRollKey struct {
	userRef
	yesFlag
	saveFlag
}

// Run implements the command.
func (cmd *userRollKey) Run(ctx context.Context, a *app) error {
	if err := cmd.possible(a); err != nil {
		return err
	}
	o, user, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Give %s a new Global API Key? The old one ends at once.", user.Email)); err != nil {
		return err
	}
	return cmd.keep(a, func() (api.OperatorUser, error) { return o.RollGlobalKey(ctx, user.ID) })
}

// accountCommands are the operator's commands about accounts.
type accountCommands struct {
	List   accountList   `cmd:"" help:"List accounts." example:"leastkey account list"`
	Create accountCreate `cmd:"" help:"Make an account." example:"leastkey account create \"Example Ltd\""`
}

type accountList struct{ dataFlag }

// Run implements the command.
func (cmd *accountList) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	accounts, err := o.Accounts(ctx)
	if err != nil {
		return err
	}
	rows := make([][]string, len(accounts))
	for i, account := range accounts {
		rows[i] = []string{account.ID.String(), account.Name}
	}
	return a.show(notNull(accounts), table([]string{"ID", "NAME"}, rows))
}

type accountCreate struct {
	dataFlag
	Name string `arg:"" help:"Name."`
}

// Run implements the command.
func (cmd *accountCreate) Run(ctx context.Context, a *app) error {
	o, err := cmd.operator(a)
	if err != nil {
		return err
	}
	made, err := o.CreateAccount(ctx, cmd.Name)
	if err != nil {
		return err
	}
	return a.show(made, line("Account %q (%s).", made.Name, made.ID))
}

// accountRef names one account to the operator.
type accountRef struct {
	dataFlag
	Account string `required:"" placeholder:"NAME_OR_ID" help:"The account."`
}

func (r accountRef) find(ctx context.Context, a *app) (*client.Operator, api.Account, error) {
	o, err := r.operator(a)
	if err != nil {
		return nil, api.Account{}, err
	}
	accounts, err := o.Accounts(ctx)
	if err != nil {
		return nil, api.Account{}, err
	}
	account, err := pick(accounts, "account", r.Account, func(a api.Account) (leastkey.ID, string) { return a.ID, a.Name })
	return o, account, err
}
