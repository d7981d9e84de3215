package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// memberCommands are the operator's commands about who is in an account.
type memberCommands struct {
	List   memberList   `cmd:"" help:"List the members of an account." example:"leastkey member list --account Example"`
	Add    memberAdd    `cmd:"" help:"Make a user a member, with roles." example:"leastkey member add ada@example.com --account Example --role Administrator"`
	Invite memberInvite `cmd:"" help:"Make somebody who is no user yet a member, and print a link with which they come in once and choose a password." example:"leastkey member invite eve@example.com --account Example --role DNS"`
	Set    memberSet    `cmd:"" help:"Set the roles of a member." example:"leastkey member set ada@example.com --account Example --role DNS"`
	Remove memberRemove `cmd:"" help:"End a membership; what the user's tokens could do there ends with it." example:"leastkey member remove ada@example.com --account Example"`
}

type memberList struct{ accountRef }

// Run implements the command.
func (cmd *memberList) Run(ctx context.Context, a *app) error {
	o, account, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	members, err := o.Members(account.ID).List(ctx)
	if err != nil {
		return err
	}
	rows := make([][]string, len(members))
	for i, m := range members {
		rows[i] = []string{m.ID.String(), m.Email, roleNames(m)}
	}
	return a.show(notNull(members), table([]string{"ID", "EMAIL", "ROLES"}, rows))
}

func roleNames(m api.Member) string {
	var names []string
	for _, r := range m.Roles {
		names = append(names, r.Name)
	}
	return strings.Join(names, ", ")
}

// rolesFlag says which roles.
type rolesFlag struct {
	Role []string `required:"" sep:"none" placeholder:"NAME_OR_ID" help:"Role to hold; repeatable."`
}

type memberAdd struct {
	accountRef
	rolesFlag
	Email string `arg:"" help:"E-mail of the user."`
}

// Run implements the command.
func (cmd *memberAdd) Run(ctx context.Context, a *app) error {
	o, account, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	m, err := o.Members(account.ID).Create(ctx, cmd.Email, cmd.Role...)
	if err != nil {
		return err
	}
	return a.show(m, line("%s is a member of account %q with %s.", m.Email, account.Name, roleNames(m)))
}

type memberInvite struct {
	accountRef
	rolesFlag
	FirstName string `help:"First name."`
	LastName  string `help:"Last name."`
	Email     string `arg:"" help:"E-mail address."`
}

// Run implements the command.
func (cmd *memberInvite) Run(ctx context.Context, a *app) error {
	o, account, err := cmd.find(ctx, a)
	if err != nil {
		return err
	}
	made, err := o.Invite(ctx, account.ID, api.InvitationRequest{Email: cmd.Email, FirstName: cmd.FirstName, LastName: cmd.LastName, Roles: cmd.Role})
	if err != nil {
		return err
	}
	shown := struct {
		Member    api.Member `json:"member"`
		URL       string     `json:"url"`
		ExpiresOn api.Time   `json:"expires_on"`
	}{made.Member, made.URL.Reveal(), made.ExpiresOn}
	return a.show(shown, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\n%s\n", oneLine(shown.URL), oneLine(fmt.Sprintf("Brings %s into account %q with %s, once, until %s. Send it to nobody else.",
			made.Member.Email, account.Name, roleNames(made.Member), instant(made.ExpiresOn))))
		return err
	})
}

// memberRef names one member.
type memberRef struct {
	accountRef
	Member string `arg:"" name:"member" help:"E-mail, or id of the membership."`
}

func (r memberRef) findMember(ctx context.Context, a *app) (client.Members, api.Account, api.Member, error) {
	o, account, err := r.find(ctx, a)
	if err != nil {
		return client.Members{}, account, api.Member{}, err
	}
	members := o.Members(account.ID)
	all, err := members.List(ctx)
	if err != nil {
		return members, account, api.Member{}, err
	}
	m, err := pick(all, "member", r.Member, func(m api.Member) (leastkey.ID, string) { return m.ID, m.Email })
	return members, account, m, err
}

// foresee says what becomes of the member's tokens with these roles.
func (r memberRef) foresee(ctx context.Context, a *app, only dryRunFlag, account api.Account, m api.Member, roles ...string) (done bool, _ error) {
	o, err := r.operator(a)
	if err != nil {
		return true, err
	}
	will, err := o.ForeseeRoles(ctx, account.ID, m.ID, roles...)
	return only.foreseen(a, will, err)
}

type memberSet struct {
	memberRef
	rolesFlag
	dryRunFlag
}

// Run implements the command.
func (cmd *memberSet) Run(ctx context.Context, a *app) error {
	members, account, m, err := cmd.findMember(ctx, a)
	if err != nil {
		return err
	}
	if done, err := cmd.foresee(ctx, a, cmd.dryRunFlag, account, m, cmd.Role...); done || err != nil {
		return err
	}
	if m, err = members.Update(ctx, m.ID, cmd.Role...); err != nil {
		return err
	}
	return a.show(m, line("%s is a member of account %q with %s.", m.Email, account.Name, roleNames(m)))
}

type memberRemove struct {
	memberRef
	yesFlag
	dryRunFlag
}

// Run implements the command.
func (cmd *memberRemove) Run(ctx context.Context, a *app) error {
	if err := cmd.possible(a); err != nil && !cmd.DryRun {
		return err
	}
	members, account, m, err := cmd.findMember(ctx, a)
	if err != nil {
		return err
	}
	if done, err := cmd.foresee(ctx, a, cmd.dryRunFlag, account, m); done || err != nil {
		return err
	}
	if err := cmd.confirm(ctx, a, fmt.Sprintf("Remove %s from account %q?", m.Email, account.Name)); err != nil {
		return err
	}
	if err := members.Delete(ctx, m.ID); err != nil {
		return err
	}
	return a.show(api.Deleted{ID: m.ID.String()}, line("%s is no longer a member of account %q.", m.Email, account.Name))
}
