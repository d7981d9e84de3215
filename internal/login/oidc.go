package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/oidc"
)

// OIDC is how people sign in at an OpenID provider.
type OIDC struct {
	Provider    *oidc.Provider // nil: they do not
	Name        string         // what people call it
	CreateUsers bool           // for those whom nobody here knows
	Rules       []Rule
}

// Rule says what role people have in an account of whom the provider says something. In an account that any
// rule names people have the roles that rules give them and no others.
type Rule struct {
	Account string   // name or id
	Roles   []string // names
	Claim   string   // "groups"
	Is      string   // its value, or one of its values
}

// ProviderName is what people call the provider at which they can sign in; "" when there is none.
func (l *Login) ProviderName() string {
	if l.oidc.Provider == nil {
		return ""
	}
	return l.oidc.Name
}

// ErrUnknown is the error when the provider knows a person whom nobody here knows.
var ErrUnknown = errors.New("nobody here is known by what the provider says")

// ErrNotAdmitted is the error when the person is known here and may not sign in so.
var ErrNotAdmitted = errors.New("the person may not sign in with the provider")

// AskProvider gives the address of the provider to which the browser goes, and gives the browser the key by which
// it is known when it comes back. It is Throttled, or an error of package oidc.
func (l *Login) AskProvider(ctx context.Context, w http.ResponseWriter, r *http.Request, asked oidc.Asked, v control.Visit) (string, error) {
	if err := l.Attempt(v.Addr); err != nil {
		return "", err
	}
	address, browser, err := l.oidc.Provider.Begin(ctx, asked)
	if err != nil {
		l.log.Warn("the identity provider cannot be asked", "issuer", l.oidc.Provider.Issuer, "error", err)
		return "", err
	}
	http.SetCookie(w, l.providerCookie(r, browser, int(oidc.AskedLife.Seconds())))
	return address, nil
}

// FromProvider reads what the browser brings back from the provider. It begins a session, or, of a person who was to
// prove once more who they are, confirms theirs; then there is no key. It is ErrUnknown, ErrNotAdmitted, Throttled, or an
// error of package oidc or the control plane.
func (l *Login) FromProvider(ctx context.Context, w http.ResponseWriter, r *http.Request, caller control.Caller, v control.Visit) (control.SignedIn, oidc.Asked, error) {
	if err := l.Attempt(v.Addr); err != nil {
		return control.SignedIn{}, oidc.Asked{}, err
	}
	person, asked, err := l.oidc.Provider.Finish(ctx, l.providerKey(r), r.URL.Query())
	if err == nil || asked != (oidc.Asked{}) {
		http.SetCookie(w, l.providerCookie(r, "", -1)) // it was for this once
	}
	var begun control.SignedIn
	switch {
	case err != nil:
	case asked.Again != "":
		err = l.confirmed(ctx, caller, v, asked, person)
	default:
		begun, err = l.admit(ctx, person, v)
	}
	if err != nil {
		l.log.Warn("sign-in with the identity provider refused", "address", v.Addr, "issuer", l.oidc.Provider.Issuer, "error", err)
	}
	return begun, asked, err
}

// confirmed notes that the person of the session proved who they are, who must be the one that was sent to do so.
func (l *Login) confirmed(ctx context.Context, caller control.Caller, v control.Visit, asked oidc.Asked, person oidc.Person) error {
	if v.Replaces.ID.IsZero() || v.Replaces.ID.String() != asked.Again {
		return &oidc.Refusal{Kind: oidc.NotAgain, Why: "the session that was to be confirmed is not the browser's any more"}
	}
	err := l.control.ConfirmByIdentity(ctx, caller, attested(person))
	if isKind(err, control.Refused) {
		return &oidc.Refusal{Kind: oidc.NotAgain, Why: err.Error()}
	}
	return err
}

func (l *Login) admit(ctx context.Context, person oidc.Person, v control.Visit) (control.SignedIn, error) {
	places, err := l.places(ctx, person)
	if err != nil {
		return control.SignedIn{}, err
	}
	begun, err := l.control.BeginSessionByIdentity(ctx, control.Admission{Attested: attested(person), Create: l.oidc.CreateUsers, Places: places}, v)
	switch {
	case isKind(err, control.NoSuch):
		return begun, fmt.Errorf("%w: %w", ErrUnknown, err)
	case isKind(err, control.Refused):
		return begun, fmt.Errorf("%w: %w", ErrNotAdmitted, err)
	default:
		return begun, err
	}
}

func attested(p oidc.Person) control.Attested {
	return control.Attested{Issuer: p.Issuer, Subject: p.Subject, Email: p.Email, FirstName: p.FirstName, LastName: p.LastName, ProvedOn: p.ProvedOn}
}

// MayAskProvider reports whether the person of the session is known by the provider, so that it can be asked again.
func (l *Login) MayAskProvider(ctx context.Context, caller control.Caller) (bool, error) {
	if l.oidc.Provider == nil {
		return false, nil
	}
	identities, err := l.control.Identities(ctx, caller)
	for _, i := range identities {
		if i.Issuer == l.oidc.Provider.Issuer {
			return true, err
		}
	}
	return false, err
}

// providerCookie is beside the session's: it must come back with a link from another site, as that does.
func (l *Login) providerCookie(r *http.Request, key string, age int) *http.Cookie {
	c := l.cookie(r, key, age) //nolint:gosec // it says there what is secure
	c.Name += "-oidc"
	return c
}

func (l *Login) providerKey(r *http.Request) string {
	found := r.CookiesNamed(l.providerCookie(r, "", 0).Name)
	if len(found) != 1 || found[0].Quoted || !looksLikeKey(found[0].Value) {
		return ""
	}
	return found[0].Value
}
