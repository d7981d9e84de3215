package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (s *Site) memberRoutes() []route {
	const members = "/account/{account}/members"
	return []route{
		{http.MethodGet, members, signedIn, s.membersPage},
		{http.MethodPost, members, signedIn, s.addMember},
		{http.MethodGet, members + "/{id}", signedIn, s.memberPage},
		{http.MethodPost, members + "/{id}/roles", signedIn, s.setRoles},
		{http.MethodPost, members + "/{id}/remove", signedIn, s.removeMember},
	}
}

// membersBody is the body of the page "members".
type membersBody struct {
	Home   string
	Rows   []memberRow
	Change bool // whether the person may add, change and remove
	Roles  []Option
	Email  string   // as it was typed
	Chosen []string // ids of roles
}

// memberRow is a member as the others see them.
type memberRow struct {
	Path, Email, Name string
	Roles             string
	Since             Moment
	You, Disabled     bool
}

// memberRoles are the roles to choose from in an account: those of the catalogue, and its own.
func (s *Site) memberRoles(ctx context.Context, v *visit) ([]Option, error) {
	own, err := s.Control.Roles(ctx, s.caller(v, "GET /roles"), v.owner.ID)
	if err != nil {
		return nil, err
	}
	var all []Option
	for _, r := range s.Catalog().Roles() {
		all = append(all, Option{Value: r.ID.String(), Label: r.Name, Hint: r.Description})
	}
	for _, r := range own {
		all = append(all, Option{Value: r.ID.String(), Label: r.Name, Hint: r.Description})
	}
	return all, nil
}

func labelsOf(roles []Option, ids []leastkey.ID) string {
	var names []string
	for _, id := range ids {
		name := id.String() // of one that left the catalogue
		if i := slices.IndexFunc(roles, func(o Option) bool { return o.Value == id.String() }); i >= 0 {
			name = roles[i].Label
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

func (v *visit) membersPath() string { return v.home + "/members" }

func (s *Site) membersPage(ctx context.Context, v *visit) (answer, error) {
	return s.membersForm(ctx, v, membersBody{})
}

func (s *Site) membersForm(ctx context.Context, v *visit, body membersBody, problems ...FieldError) (answer, error) {
	members, err := s.Control.Members(ctx, s.caller(v, "GET /members"), v.owner.ID)
	if err != nil {
		return answer{}, err
	}
	if body.Roles, err = s.memberRoles(ctx, v); err != nil {
		return answer{}, err
	}
	if body.Change, err = s.Control.Permits(ctx, s.caller(v, "POST /members"), v.owner.ID); err != nil {
		return answer{}, err
	}
	body.Home = v.home
	for _, m := range members {
		body.Rows = append(body.Rows, memberRow{
			Path: v.membersPath() + "/" + m.ID.String(), Email: m.User.Email, Name: strings.TrimSpace(m.User.FirstName + " " + m.User.LastName),
			Roles: labelsOf(body.Roles, m.Roles), Since: Moment{Time: m.CreatedOn}, You: m.User.ID == v.user.ID, Disabled: m.User.Disabled,
		})
	}
	words := map[string]string{"added": "The member was added.", "removed": "The member was removed."}
	view := View{Title: "Members of " + v.ownerName(), Nav: v.nav(v.membersPath()), Notice: Notice{Text: words[v.URL.Query().Get("done")]}, Errors: problems, Body: body}
	if len(problems) > 0 {
		return refused("members", view), nil
	}
	return show("members", view), nil
}

func (s *Site) addMember(ctx context.Context, v *visit) (answer, error) {
	body := membersBody{Email: strings.TrimSpace(v.form.Get("email")), Chosen: v.form["roles"]}
	roles, problems := chosenRoles(body.Chosen)
	if body.Email == "" {
		problems = append([]FieldError{{"email", "Enter the e-mail address of the person."}}, problems...)
	}
	if len(problems) > 0 {
		return s.membersForm(ctx, v, body, problems...)
	}
	_, err := s.Control.AddMember(ctx, s.caller(v, "POST /members"), v.owner.ID, body.Email, roles)
	if problem, ok := memberProblem(err, "email"); ok {
		return s.membersForm(ctx, v, body, problem)
	}
	if err != nil {
		return answer{}, err
	}
	return seeOther(v.membersPath() + "?done=added"), nil
}

// chosenRoles reads the roles of a form.
func chosenRoles(values []string) (roles []leastkey.ID, problems []FieldError) {
	for _, text := range values {
		id, err := leastkey.ParseID(text)
		if err != nil {
			return nil, []FieldError{{"roles", "Choose roles from the list."}}
		}
		roles = append(roles, id)
	}
	if len(roles) == 0 {
		problems = []FieldError{{"roles", "Choose at least one role."}}
	}
	return roles, problems
}

// memberProblem makes of a refusal that the person can do something about an error of the form; field is what it is
// about when it is not about roles.
func memberProblem(err error, field string) (FieldError, bool) {
	refusal, ok := errors.AsType[*control.Error](err)
	if !ok {
		return FieldError{}, false
	}
	switch refusal.Kind {
	case control.CheckFailed:
		return FieldError{"roles", sentence(refusal.Message)}, true
	case control.Invalid, control.Taken:
		if strings.HasPrefix(refusal.Pointer, "/roles") {
			field = "roles"
		}
		return FieldError{field, sentence(refusal.Message)}, true
	default:
		return FieldError{}, false
	}
}
