package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/login"
)

// shownOnce is the body of the page "secret", on which a new secret is seen, the only time.
type shownOnce struct {
	Secret Secret
	Steps  []Step   // of the walk that led here; none after a roll
	Notes  []string // what holds from now on besides
	Curl   string   // shows that the secret works; "" for none
	Verify string   // where the form that does the same is posted; "" for none
	Done   Link
}

// newTokenSecret is the body for a token that was made or rolled just now.
func (s *Site) newTokenSecret(v *visit, token control.Credential, secret leastkey.Secret) shownOnce {
	at := "/client/v4/user/tokens/verify"
	if v.ofAccount() {
		at = "/client/v4/accounts/" + v.owner.ID.String() + "/tokens/verify"
	}
	return shownOnce{
		Secret: Secret{Label: "The secret of " + token.Name, Text: secret.Reveal()},
		Curl:   curl(s.baseURL(v)+at, "Authorization: Bearer "+secret.Reveal()),
		Verify: v.home + "/api-tokens/verify",
		Done:   Link{"Done", tokenPath(v, token.ID)},
	}
}

// curl is a command line that asks for an address.
func curl(url string, headers ...string) string {
	words := []string{"curl " + shellQuoted(url)}
	for _, h := range headers {
		words = append(words, "-H "+shellQuoted(h))
	}
	return strings.Join(words, " \\\n  ")
}

// shellQuoted is one word of a command line, whatever is in it.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// prove checks the password that came with a form that leads to a secret. Without one, or where
// none is needed, it does nothing: the use case refuses, as Unconfirmed, what needs it still. The
// problem is for the person to read at the field.
func (s *Site) prove(ctx context.Context, v *visit) (problem string, err error) {
	password := v.form.Get("password")
	if password == "" || s.confirmed(v) {
		return "", nil
	}
	err = s.Login.Confirm(ctx, s.selfCaller(v, keyOperation), v.user, password)
	if errors.Is(err, login.ErrWrong) {
		return "The password is not right.", nil
	}
	if _, words := s.turnedAway(v, err); words != "" {
		return words, nil
	}
	if err != nil {
		return "", err
	}
	v.session.ConfirmedOn = s.Now()
	return "", nil
}

// proofAsked is by what a form that leads to a secret asks for a fresh proof of who the person is. Zero: it does not.
type proofAsked struct {
	Needed   bool
	Provider string // that is to be asked, for those who have no password; "": the password
}

func (s *Site) proofAsked(ctx context.Context, v *visit) (proofAsked, error) {
	asked := proofAsked{Needed: !s.confirmed(v)}
	if !asked.Needed || v.user.PasswordHash != "" {
		return asked, nil
	}
	may, err := s.Login.MayAskProvider(ctx, s.selfCaller(v, keyOperation))
	if may {
		asked.Provider = s.Login.ProviderName()
	}
	return asked, err
}

// proofMissing is the error of a form that came without a proof, when it needed one.
func (s *Site) proofMissing(v *visit) FieldError {
	name := s.Login.ProviderName()
	if v.user.PasswordHash == "" && name != "" {
		return FieldError{"password", "Confirm first who you are, with " + name + " or by signing in again with a new sign-in link."}
	}
	if v.user.PasswordHash == "" {
		return FieldError{"password", "You have no password to confirm with. Sign in again with a new sign-in link."}
	}
	return FieldError{"password", "Enter your password to go on."}
}

// doneAlready is the page for a form that is sent again after it was acted on.
func doneAlready(v *visit, what string, next Link) answer {
	view := Failure{Status: http.StatusConflict, Text: what, Action: next}.view(v.nav(v.home + "/api-tokens"))
	view.Title = "Done already"
	return answer{status: http.StatusConflict, page: "failure", view: view}
}
