package httpapi

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
)

// accounts lists the accounts that the caller may see, each decided by itself.
func (a *API) accounts(ctx context.Context, c *call) (answer, error) {
	query := c.URL.Query()
	p, err := pagingOf(query)
	if err != nil {
		return answer{}, err
	}
	descending, err := descendingOf(query)
	if err != nil {
		return answer{}, err
	}
	rows, err := a.control.Accounts(ctx, c.caller, c.verdict.Sees)
	if err != nil {
		return answer{}, err
	}
	shown := make([]api.Account, 0, len(rows))
	for _, row := range rows {
		if name := query.Get("name"); name == "" || strings.EqualFold(name, row.Name) {
			shown = append(shown, shownAccount(row))
		}
	}
	if descending {
		slices.Reverse(shown)
	}
	return paged(shown, p)
}

func (a *API) account(ctx context.Context, c *call) (answer, error) {
	id, err := c.id("account_id")
	if err != nil {
		return answer{}, err
	}
	row, err := a.control.Account(ctx, c.caller, id)
	if err != nil {
		return answer{}, err
	}
	return ok(shownAccount(row))
}

func (a *API) updateAccount(ctx context.Context, c *call) (answer, error) {
	id, err := c.id("account_id")
	if err != nil {
		return answer{}, err
	}
	var request struct {
		Name string `json:"name"`
	}
	if err := json.Unmarshal(c.body, &request); err != nil {
		return answer{}, &api.FieldError{Message: "want a JSON object with a name"}
	}
	row, err := a.control.RenameAccount(ctx, c.caller, id, request.Name)
	if err != nil {
		return answer{}, err
	}
	return ok(shownAccount(row))
}

func shownAccount(a control.Account) api.Account {
	return api.Account{ID: a.ID, Name: a.Name, Type: "standard", CreatedOn: api.At(a.CreatedOn)}
}

func (a *API) members(ctx context.Context, c *call) (answer, error) {
	account, err := c.id("account_id")
	if err != nil {
		return answer{}, err
	}
	p, err := pagingOf(c.URL.Query())
	if err != nil {
		return answer{}, err
	}
	rows, err := a.control.Members(ctx, c.caller, account)
	if err != nil {
		return answer{}, err
	}
	return paged(a.shownMembers(rows), p)
}

func (a *API) member(ctx context.Context, c *call) (answer, error) {
	account, id, err := c.memberID()
	if err != nil {
		return answer{}, err
	}
	row, err := a.control.Member(ctx, c.caller, account, id)
	return a.memberAnswer(row, err)
}

func (a *API) addMember(ctx context.Context, c *call) (answer, error) {
	account, err := c.id("account_id")
	if err != nil {
		return answer{}, err
	}
	row, err := a.addMemberTo(ctx, c.caller, account, c.body)
	return a.memberAnswer(row, err)
}

func (a *API) updateMember(ctx context.Context, c *call) (answer, error) {
	account, id, err := c.memberID()
	if err != nil {
		return answer{}, err
	}
	row, err := a.setRolesOf(ctx, c.caller, account, id, c.body)
	return a.memberAnswer(row, err)
}

func (a *API) removeMember(ctx context.Context, c *call) (answer, error) {
	account, id, err := c.memberID()
	if err != nil {
		return answer{}, err
	}
	if err := a.control.RemoveMember(ctx, c.caller, account, id); err != nil {
		return answer{}, err
	}
	return ok(api.Deleted{ID: id.String()})
}

func (a *API) addMemberTo(ctx context.Context, by control.Caller, account leastkey.ID, body []byte) (control.MemberOf, error) {
	request, err := api.DecodeMemberRequest(body)
	if err != nil {
		return control.MemberOf{}, err
	}
	roles, err := a.rolesOf(ctx, by, account, request)
	if err != nil {
		return control.MemberOf{}, err
	}
	return a.control.AddMember(ctx, by, account, request.Email.Value, roles)
}

func (a *API) setRolesOf(ctx context.Context, by control.Caller, account, id leastkey.ID, body []byte) (control.MemberOf, error) {
	request, err := api.DecodeMemberRequest(body)
	if err != nil {
		return control.MemberOf{}, err
	}
	roles, err := a.rolesOf(ctx, by, account, request)
	if err != nil {
		return control.MemberOf{}, err
	}
	return a.control.SetRoles(ctx, by, account, id, roles)
}

// rolesOf reads roles of the catalogue, and of the account, by id or by name.
func (a *API) rolesOf(ctx context.Context, by control.Caller, account leastkey.ID, request api.MemberRequest) ([]leastkey.ID, error) {
	var roles []leastkey.ID
	for i, text := range request.Roles.Value {
		id, err := leastkey.ParseID(text)
		if err != nil {
			role, named := a.control.Catalog().RoleNamed(text)
			if !named {
				own, err := a.control.Roles(ctx, by, account)
				if err != nil {
					return nil, err
				}
				if at := slices.IndexFunc(own, func(r control.Role) bool { return strings.EqualFold(r.Name, text) }); at >= 0 {
					role.ID, named = own[at].ID, true
				}
			}
			if !named {
				return nil, &api.FieldError{Pointer: "/roles/" + strconv.Itoa(i), Message: "no role has this id or name; GET .../roles lists them"}
			}
			id = role.ID
		}
		roles = append(roles, id)
	}
	return roles, nil
}

func (c *call) memberID() (account, id leastkey.ID, err error) {
	if account, err = c.id("account_id"); err != nil {
		return account, id, err
	}
	id, err = c.id("member_id")
	return account, id, err
}

func (a *API) memberAnswer(row control.MemberOf, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(a.shownMember(row))
}

func (a *API) shownMembers(rows []control.MemberOf) []api.Member {
	shown := make([]api.Member, len(rows))
	for i, row := range rows {
		shown[i] = a.shownMember(row)
	}
	return shown
}

func (a *API) shownMember(m control.MemberOf) api.Member {
	u := m.User
	shown := api.Member{ID: m.ID, Email: u.Email, Status: api.MemberAccepted,
		User: api.MemberUser{ID: u.ID, Email: u.Email, FirstName: api.TextOrNull(u.FirstName), LastName: api.TextOrNull(u.LastName)}}
	for _, role := range m.Roles {
		shown.Roles = append(shown.Roles, a.shownRole(role, m.Own))
	}
	return shown
}

// roles lists the roles that a member may be given: the catalogue's, the same for every account, and
// then those that the account made itself.
func (a *API) roles(ctx context.Context, c *call) (answer, error) {
	p, err := pagingOf(c.URL.Query())
	if err != nil {
		return answer{}, err
	}
	account, err := c.id("account_id")
	if err != nil {
		return answer{}, err
	}
	own, err := a.control.Roles(ctx, c.caller, account)
	if err != nil {
		return answer{}, err
	}
	return paged(a.shownRoles(own), p)
}

func (a *API) shownRoles(own []control.Role) []api.Role {
	var shown []api.Role
	for _, role := range a.control.Catalog().Roles() {
		shown = append(shown, a.shownRole(role.ID, nil))
	}
	for _, role := range own {
		shown = append(shown, a.shownRole(role.ID, own))
	}
	return shown
}

func (a *API) role(ctx context.Context, c *call) (answer, error) {
	account, err := c.id("account_id")
	if err != nil {
		return answer{}, err
	}
	id, err := c.id("role_id")
	if err != nil {
		return answer{}, err
	}
	own, err := a.control.Roles(ctx, c.caller, account)
	if err != nil {
		return answer{}, err
	}
	if _, known := a.control.Catalog().Role(id); !known && !slices.ContainsFunc(own, func(r control.Role) bool { return r.ID == id }) {
		return answer{}, &control.Error{Kind: control.NoSuch, Message: "no role has the id " + id.String()}
	}
	return ok(a.shownRole(id, own))
}

// shownRole is a role as an answer has it; one that left the catalogue, and is none of the account's own, shows
// by its id alone.
func (a *API) shownRole(id leastkey.ID, own []control.Role) api.Role {
	if at := slices.IndexFunc(own, func(r control.Role) bool { return r.ID == id }); at >= 0 {
		return api.Role{ID: id, Name: own[at].Name, Description: own[at].Description, Permissions: a.areas(own[at].Groups)}
	}
	role, known := a.control.Catalog().Role(id)
	if !known {
		return api.Role{ID: id}
	}
	return api.Role{ID: id, Name: role.Name, Description: role.Description, Permissions: a.areas(role.Groups)}
}
