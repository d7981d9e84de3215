package web

import (
	"context"
	"time"

	"github.com/leastkey/leastkey/internal/control"
)

// createToken makes the token that was summed up, and shows its secret, once.
func (s *Site) createToken(ctx context.Context, v *visit) (answer, error) {
	once, err := v.once()
	if err != nil {
		return answer{}, err
	}
	w, err := s.sent(ctx, v)
	if err != nil {
		return answer{}, err
	}
	compiled := w.draft.Compile(s.Catalog(), w.token)
	if problems := fieldErrors(compiled.Problems); len(problems) > 0 {
		return s.showForm(ctx, w, formState{errors: problems})
	}
	if wrong, err := s.prove(ctx, v); err != nil {
		return answer{}, err
	} else if wrong != "" {
		return s.showSummary(ctx, w, compiled.Spec, once.String(), FieldError{"password", wrong})
	}
	caller := s.wizardCaller(w)
	caller.Once = once
	token, secret, err := s.Control.CreateToken(ctx, caller, w.owner, compiled.Spec)
	if isKind(err, control.Unconfirmed) {
		v.session.ConfirmedOn = time.Time{}
		return s.showSummary(ctx, w, compiled.Spec, once.String(), s.proofMissing(v))
	}
	if isKind(err, control.Repeated) {
		return doneAlready(v, "The token was created by this form, once. Its secret was shown then, and is not kept. If it was not copied, roll the token.",
			Link{"Go to the tokens", v.home + "/api-tokens"}), nil
	}
	problems, err := explain(compiled, err)
	if err != nil {
		return answer{}, err
	}
	if len(problems) > 0 {
		return s.showForm(ctx, w, formState{errors: problems})
	}
	body := s.newTokenSecret(v, token, secret)
	if body.Steps, err = w.steps(4); err != nil {
		return answer{}, err
	}
	return show("secret", View{Title: "Created " + token.Name, Nav: v.nav(v.home + "/api-tokens"), Body: body}), nil
}

// saveToken saves the edit that was summed up.
func (s *Site) saveToken(ctx context.Context, v *visit) (answer, error) {
	w, err := s.sent(ctx, v)
	if err != nil {
		return answer{}, err
	}
	compiled := w.draft.Compile(s.Catalog(), w.token)
	if problems := append(fieldErrors(compiled.Problems), w.overtaken()...); len(problems) > 0 {
		return s.showForm(ctx, w, formState{errors: problems})
	}
	if wrong, err := s.prove(ctx, v); err != nil {
		return answer{}, err
	} else if wrong != "" {
		return s.showSummary(ctx, w, compiled.Spec, "", FieldError{"password", wrong})
	}
	compiled.Spec.IfModifiedOn = w.token.ModifiedOn
	_, err = s.Control.ReplaceToken(ctx, s.wizardCaller(w), w.owner, w.token.ID, compiled.Spec)
	if isKind(err, control.Unconfirmed) {
		v.session.ConfirmedOn = time.Time{}
		return s.showSummary(ctx, w, compiled.Spec, "", s.proofMissing(v))
	}
	if isKind(err, control.Overtaken) {
		if w, err = s.sent(ctx, v); err != nil {
			return answer{}, err
		}
		return s.showForm(ctx, w, formState{errors: w.overtaken()})
	}
	problems, err := explain(compiled, err)
	if err != nil {
		return answer{}, err
	}
	if len(problems) > 0 {
		return s.showForm(ctx, w, formState{errors: problems})
	}
	return seeOther(tokenPath(v, w.token.ID) + "?done=saved"), nil
}
