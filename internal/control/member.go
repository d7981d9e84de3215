package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
)

// MemberOf is a membership with its user and account.
type MemberOf struct {
	Member
	User    User
	Account Account
	Own     []Role // those of its roles that the account made itself
}

// Members lists the members of an account.
func (c *Control) Members(ctx context.Context, caller Caller, account leastkey.ID) ([]MemberOf, error) {
	var members []MemberOf
	err := c.view(ctx, caller, leastkey.AccountOf(account).Resource(), func(r Reader) error {
		rows, err := r.Members(account)
		if err != nil {
			return err
		}
		members, err = complete(r, rows)
		return err
	})
	return members, err
}

// Member gives one member of an account.
func (c *Control) Member(ctx context.Context, caller Caller, account, id leastkey.ID) (MemberOf, error) {
	var member MemberOf
	err := c.view(ctx, caller, leastkey.AccountOf(account).Resource(), func(r Reader) error {
		row, err := r.Member(account, id)
		if err != nil {
			return explain(err, "member", id)
		}
		member, err = completeOne(r, row)
		return err
	})
	return member, err
}

// Memberships lists the accounts that a user is a member of.
func (c *Control) Memberships(ctx context.Context, caller Caller, user leastkey.ID) ([]MemberOf, error) {
	var members []MemberOf
	err := c.view(ctx, caller, leastkey.UserOf(user).Resource(), func(r Reader) error {
		rows, err := r.Memberships(user)
		if err != nil {
			return err
		}
		members, err = complete(r, rows)
		return err
	})
	return members, err
}

// AddMember gives a user, by e-mail, roles in an account. Nobody can give a role that can do
// more than they can themselves.
func (c *Control) AddMember(ctx context.Context, caller Caller, account leastkey.ID, email string, roles []leastkey.ID) (MemberOf, error) {
	email, err := normalEmail(email)
	if err != nil {
		return MemberOf{}, err
	}
	var member MemberOf
	err = c.act(ctx, caller, leastkey.AccountOf(account).Resource(), attempt{action: "member.add"}, func(tx Tx, by authority, done *deed) error {
		if _, err := tx.Account(account); err != nil {
			return explain(err, "account", account)
		}
		// Whether there is such a user is for those to know who may make them a member.
		roles, groups, err := c.rolesToGive(tx, by, account, roles)
		if err != nil {
			return err
		}
		user, err := tx.UserByEmail(email)
		if errors.Is(err, ErrNotFound) {
			return invalid("/email", "no user has the e-mail address %s; the operator makes users", email)
		}
		if err != nil {
			return err
		}
		id, err := leastkey.NewID(c.random)
		if err != nil {
			return err
		}
		row := Member{ID: id, Account: account, User: user.ID, Roles: roles, Groups: groups, CreatedOn: c.now()}
		if err := tx.PutMember(row); err != nil {
			if errors.Is(err, ErrExists) {
				return &Error{Kind: Taken, Message: email + " is a member of the account already"}
			}
			return err
		}
		c.recordMember(done, account, nil, &row)
		member, err = completeOne(tx, row)
		return err
	})
	return member, err
}

// SetRoles replaces the roles of a member.
func (c *Control) SetRoles(ctx context.Context, caller Caller, account, id leastkey.ID, roles []leastkey.ID) (MemberOf, error) {
	var member MemberOf
	err := c.act(ctx, caller, leastkey.AccountOf(account).Resource(), attempt{"member.update", "member " + id.String()}, func(tx Tx, by authority, done *deed) error {
		was, err := tx.Member(account, id)
		if err != nil {
			return explain(err, "member", id)
		}
		if err := c.mayGiveRoles(tx, by, account, was.Roles); err != nil {
			return err // nobody takes away what they could not give
		}
		row := was
		if row.Roles, row.Groups, err = c.rolesToGive(tx, by, account, roles); err != nil {
			return err
		}
		if err := tx.PutMember(row); err != nil {
			return err
		}
		if err := c.someoneLeft(tx, account); err != nil {
			return err
		}
		c.recordMember(done, account, &was, &row)
		member, err = completeOne(tx, row)
		return err
	})
	return member, err
}

// RemoveMember ends a membership. The user's tokens lose the account with it, at once.
func (c *Control) RemoveMember(ctx context.Context, caller Caller, account, id leastkey.ID) error {
	return c.endMembership(ctx, caller, leastkey.AccountOf(account).Resource(), account, id)
}

// Leave ends a membership of the user who asks.
func (c *Control) Leave(ctx context.Context, caller Caller, user leastkey.ID, membership MemberOf) error {
	if membership.Member.User != user {
		return noSuch("membership", membership.ID)
	}
	return c.endMembership(ctx, caller, leastkey.UserOf(user).Resource(), membership.Member.Account, membership.ID)
}

func (c *Control) endMembership(ctx context.Context, caller Caller, on leastkey.Resource, account, id leastkey.ID) error {
	return c.act(ctx, caller, on, attempt{"member.remove", "member " + id.String()}, func(tx Tx, by authority, done *deed) error {
		was, err := tx.Member(account, id)
		if err != nil {
			return explain(err, "member", id)
		}
		if leaves := on == leastkey.UserOf(was.User).Resource(); !leaves {
			if err := c.mayGiveRoles(tx, by, account, was.Roles); err != nil {
				return err // nobody takes away what they could not give
			}
		}
		if err := tx.DeleteMember(account, id); err != nil {
			return err
		}
		if err := c.someoneLeft(tx, account); err != nil {
			return err
		}
		c.recordMember(done, account, &was, nil)
		return nil
	})
}

// rolesToGive checks that the roles exist, and that the caller could do all that they can. It gives what
// those grant which the account made itself.
func (c *Control) rolesToGive(r Reader, by authority, account leastkey.ID, roles []leastkey.ID) (_, groups []leastkey.ID, err error) {
	const most = 100
	if len(roles) > most {
		return nil, nil, invalid("/roles", "%d roles are more than the %d that a member may be given", len(roles), most)
	}
	roles = unique(roles)
	if len(roles) == 0 {
		return nil, nil, invalid("/roles", "a member needs at least one role")
	}
	own, err := r.Roles(account)
	if err != nil {
		return nil, nil, err
	}
	for i, id := range roles {
		_, known := c.Catalog().Role(id)
		if !known && !slices.ContainsFunc(own, func(role Role) bool { return role.ID == id }) {
			return nil, nil, invalid(fmt.Sprintf("/roles/%d", i), "no role has the id %s", id)
		}
	}
	return roles, grantedBy(own, roles), c.mayGiveRoles(r, by, account, roles)
}

// mayGiveRoles holds the rule that nobody escalates by roles: the caller could do all that they
// can. A membership has no end and no addresses, so a credential with a limit of that kind cannot
// give roles.
func (c *Control) mayGiveRoles(r Reader, by authority, account leastkey.ID, roles []leastkey.ID) error {
	own, err := r.Roles(account)
	if err != nil {
		return err
	}
	return c.mayGiveGroups(r, by, account, roles, grantedBy(own, roles))
}

// mayGiveGroups is mayGiveRoles for roles of the catalogue, and groups.
func (c *Control) mayGiveGroups(r Reader, by authority, account leastkey.ID, roles, groups []leastkey.ID) error {
	if by.operator {
		return nil
	}
	// What the roles grant, as if it were a token that the caller makes for itself. Whose place
	// the roles describe does not matter here, so the account's own id stands in for a user's.
	anyone := leastkey.UserOf(account)
	granted := c.Catalog().Grants(anyone, true, []leastkey.Membership{{User: anyone.ID, Account: account, Roles: roles, Groups: groups}})
	child := leastkey.Credential{Kind: leastkey.Token, Principal: by.Credential.Principal, Status: leastkey.Active}
	child.Policies = slices.DeleteFunc(granted.Policies, func(p leastkey.Policy) bool {
		return p.Patterns[0].Type == leastkey.UserType // what everyone may do on themselves
	})
	return c.mayGive(r, by, child)
}

// someoneLeft keeps an account from losing the last member who can manage its members.
func (c *Control) someoneLeft(r Reader, account leastkey.ID) error {
	members, err := r.Members(account)
	if err != nil {
		return err
	}
	for _, m := range members {
		if !c.managesMembers(m) {
			continue
		}
		user, err := r.User(m.User)
		if err != nil {
			return err
		}
		if !user.Disabled {
			return nil
		}
	}
	return &Error{Kind: Invalid, Message: "the account would be left without a member who can manage its members"}
}

// managesMembers reports whether a member holds a permission that adding a member accepts.
func (c *Control) managesMembers(m Member) bool {
	held := slices.Clone(m.Groups)
	for _, id := range m.Roles {
		role, _ := c.Catalog().Role(id)
		held = append(held, role.Groups...)
	}
	for _, op := range c.Catalog().Operations() {
		if op.Control && op.Method == "POST" && strings.HasSuffix(op.Route, "/members") {
			return slices.ContainsFunc(op.AnyOf, func(p leastkey.Permission) bool { return slices.Contains(held, p.Group) })
		}
	}
	return false
}

func (c *Control) recordMember(done *deed, account leastkey.ID, was, is *Member) {
	done.account = account
	change := leastkey.Membership{Account: account}
	if was != nil {
		done.before, done.subject, change.User = describedMember(*was), "member "+was.ID.String(), was.User
	}
	if is != nil {
		done.after, done.subject, change.User = describedMember(*is), "member "+is.ID.String(), is.User
		change.Roles, change.Groups = is.Roles, is.Groups
	}
	done.changes = []leastkey.Change{{Membership: &change}}
}

func describedMember(m Member) any {
	return struct {
		User  leastkey.ID   `json:"user"`
		Roles []leastkey.ID `json:"roles"`
	}{m.User, m.Roles}
}

func complete(r Reader, rows []Member) ([]MemberOf, error) {
	members := make([]MemberOf, 0, len(rows))
	for _, row := range rows {
		m, err := completeOne(r, row)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, nil
}

func completeOne(r Reader, row Member) (MemberOf, error) {
	user, err := r.User(row.User)
	if err != nil {
		return MemberOf{}, err
	}
	account, err := r.Account(row.Account)
	if err != nil {
		return MemberOf{}, err
	}
	own, err := r.Roles(row.Account)
	own = slices.DeleteFunc(own, func(role Role) bool { return !slices.Contains(row.Roles, role.ID) })
	return MemberOf{row, user, account, own}, err
}
