package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
)

func (a *API) operatorRoles(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	account, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	own, err := a.control.Roles(ctx, control.Operator(), account)
	if err != nil {
		return answer{}, err
	}
	return all(a.shownRoles(own))
}

func (a *API) operatorCreateRole(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	account, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	spec, err := a.roleSpec(body)
	if err != nil {
		return answer{}, err
	}
	role, err := a.control.CreateRole(ctx, control.Operator(), account, spec)
	return a.roleAnswer(role, err)
}

func (a *API) operatorReplaceRole(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	account, id, err := pathRole(r)
	if err != nil {
		return answer{}, err
	}
	spec, err := a.roleSpec(body)
	if err != nil {
		return answer{}, err
	}
	role, err := a.control.ReplaceRole(ctx, control.Operator(), account, id, spec)
	return a.roleAnswer(role, err)
}

func (a *API) operatorDeleteRole(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	account, id, err := pathRole(r)
	if err != nil {
		return answer{}, err
	}
	if err := a.control.DeleteRole(ctx, control.Operator(), account, id); err != nil {
		return answer{}, err
	}
	return ok(api.Deleted{ID: id.String()})
}

func (a *API) operatorForeseeRole(ctx context.Context, r *http.Request, body []byte) (answer, error) {
	account, id, err := pathRole(r)
	if err != nil {
		return answer{}, err
	}
	spec, err := a.roleSpec(body)
	if err != nil {
		return answer{}, err
	}
	effects, err := a.control.ForeseeRole(ctx, control.Operator(), account, id, spec.Groups)
	return a.effectsAnswer(effects, err)
}

// invitationLife is how long an invited person has to come.
const invitationLife = 7 * 24 * time.Hour

func (a *API) operatorInvite(dashboard string) func(context.Context, *http.Request, []byte) (answer, error) {
	return func(ctx context.Context, r *http.Request, body []byte) (answer, error) {
		account, err := pathID(r, "id")
		if err != nil {
			return answer{}, err
		}
		var request api.InvitationRequest
		if err := decode(body, &request); err != nil {
			return answer{}, err
		}
		roles, err := a.rolesOf(ctx, control.Operator(), account, api.MemberRequest{Roles: api.Some(request.Roles)})
		if err != nil {
			return answer{}, err
		}
		made, err := a.control.Invite(ctx, control.Operator(), account, control.Invitation{
			Email: request.Email, FirstName: request.FirstName, LastName: request.LastName, Roles: roles, Life: invitationLife,
		})
		if err != nil {
			return answer{}, err
		}
		return ok(api.Invited{
			Member: a.shownMember(made.MemberOf), URL: api.ShowOnce(dashboard + "/sign-in/link?code=" + made.Code), ExpiresOn: api.At(made.ExpiresOn),
		})
	}
}

func pathRole(r *http.Request) (account, id leastkey.ID, err error) {
	if account, err = pathID(r, "id"); err != nil {
		return account, id, err
	}
	id, err = pathID(r, "rid")
	return account, id, err
}

func (a *API) roleAnswer(role control.Role, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return ok(a.shownRole(role.ID, []control.Role{role}))
}

// roleSpec reads what a role is to be, with groups by id or by a name that only one of them has.
func (a *API) roleSpec(body []byte) (control.RoleSpec, error) {
	var request api.RoleRequest
	if err := decode(body, &request); err != nil {
		return control.RoleSpec{}, err
	}
	spec := control.RoleSpec{Name: request.Name, Description: request.Description}
	for i, text := range request.Groups {
		id, err := leastkey.ParseID(text)
		if err != nil {
			var named []leastkey.ID
			for _, g := range a.control.Catalog().GroupsNamed(text) {
				if g.Type != leastkey.UserType {
					named = append(named, g.ID)
				}
			}
			if len(named) != 1 {
				return spec, &api.FieldError{Pointer: "/permission_groups/" + strconv.Itoa(i), Message: "no permission group that a role can hold has this id or name, or several have the name; give its id (leastkey permission-groups)"}
			}
			id = named[0]
		}
		spec.Groups = append(spec.Groups, id)
	}
	return spec, nil
}
