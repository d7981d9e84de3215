package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
)

func (s *Site) signInRoutes() []route {
	return []route{
		{http.MethodGet, "/sign-in", open, s.signInPage},
		{http.MethodPost, "/sign-in", open, s.signIn},
		{http.MethodGet, "/sign-in/link", open, s.linkPage},
		{http.MethodPost, "/sign-in/link", open, s.redeemLink},
		{http.MethodPost, "/sign-out", signedIn, s.signOut},
	}
}

// signInBody is the body of the page "signin".
type signInBody struct {
	Email, Next string
	Provider    string // at which one can sign in as well; "" for none
}

func (s *Site) signInBody(email, next string) signInBody {
	return signInBody{Email: email, Next: next, Provider: s.Login.ProviderName()}
}

func signInView(body signInBody, errs ...FieldError) View {
	return View{Title: "Sign in", Errors: errs, Body: body}
}

func (s *Site) signInPage(_ context.Context, v *visit) (answer, error) {
	next := localPath(v.URL.Query().Get("next"))
	if v.signedIn() {
		return seeOther(next), nil
	}
	return show("signin", signInView(s.signInBody("", next))), nil
}

func (s *Site) signIn(ctx context.Context, v *visit) (answer, error) {
	body := s.signInBody(v.form.Get("email"), localPath(v.form.Get("next")))
	var missing []FieldError
	if strings.TrimSpace(body.Email) == "" {
		missing = append(missing, FieldError{"email", "Enter your e-mail address."})
	}
	password := v.form.Get("password")
	if password == "" {
		missing = append(missing, FieldError{"password", "Enter your password."})
	}
	if missing != nil {
		return refused("signin", signInView(body, missing...)), nil
	}
	begun, err := s.Login.SignIn(ctx, body.Email, password, v.asVisit())
	if status, words := s.turnedAway(v, err); words != "" {
		return answer{status: status, page: "signin", view: signInView(body, FieldError{Message: words})}, nil
	}
	if err != nil {
		return answer{}, err
	}
	s.Login.SetCookie(v.w, v.Request, begun)
	return seeOther(body.Next), nil
}

// asVisit is from where somebody signs in, and whose session ends by it.
func (v *visit) asVisit() control.Visit {
	return control.Visit{Addr: v.addr, Agent: v.UserAgent(), Replaces: v.session}
}

// turnedAway says why somebody was not recognised; "" when the error is another one, or none.
func (s *Site) turnedAway(v *visit, err error) (status int, words string) {
	var throttled login.Throttled
	switch {
	case errors.Is(err, login.ErrWrong):
		return http.StatusUnauthorized, "The e-mail address or the password is not right."
	case errors.Is(err, login.ErrBusy):
		v.w.Header().Set("Retry-After", "1")
		return http.StatusServiceUnavailable, "Too many passwords are being checked at this moment. Try again."
	case errors.As(err, &throttled):
		v.w.Header().Set("Retry-After", fmt.Sprint(throttled.Seconds()))
		return http.StatusTooManyRequests, fmt.Sprintf("Too many attempts. Try again in %d seconds.", throttled.Seconds())
	default:
		return 0, ""
	}
}

// linkBody is the body of the page "signin-link".
type linkBody struct {
	Code  string
	Email string // of who is signed in until then; may be empty
}

// linkPage shows a button. To load a page changes nothing: mail programs load what is linked, and
// a link that works once would be used up.
func (s *Site) linkPage(_ context.Context, v *visit) (answer, error) {
	return show("signin-link", View{
		Title: "Sign in with a link", Nav: v.nav(""), Body: linkBody{Code: v.URL.Query().Get("code"), Email: v.user.Email},
	}), nil
}

func (s *Site) redeemLink(ctx context.Context, v *visit) (answer, error) {
	begun, err := s.Login.Redeem(ctx, v.form.Get("code"), v.asVisit())
	status, words := s.turnedAway(v, err)
	if isKind(err, control.Refused) {
		status, words = http.StatusUnauthorized, "The link was used already, or is too old. Ask whoever gave it to you for another, or sign in with your password."
	}
	if words != "" {
		view := signInView(s.signInBody("", "/"), FieldError{Message: words})
		view.Nav = v.nav("")
		return answer{status: status, page: "signin", view: view}, nil
	}
	if err != nil {
		return answer{}, err
	}
	s.Login.SetCookie(v.w, v.Request, begun)
	return seeOther("/"), nil
}

// signOut takes the key from the browser even when the session cannot be ended.
func (s *Site) signOut(ctx context.Context, v *visit) (answer, error) {
	s.Login.ClearCookie(v.w, v.Request)
	err := s.Control.SignOut(ctx, v.session, v.addr)
	if err != nil && !isKind(err, control.NoSuch) && !isKind(err, control.Refused) {
		return answer{}, err
	}
	return seeOther("/sign-in"), nil
}

// localPath is a page to go on to, or "/" when it is none of the dashboard's: an address that is
// given in a link must not lead people, who think they are here, to another site.
func localPath(s string) string {
	const longest = 4096
	strange := func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }
	at, err := url.Parse(s)
	switch {
	case err != nil, len(s) > longest, strings.ContainsFunc(s, strange):
		return "/"
	case !strings.HasPrefix(s, "/"), strings.HasPrefix(s, "//"), at.Scheme != "", at.Host != "", at.User != nil, at.Opaque != "":
		return "/"
	case !Owns(s), strings.HasPrefix(s, "/sign-"), at.RawPath != "", path.Clean(at.Path) != at.Path:
		return "/"
	default:
		return s
	}
}
