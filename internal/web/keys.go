package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// legacyKey is one of the two keys that a person has beside tokens.
type legacyKey struct {
	of       control.LegacyKey
	Name     string
	Path     string
	May      string   // what it may do
	Advice   string   // what to use in its place
	headers  []string // to send it with; the key itself comes last
	accepted bool     // something here takes it
}

// Change is the path of the page that replaces the key.
func (k legacyKey) Change() string { return k.Path + "/change" }

// Disable is the path of the form that switches the key off.
func (k legacyKey) Disable() string { return k.Path + "/disable" }

// legacyKeys are those of the person.
func legacyKeys(v *visit) []legacyKey {
	return []legacyKey{
		{
			of: control.GlobalKey, Name: "Global API Key", Path: "/profile/global-api-key", accepted: true,
			May:     "May do all that you may, everywhere, without an end. It is sent together with your e-mail address.",
			Advice:  "It is here for tools that know nothing else. A token that is cut to its task does less harm when it gets lost.",
			headers: []string{"X-Auth-Email: " + v.user.Email, "X-Auth-Key: "},
		},
		{
			of: control.OriginCAKey, Name: "Origin CA Key", Path: "/profile/origin-ca-key", accepted: true,
			May:     "Is meant for certificates of origin servers, and nothing else. It is good for every zone on which you may do that.",
			Advice:  "It is here for tools that insist on having one. A token with the permission for certificates does the same.",
			headers: []string{"X-Auth-User-Service-Key: "},
		},
	}
}

func (s *Site) keysRoutes() []route {
	var all []route
	for i, key := range legacyKeys(&visit{}) {
		on := func(handle func(context.Context, *visit, legacyKey) (answer, error)) func(context.Context, *visit) (answer, error) {
			return func(ctx context.Context, v *visit) (answer, error) { return handle(ctx, v, legacyKeys(v)[i]) }
		}
		all = append(all,
			route{http.MethodGet, key.Path, signedIn, on(s.viewKey)},
			route{http.MethodGet, key.Change(), signedIn, on(s.askChangeKey)},
			route{http.MethodPost, key.Change(), signedIn, on(s.changeKey)},
			route{http.MethodPost, key.Disable(), signedIn, on(s.disableKey)},
		)
	}
	return all
}

// keyPage is the body of the pages "key" and "key-change".
type keyPage struct {
	Key            legacyKey
	Exists         bool
	Disabled       bool
	Tail           string
	Made, LastUsed Moment
	Headers        string
	Once           string
	Confirm        proofAsked
}

// keyOperation is the operation whose permission it takes to see and change one's keys.
const keyOperation = "PATCH /client/v4/user"

// knownKey is what is known of a key. The key itself is not.
func (s *Site) knownKey(ctx context.Context, v *visit, key legacyKey) (keyPage, error) {
	page := keyPage{Key: key}
	var err error
	if page.Confirm, err = s.proofAsked(ctx, v); err != nil {
		return page, err
	}
	for _, h := range key.headers[:len(key.headers)-1] {
		page.Headers += h + "\n"
	}
	page.Headers += key.headers[len(key.headers)-1] + "<the key>"
	stored, err := s.Control.Key(ctx, s.selfCaller(v, keyOperation), key.of)
	if isKind(err, control.NoSuch) || err == nil && len(stored.Secrets) == 0 {
		return page, nil
	}
	if err != nil {
		return page, err
	}
	secret := stored.Secrets[0]
	page.Exists, page.Tail, page.Disabled = true, secret.Tail, stored.Status == leastkey.Disabled
	page.Made, page.LastUsed = Moment{Time: secret.CreatedOn}, Moment{secret.LastUsedOn, "Never"}
	return page, nil
}

func (s *Site) viewKey(ctx context.Context, v *visit, key legacyKey) (answer, error) {
	page, err := s.knownKey(ctx, v, key)
	if err != nil {
		return answer{}, err
	}
	return show("key", View{Title: key.Name, Nav: v.nav("/profile/api-tokens"), Back: Link{"API tokens", "/profile/api-tokens"}, Body: page}), nil
}

// disableKey switches the key off. Sent twice, it is off.
func (s *Site) disableKey(ctx context.Context, v *visit, key legacyKey) (answer, error) {
	_, err := s.Control.DisableKey(ctx, s.selfCaller(v, keyOperation), key.of)
	if err != nil && !isKind(err, control.Taken) {
		return answer{}, err
	}
	return seeOther(key.Path), nil
}

func (s *Site) askChangeKey(ctx context.Context, v *visit, key legacyKey) (answer, error) {
	once, err := s.newOnce()
	if err != nil {
		return answer{}, err
	}
	return s.changeKeyForm(ctx, v, key, once)
}

func (s *Site) changeKeyForm(ctx context.Context, v *visit, key legacyKey, once string, problems ...FieldError) (answer, error) {
	page, err := s.knownKey(ctx, v, key)
	if err != nil {
		return answer{}, err
	}
	page.Once = once
	view := View{Title: "Change the " + key.Name, Nav: v.nav("/profile/api-tokens"), Back: Link{key.Name, key.Path}, Errors: problems, Body: page}
	if len(problems) > 0 {
		return refused("key-change", view), nil
	}
	return show("key-change", view), nil
}

func (s *Site) changeKey(ctx context.Context, v *visit, key legacyKey) (answer, error) {
	once, err := v.once()
	if err != nil {
		return answer{}, err
	}
	if wrong, err := s.prove(ctx, v); err != nil {
		return answer{}, err
	} else if wrong != "" {
		return s.changeKeyForm(ctx, v, key, once.String(), FieldError{"password", wrong})
	}
	caller := s.selfCaller(v, keyOperation)
	caller.Once = once
	_, secret, err := s.Control.ChangeKey(ctx, caller, key.of)
	switch {
	case err == nil:
		return s.newKey(v, key, secret), nil
	case isKind(err, control.Unconfirmed):
		v.session.ConfirmedOn = time.Time{}
		return s.changeKeyForm(ctx, v, key, once.String(), s.proofMissing(v))
	case isKind(err, control.Repeated):
		return doneAlready(v, "The key was changed by this form, once. The new key was shown then, and is not kept. If it was not copied, change it again.",
			Link{"Go to the " + key.Name, key.Path}), nil
	default:
		return answer{}, err
	}
}

// newKey shows the key, the only time.
func (s *Site) newKey(v *visit, key legacyKey, secret leastkey.Secret) answer {
	headers := slices.Clone(key.headers)
	headers[len(headers)-1] += secret.Reveal()
	body := shownOnce{
		Secret: Secret{"Your new " + key.Name, secret.Reveal()},
		Notes:  []string{"The key before it no longer works."},
		Done:   Link{"Done", key.Path},
	}
	if key.accepted {
		body.Curl = curl(s.baseURL(v)+"/client/v4/user", headers...)
	}
	return show("secret", View{Title: key.Name + " changed", Nav: v.nav("/profile/api-tokens"), Body: body})
}
