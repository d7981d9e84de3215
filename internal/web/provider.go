package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/oidc"
)

const (
	providerPath = "/sign-in/oidc"
	callbackPath = providerPath + "/callback"
	confirmPath  = "/profile/confirm"
)

// CallbackPath is where an identity provider sends people back to.
const CallbackPath = callbackPath

func (s *Site) providerRoutes() []route {
	return []route{
		{http.MethodPost, providerPath, open, s.ifProvider(s.goToProvider)},
		{http.MethodGet, callbackPath, open, s.ifProvider(s.fromProvider)},
		{http.MethodGet, confirmPath, signedIn, s.ifProvider(s.confirmPage)},
		{http.MethodPost, confirmPath, signedIn, s.ifProvider(s.confirmAtProvider)},
	}
}

func (s *Site) ifProvider(handle func(context.Context, *visit) (answer, error)) func(context.Context, *visit) (answer, error) {
	return func(ctx context.Context, v *visit) (answer, error) {
		if s.Login.ProviderName() == "" {
			return answer{}, errNoPage
		}
		return handle(ctx, v)
	}
}

// leaveBody is the body of the page "leave", from which a browser goes on to the provider.
type leaveBody struct{ Provider, Address string }

// leave sends the browser to the provider by a page that goes on by itself. A redirect in answer to a form would
// have to be allowed by form-action, for every address that the provider may send the browser on to, and so would
// be forms that somebody else put into a page.
func (s *Site) leave(ctx context.Context, v *visit, asked oidc.Asked) (answer, error) {
	address, err := s.Login.AskProvider(ctx, v.w, v.Request, asked, v.asVisit())
	if err != nil {
		return s.notByProvider(v, asked, err)
	}
	v.w.Header().Set("Refresh", "0; url="+address)
	name := s.Login.ProviderName()
	return show("leave", View{Title: "Going to " + name, Nav: v.nav(""), Body: leaveBody{name, address}}), nil
}

func (s *Site) goToProvider(ctx context.Context, v *visit) (answer, error) {
	return s.leave(ctx, v, oidc.Asked{Next: localPath(v.form.Get("next"))})
}

func (s *Site) confirmAtProvider(ctx context.Context, v *visit) (answer, error) {
	return s.leave(ctx, v, oidc.Asked{Next: confirmPath + "?done=confirmed", Again: v.session.ID.String()})
}

func (s *Site) fromProvider(ctx context.Context, v *visit) (answer, error) {
	begun, asked, err := s.Login.FromProvider(ctx, v.w, v.Request, s.selfCaller(v, keyOperation), v.asVisit())
	if err != nil {
		return s.notByProvider(v, asked, err)
	}
	if begun.Key != "" {
		s.Login.SetCookie(v.w, v.Request, begun)
	}
	return seeOther(asked.Next), nil
}

// notByProvider is the page that says why somebody was not signed in, or not confirmed, with how to try again.
func (s *Site) notByProvider(v *visit, asked oidc.Asked, err error) (answer, error) {
	status, words := s.turnedAway(v, err)
	if words == "" {
		status, words = providerWords(s.Login.ProviderName(), err)
	}
	switch {
	case words == "":
		return answer{}, err
	case asked.Again != "" && v.signedIn():
		return answer{status: status, page: "confirm", view: s.confirmView(v, FieldError{Message: words})}, nil
	default:
		next := asked.Next
		if next == "" || asked.Again != "" {
			next = "/"
		}
		view := signInView(s.signInBody("", next), FieldError{Message: words})
		view.Nav = v.nav("")
		return answer{status: status, page: "signin", view: view}, nil
	}
}

// providerWords say in our words what is wrong; nothing that came from outside is in them. "" when the error is another.
func providerWords(name string, err error) (status int, words string) {
	refusal, _ := errors.AsType[*oidc.Refusal](err)
	switch {
	case errors.Is(err, oidc.ErrUnavailable):
		return http.StatusServiceUnavailable, name + " does not answer at this moment. Try again, or sign in with your password."
	case errors.Is(err, login.ErrUnknown):
		return http.StatusForbidden, name + " knows you, and nobody here does. Ask whoever runs this installation to make a user with your e-mail address."
	case errors.Is(err, login.ErrNotAdmitted):
		return http.StatusForbidden, "You cannot sign in here as what " + name + " knows you by. Ask whoever runs this installation."
	case isKind(err, control.Internal), refusal == nil:
		return 0, ""
	case refusal.Kind == oidc.Stale:
		return http.StatusUnauthorized, "This sign-in was begun in another browser, was finished already, or took too long. Start again."
	case refusal.Kind == oidc.Declined:
		return http.StatusUnauthorized, name + " did not sign you in."
	case refusal.Kind == oidc.Unverified:
		return http.StatusForbidden, name + " does not say that your e-mail address is yours. Have it verified there, then try again."
	case refusal.Kind == oidc.NotAgain:
		return http.StatusForbidden, name + " does not say that you, who are signed in here, proved just now who you are. Try again, and sign in there anew."
	default:
		return http.StatusUnauthorized, "What came back from " + name + " cannot be relied on, so nobody was signed in. Start again; if that does not help, whoever runs this installation finds the reason in its log."
	}
}

// confirmBody is the body of the page "confirm".
type confirmBody struct{ Provider, Email string }

func (s *Site) confirmView(v *visit, errs ...FieldError) View {
	return View{Title: "Confirm who you are", Nav: v.nav(""), Errors: errs, Body: confirmBody{s.Login.ProviderName(), v.user.Email}}
}

func (s *Site) confirmPage(_ context.Context, v *visit) (answer, error) {
	view := s.confirmView(v)
	if v.URL.Query().Get("done") == "confirmed" && s.confirmed(v) {
		view.Notice.Text = "You confirmed who you are. Close this tab, and go on where you were."
	}
	return show("confirm", view), nil
}
