package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// memberBody is the body of the page "member".
type memberBody struct {
	memberRow
	Account string
	Change  bool // whether the person may change and remove
	Options []Option
	Chosen  []string   // ids of roles
	Ask     *memberAsk // what is asked before it is done; nil: nothing
}

// memberAsk is a change that waits for a yes.
type memberAsk struct {
	Action string // path of the form
	Title  string
	Lines  []string // what it does
	Button string
	Danger bool
	Fields []Hidden
}

// memberOf reads the member, and what the page says of them.
func (s *Site) memberOf(ctx context.Context, v *visit) (control.MemberOf, memberBody, error) {
	id, err := v.id()
	if err != nil {
		return control.MemberOf{}, memberBody{}, err
	}
	m, err := s.Control.Member(ctx, s.caller(v, "GET /members/{member_id}"), v.owner.ID, id)
	if err != nil {
		return m, memberBody{}, err
	}
	options, err := s.memberRoles(ctx, v)
	if err != nil {
		return m, memberBody{}, err
	}
	change, err := s.Control.Permits(ctx, s.caller(v, "PUT /members/{member_id}"), v.owner.ID)
	body := memberBody{
		memberRow: memberRow{
			Path: v.membersPath() + "/" + id.String(), Email: m.User.Email, Name: strings.TrimSpace(m.User.FirstName + " " + m.User.LastName),
			Roles: labelsOf(options, m.Roles), Since: Moment{Time: m.CreatedOn}, You: m.User.ID == v.user.ID, Disabled: m.User.Disabled,
		},
		Account: v.ownerName(), Change: change, Options: options,
	}
	for _, role := range m.Roles {
		body.Chosen = append(body.Chosen, role.String())
	}
	return m, body, err
}

func memberView(v *visit, body memberBody, problems ...FieldError) View {
	view := View{Title: body.Email, Nav: v.nav(v.membersPath()), Back: Link{"Members", v.membersPath()}, Errors: problems, Body: body}
	if v.URL.Query().Get("done") == "roles" {
		view.Notice.Text = "The roles were changed."
	}
	return view
}

func (s *Site) memberPage(ctx context.Context, v *visit) (answer, error) {
	_, body, err := s.memberOf(ctx, v)
	if err != nil {
		return answer{}, err
	}
	return show("member", memberView(v, body)), nil
}

// setRoles asks first, and says what it does; with a yes it does it.
func (s *Site) setRoles(ctx context.Context, v *visit) (answer, error) {
	m, body, err := s.memberOf(ctx, v)
	if err != nil {
		return answer{}, err
	}
	body.Chosen = v.form["roles"]
	roles, problems := chosenRoles(body.Chosen)
	if len(problems) > 0 {
		return refused("member", memberView(v, body, problems...)), nil
	}
	if v.form.Get("sure") != "yes" {
		body.Ask = &memberAsk{Action: body.Path + "/roles", Title: "Change the roles to " + labelsOf(body.Options, roles) + "?", Button: "Change roles"}
		for _, role := range body.Chosen {
			body.Ask.Fields = append(body.Ask.Fields, Hidden{"roles", role})
		}
		return s.askMember(ctx, v, m, body, roles)
	}
	_, err = s.Control.SetRoles(ctx, s.caller(v, "PUT /members/{member_id}"), v.owner.ID, m.ID, roles)
	if problem, ok := memberProblem(err, "roles"); ok {
		return refused("member", memberView(v, body, problem)), nil
	}
	if err != nil {
		return answer{}, err
	}
	return seeOther(body.Path + "?done=roles"), nil
}

// removeMember asks first, and says what it does; with a yes it does it.
func (s *Site) removeMember(ctx context.Context, v *visit) (answer, error) {
	m, body, err := s.memberOf(ctx, v)
	if err != nil {
		return answer{}, err
	}
	if v.form.Get("sure") != "yes" {
		body.Ask = &memberAsk{Action: body.Path + "/remove", Title: "Remove " + body.Email + " from " + body.Account + "?", Button: "Remove member", Danger: true}
		return s.askMember(ctx, v, m, body, nil)
	}
	err = s.Control.RemoveMember(ctx, s.caller(v, "DELETE /members/{member_id}"), v.owner.ID, m.ID)
	if problem, ok := memberProblem(err, "roles"); ok {
		return refused("member", memberView(v, body, problem)), nil
	}
	if err != nil {
		return answer{}, err
	}
	return seeOther(v.membersPath() + "?done=removed"), nil
}

// askMember says what becomes of the member's tokens and keys, which are theirs to know by name.
func (s *Site) askMember(ctx context.Context, v *visit, m control.MemberOf, body memberBody, roles []leastkey.ID) (answer, error) {
	loses, gains, err := s.Control.TouchedByRoles(ctx, s.caller(v, "GET /members/{member_id}"), v.owner.ID, m.ID, roles)
	if err != nil {
		return answer{}, err
	}
	if loses > 0 {
		body.Ask.Lines = append(body.Ask.Lines, countOf(loses, "token or key", "tokens and keys")+" of theirs can do less in this account from then on, with the next request.")
	}
	if gains > 0 {
		body.Ask.Lines = append(body.Ask.Lines, countOf(gains, "token or key", "tokens and keys")+" of theirs can do more in this account.")
	}
	if loses+gains == 0 {
		body.Ask.Lines = append(body.Ask.Lines, "None of their tokens and keys can do less or more by it.")
	}
	return show("member", memberView(v, body)), nil
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
