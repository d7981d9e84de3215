package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
)

const passwordPath = "/profile/password"

func (s *Site) passwordRoutes() []route {
	return []route{
		{http.MethodGet, passwordPath, signedIn, s.passwordPage},
		{http.MethodPost, passwordPath, signedIn, s.changePassword},
	}
}

// passwordBody is the body of the page "password".
type passwordBody struct {
	Email       string
	NeedCurrent bool   // not for a while after a sign-in link was used
	Provider    string // of a person who has no password because they sign in there; then there is no form
}

func (s *Site) passwordView(v *visit, errs ...FieldError) View {
	body := passwordBody{Email: v.user.Email, NeedCurrent: !v.session.ByLink || !s.confirmed(v)}
	if v.user.PasswordHash == "" && body.NeedCurrent {
		body.Provider = s.Login.ProviderName()
	}
	return View{Title: "Password", Nav: v.nav(passwordPath), Errors: errs, Body: body}
}

func (s *Site) passwordPage(_ context.Context, v *visit) (answer, error) {
	view := s.passwordView(v)
	if v.URL.Query().Get("done") == "changed" {
		view.Notice.Text = "Your password is changed. Your other sessions have ended."
	}
	return show("password", view), nil
}

func (s *Site) changePassword(ctx context.Context, v *visit) (answer, error) {
	current, chosen := v.form.Get("current"), v.form.Get("new")
	var errs []FieldError
	if current == "" && s.passwordView(v).Body.(passwordBody).NeedCurrent {
		errs = append(errs, FieldError{"current", "Enter your current password."})
	}
	if chosen == "" {
		errs = append(errs, FieldError{"new", "Choose a new password."})
	} else if v.form.Get("again") != chosen {
		errs = append(errs, FieldError{"again", "This is not the same as the new password."})
	}
	if errs != nil {
		return refused("password", s.passwordView(v, errs...)), nil
	}
	begun, err := s.Login.SetPassword(ctx, s.selfCaller(v, "PATCH /client/v4/user"), v.user, current, chosen)
	var refusal *control.Error
	status, words := s.turnedAway(v, err)
	switch {
	case errors.Is(err, login.ErrWrong):
		return refused("password", s.passwordView(v, FieldError{"current", "This is not your current password."})), nil
	case words != "":
		return answer{status: status, page: "password", view: s.passwordView(v, FieldError{Message: words})}, nil
	case isKind(err, control.Unconfirmed):
		return refused("password", s.passwordView(v, FieldError{"current", "Enter your current password."})), nil
	case errors.As(err, &refusal) && refusal.Kind == control.Invalid:
		return refused("password", s.passwordView(v, FieldError{"new", sentence(refusal.Message)})), nil
	case err != nil:
		return answer{}, err
	}
	s.Login.SetCookie(v.w, v.Request, begun)
	return seeOther(passwordPath + "?done=changed"), nil
}
