package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/draft"
	"github.com/leastkey/leastkey/internal/tell"
)

func (s *Site) wizardRoutes() []route {
	return []route{
		{http.MethodGet, "{home}/api-tokens/new", signedIn, s.beginToken},
		{http.MethodPost, "{home}/api-tokens/new", signedIn, s.draftToken},
		{http.MethodPost, "{home}/api-tokens", signedIn, s.createToken},
		{http.MethodGet, "{home}/api-tokens/{id}/edit", signedIn, s.editToken},
		{http.MethodPost, "{home}/api-tokens/{id}/edit", signedIn, s.draftToken},
		{http.MethodPost, "{home}/api-tokens/{id}", signedIn, s.saveToken},
		{http.MethodPost, "{home}/api-tokens/verify", signedIn, s.verifyToken},
	}
}

// wizard is a token that is being made or edited in one visit.
type wizard struct {
	*visit
	token control.Credential // as it is stored; a new one has but its Principal
	draft draft.Draft
	read  string // the instant at which the stored token was last changed when its form was made; "" for a new one
}

// wizard reads which token the visit is about.
func (s *Site) wizard(ctx context.Context, v *visit) (*wizard, error) {
	w := &wizard{visit: v}
	w.token.Principal = v.owner
	if v.PathValue("id") == "" {
		return w, nil
	}
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	if w.token, err = s.Control.Token(ctx, s.caller(v, "GET /tokens/{token_id}"), v.owner, id); err != nil {
		return nil, err
	}
	w.read = w.changed()
	return w, nil
}

// sent is the token that the visit is about, with the draft that was sent.
func (s *Site) sent(ctx context.Context, v *visit) (*wizard, error) {
	w, err := s.wizard(ctx, v)
	if err != nil {
		return nil, err
	}
	w.draft = draft.Parse(v.form)
	if !w.isNew() {
		w.read = v.form.Get(readField)
	}
	return w, nil
}

// readField says of which state of the stored token a form was made.
const readField = "read"

// changed tells one state of the stored token from another.
func (w *wizard) changed() string { return strconv.FormatInt(w.token.ModifiedOn.UnixMicro(), 10) }

func (w *wizard) isNew() bool { return w.token.ID.IsZero() }

// overtaken says that somebody else saved the token since the form was made. From then on the form is
// one of the new state: what it would change is told by the difference.
func (w *wizard) overtaken() []FieldError {
	if w.isNew() || w.read == w.changed() {
		return nil
	}
	w.read = w.changed()
	return []FieldError{{"", "The token was changed since you opened this form. The form has what you entered; go on to see how it differs from what is stored now."}}
}

// form is where the form is posted, and result where the summary is posted.
func (w *wizard) form() string {
	if w.isNew() {
		return w.home + "/api-tokens/new"
	}
	return tokenPath(w.visit, w.token.ID) + "/edit"
}

func (w *wizard) result() string {
	if w.isNew() {
		return w.home + "/api-tokens"
	}
	return tokenPath(w.visit, w.token.ID)
}

// back is the page that the walk began at.
func (w *wizard) back() Link {
	if w.isNew() {
		return Link{"API tokens", w.home + "/api-tokens"}
	}
	return Link{"Back to the token", tokenPath(w.visit, w.token.ID)}
}

// steps is the walk, at one of its steps. An edit begins with the second, and shows no secret.
func (w *wizard) steps(at int) ([]Step, error) {
	if w.isNew() {
		return steps(at, "Start", "Permissions", "Summary", "Done")
	}
	return steps(at-1, "Permissions", "Summary")
}

// wizardCaller is the person, asking for what the walk ends with.
func (s *Site) wizardCaller(w *wizard) control.Caller {
	if w.isNew() {
		return s.caller(w.visit, "POST /tokens")
	}
	return s.caller(w.visit, "PUT /tokens/{token_id}")
}

// teller knows the names of the resources that the policies are about, as far as the owner may see them.
func (s *Site) teller(ctx context.Context, v *visit, policies ...leastkey.Policy) (tell.Teller, error) {
	names, err := s.Control.Names(ctx, s.caller(v, "GET /tokens"), v.owner, tell.Resources(policies...))
	return tell.Teller{Catalog: s.Catalog(), Names: names, Now: s.Now()}, err
}

// compile gives what the draft means, or what is wrong with it, which may be that the person may not
// have it.
func (s *Site) compile(ctx context.Context, w *wizard) (control.TokenSpec, []FieldError, error) {
	compiled := w.draft.Compile(s.Catalog(), w.token)
	if problems := fieldErrors(compiled.Problems); len(problems) > 0 {
		return control.TokenSpec{}, problems, nil
	}
	err := s.Control.CheckToken(ctx, s.wizardCaller(w), w.owner, w.token.ID, compiled.Spec)
	problem, err := explain(compiled, err)
	return compiled.Spec, problem, err
}

// explain makes of a refusal that the person can do something about an error of the form.
func explain(compiled draft.Compiled, err error) ([]FieldError, error) {
	var refusal *control.Error
	if !errors.As(err, &refusal) {
		return nil, err
	}
	switch refusal.Kind {
	case control.Invalid, control.CheckFailed, control.TooMany, control.Taken:
		return fieldErrors([]draft.Problem{compiled.Explain(refusal)}), nil
	default:
		return nil, err
	}
}

func fieldErrors(problems []draft.Problem) []FieldError {
	var all []FieldError
	for _, p := range problems {
		all = append(all, FieldError{p.Field, p.Message})
	}
	return all
}
