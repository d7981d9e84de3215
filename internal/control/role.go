package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/leastkey/leastkey"
)

// RoleSpec is what an account decides about a role of its own.
type RoleSpec struct {
	Name        string
	Description string
	Groups      []leastkey.ID // permission groups, none of those that every user has on themselves
}

// Bounds of the roles that accounts make, so that nobody fills memory with them.
const (
	mostRoles          = 100 // per account
	longestRoleName    = 120 // characters
	longestDescription = 500
)

// Roles lists the roles that an account made itself. Those of the catalogue are everybody's.
func (c *Control) Roles(ctx context.Context, caller Caller, account leastkey.ID) ([]Role, error) {
	var roles []Role
	err := c.view(ctx, caller, leastkey.AccountOf(account).Resource(), func(r Reader) (err error) {
		roles, err = r.Roles(account)
		return err
	})
	return roles, err
}

// CreateRole makes a role of an account. Nobody can make one that can do more than they can themselves.
func (c *Control) CreateRole(ctx context.Context, caller Caller, account leastkey.ID, spec RoleSpec) (Role, error) {
	var role Role
	err := c.act(ctx, caller, leastkey.AccountOf(account).Resource(), attempt{action: "role.create"}, func(tx Tx, by authority, done *deed) (err error) {
		if _, err := tx.Account(account); err != nil {
			return explain(err, "account", account)
		}
		role = Role{Account: account, CreatedOn: c.now()}
		if role.ID, err = leastkey.NewID(c.random); err != nil {
			return err
		}
		return c.keepRole(tx, by, done, nil, &role, spec)
	})
	return role, err
}

// ReplaceRole gives a role another name and other groups. What its members may do changes with it, at once.
func (c *Control) ReplaceRole(ctx context.Context, caller Caller, account, id leastkey.ID, spec RoleSpec) (Role, error) {
	var role Role
	err := c.act(ctx, caller, leastkey.AccountOf(account).Resource(), attempt{"role.update", "role " + id.String()}, func(tx Tx, by authority, done *deed) error {
		was, err := tx.Role(account, id)
		if err != nil {
			return explain(err, "role", id)
		}
		if err := c.mayGiveGroups(tx, by, account, nil, was.Groups); err != nil {
			return err // nobody takes away what they could not give
		}
		role = was
		if err := c.keepRole(tx, by, done, &was, &role, spec); err != nil {
			return err
		}
		return c.regrant(tx, done, account, id)
	})
	return role, err
}

// DeleteRole removes a role that no member holds.
func (c *Control) DeleteRole(ctx context.Context, caller Caller, account, id leastkey.ID) error {
	return c.act(ctx, caller, leastkey.AccountOf(account).Resource(), attempt{"role.delete", "role " + id.String()}, func(tx Tx, by authority, done *deed) error {
		was, err := tx.Role(account, id)
		if err != nil {
			return explain(err, "role", id)
		}
		if err := c.mayGiveGroups(tx, by, account, nil, was.Groups); err != nil {
			return err
		}
		members, err := tx.Members(account)
		if err != nil {
			return err
		}
		if held := slices.DeleteFunc(members, func(m Member) bool { return !slices.Contains(m.Roles, id) }); len(held) > 0 {
			return &Error{Kind: Invalid, Message: "the role is held by " + plural(len(held), "member") + "; give them others first"}
		}
		done.account, done.before = account, describedRole(was)
		return tx.DeleteRole(account, id)
	})
}

// keepRole checks the spec and puts the role.
func (c *Control) keepRole(tx Tx, by authority, done *deed, was, role *Role, spec RoleSpec) error {
	others, err := tx.Roles(role.Account)
	if err != nil {
		return err
	}
	if role.Name, role.Description, err = c.roleWords(spec); err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(o Role) bool { return o.ID == role.ID })
	_, general := c.Catalog().RoleNamed(role.Name)
	if general || slices.ContainsFunc(others, func(o Role) bool { return strings.EqualFold(o.Name, role.Name) }) {
		return &Error{Kind: Taken, Message: fmt.Sprintf("another role is called %q", role.Name)}
	}
	if len(others) >= mostRoles {
		return &Error{Kind: TooMany, Message: fmt.Sprintf("the account has %d roles already", mostRoles)}
	}
	role.Groups = unique(spec.Groups)
	for i, id := range role.Groups {
		if group, known := c.Catalog().Group(id); !known || group.Type == leastkey.UserType {
			return invalid(fmt.Sprintf("/permission_groups/%d", i), "no permission group that a role can hold has the id %s", id)
		}
	}
	if len(role.Groups) == 0 {
		return invalid("/permission_groups", "a role needs at least one permission group")
	}
	if err := c.mayGiveGroups(tx, by, role.Account, nil, role.Groups); err != nil {
		return err
	}
	role.ModifiedOn = c.now()
	done.account, done.subject, done.after = role.Account, "role "+role.ID.String(), describedRole(*role)
	if was != nil {
		done.before = describedRole(*was)
	}
	return tx.PutRole(*role)
}

func (c *Control) roleWords(spec RoleSpec) (name, description string, err error) {
	name, description = strings.TrimSpace(spec.Name), strings.TrimSpace(spec.Description)
	switch {
	case name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > longestRoleName || strings.ContainsFunc(name, isControl):
		err = invalid("/name", "the name of a role has 1 to %d characters, none of them control characters", longestRoleName)
	case !utf8.ValidString(description) || utf8.RuneCountInString(description) > longestDescription || strings.ContainsFunc(description, isControl):
		err = invalid("/description", "the description of a role has at most %d characters, none of them control characters", longestDescription)
	}
	return name, description, err
}

// regrant puts what a role grants now into the memberships that hold it.
func (c *Control) regrant(tx Tx, done *deed, account, role leastkey.ID) error {
	own, err := tx.Roles(account)
	if err != nil {
		return err
	}
	members, err := tx.Members(account)
	if err != nil {
		return err
	}
	for _, m := range members {
		if !slices.Contains(m.Roles, role) {
			continue
		}
		m.Groups = grantedBy(own, m.Roles)
		if err := tx.PutMember(m); err != nil {
			return err
		}
		record := m.record()
		done.changes = append(done.changes, leastkey.Change{Membership: &record})
	}
	return c.someoneLeft(tx, account)
}

// grantedBy are the groups of those roles that an account made itself, each once.
func grantedBy(own []Role, roles []leastkey.ID) []leastkey.ID {
	var groups []leastkey.ID
	for _, role := range own {
		if slices.Contains(roles, role.ID) {
			groups = append(groups, role.Groups...)
		}
	}
	return unique(groups)
}

// ForeseeRole tells which credentials would lose or gain what if a role of an account had these groups. Only
// the operator may ask.
func (c *Control) ForeseeRole(ctx context.Context, caller Caller, account, id leastkey.ID, groups []leastkey.ID) ([]Effect, error) {
	var effects []Effect
	err := c.view(ctx, caller, operatorOnly, func(r Reader) error {
		if _, err := r.Role(account, id); err != nil {
			return explain(err, "role", id)
		}
		own, err := r.Roles(account)
		if err != nil {
			return err
		}
		for i := range own {
			if own[i].ID == id {
				own[i].Groups = groups
			}
		}
		members, err := r.Members(account)
		if err != nil {
			return err
		}
		for _, m := range members {
			if !slices.Contains(m.Roles, id) {
				continue
			}
			is := m.record()
			is.Groups = grantedBy(own, m.Roles)
			more, err := c.foreseeUser(r, m.User, instead(is), nil)
			if err != nil {
				return err
			}
			effects = append(effects, more...)
		}
		return nil
	})
	return effects, err
}

func describedRole(r Role) any {
	return struct {
		Name        string        `json:"name"`
		Description string        `json:"description,omitempty"`
		Groups      []leastkey.ID `json:"permission_groups"`
	}{r.Name, r.Description, r.Groups}
}
