package httpapi

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

func (a *API) user(ctx context.Context, c *call) (answer, error) {
	id := c.verdict.Credential.Principal.ID
	user, err := a.control.User(ctx, c.caller, id)
	return shownUser(user, err)
}

// updateUser changes the names; everything else about a user is the operator's.
func (a *API) updateUser(ctx context.Context, c *call) (answer, error) {
	var names struct {
		FirstName *string `json:"first_name"`
		LastName  *string `json:"last_name"`
	}
	if err := json.Unmarshal(c.body, &names); err != nil {
		return answer{}, &api.FieldError{Message: "want a JSON object with first_name, last_name or both"}
	}
	user, err := a.control.RenameUser(ctx, c.caller, c.verdict.Credential.Principal.ID, names.FirstName, names.LastName)
	return shownUser(user, err)
}

func shownUser(u control.User, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(api.User{
		ID: u.ID, Email: u.Email, FirstName: api.TextOrNull(u.FirstName), LastName: api.TextOrNull(u.LastName),
		Suspended: u.Disabled, CreatedOn: api.At(u.CreatedOn), ModifiedOn: api.At(u.ModifiedOn),
	})
}

func (a *API) memberships(ctx context.Context, c *call) (answer, error) {
	p, err := pagingOf(c.URL.Query())
	if err != nil {
		return answer{}, err
	}
	rows, err := a.control.Memberships(ctx, c.caller, c.verdict.Credential.Principal.ID)
	if err != nil {
		return answer{}, err
	}
	shown := make([]api.Membership, len(rows))
	for i, row := range rows {
		shown[i] = a.shownMembership(row)
	}
	return paged(shown, p)
}

func (a *API) membership(ctx context.Context, c *call) (answer, error) {
	row, err := a.ownMembership(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return ok(a.shownMembership(row))
}

// answerMembership takes the answer to an invitation. Memberships here need none, so accepting
// changes nothing and rejecting is leaving.
func (a *API) answerMembership(ctx context.Context, c *call) (answer, error) {
	var reply struct {
		Status string `json:"status"`
	}
	if err := json.Unmarshal(c.body, &reply); err != nil {
		return answer{}, &api.FieldError{Message: "want a JSON object with a status"}
	}
	switch reply.Status {
	case "accepted":
		return a.membership(ctx, c)
	case "rejected":
		return a.leave(ctx, c)
	default:
		return answer{}, &api.FieldError{Pointer: "/status", Message: "want accepted or rejected"}
	}
}

func (a *API) leave(ctx context.Context, c *call) (answer, error) {
	row, err := a.ownMembership(ctx, c)
	if err != nil {
		return answer{}, err
	}
	if err := a.control.Leave(ctx, c.caller, c.verdict.Credential.Principal.ID, row); err != nil {
		return answer{}, err
	}
	return ok(api.Deleted{ID: row.ID.String()})
}

func (a *API) ownMembership(ctx context.Context, c *call) (control.MemberOf, error) {
	id, err := c.id("membership_id")
	if err != nil {
		return control.MemberOf{}, err
	}
	rows, err := a.control.Memberships(ctx, c.caller, c.verdict.Credential.Principal.ID)
	if err != nil {
		return control.MemberOf{}, err
	}
	for _, row := range rows {
		if row.ID == id {
			return row, nil
		}
	}
	return control.MemberOf{}, &control.Error{Kind: control.NoSuch, Message: "no membership has the id " + id.String()}
}

func (a *API) shownMembership(m control.MemberOf) api.Membership {
	shown := api.Membership{ID: m.ID, Status: api.MemberAccepted, Account: shownAccount(m.Account), Permissions: a.areas(a.groupsOf(m))}
	for _, role := range m.Roles {
		shown.Roles = append(shown.Roles, a.shownRole(role, m.Own).Name)
	}
	return shown
}

// areas says what groups give, by category of permission group.
func (a *API) areas(groups []leastkey.ID) map[string]api.Access {
	areas := map[string]api.Access{}
	for _, g := range groups {
		group, _ := a.control.Catalog().Group(g)
		area := areas[group.Category]
		area.Read = true // whoever may write or use a thing may see it
		area.Write = area.Write || group.Access != catalog.Read
		areas[group.Category] = area
	}
	return areas
}

// groupsOf are the groups of all roles of a member.
func (a *API) groupsOf(m control.MemberOf) []leastkey.ID {
	groups := slices.Clone(m.Groups)
	for _, id := range m.Roles {
		role, _ := a.control.Catalog().Role(id)
		groups = append(groups, role.Groups...)
	}
	return groups
}
