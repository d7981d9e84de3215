package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
)

// Person is who the provider says somebody is.
type Person struct {
	Issuer, Subject     string
	Email               string // verified by the provider
	FirstName, LastName string
	// ProvedOn is when they last proved to the provider who they are; zero when it does not say.
	ProvedOn time.Time

	claims claims
}

// claims are what is said of a person, not read yet.
type claims map[string]json.RawMessage

// Has reports whether a claim is the text, or a list with the text in it.
func (p Person) Has(claim, text string) bool {
	if p.claims.text(claim) == text {
		return text != ""
	}
	var several []json.RawMessage
	if json.Unmarshal(p.claims[claim], &several) != nil {
		return false
	}
	return slices.ContainsFunc(several, func(item json.RawMessage) bool { return claims{"": item}.text("") == text }) && text != ""
}

// text is a claim that is text; empty otherwise.
func (c claims) text(name string) (s string) {
	if json.Unmarshal(c[name], &s) != nil {
		return ""
	}
	return s
}

// skew is how far a provider's clock may be ahead.
const skew = time.Minute

// person reads an ID token whose signature, issuer, audience and end are in order.
func (p *Provider) person(ctx context.Context, m *metadata, q question, id *gooidc.IDToken, access string) (Person, error) {
	var said claims
	if err := id.Claims(&said); err != nil {
		return Person{}, refuse(Forged, "the ID token: %s", err)
	}
	now := p.Now()
	party, named := said["azp"]
	switch {
	case id.Nonce != q.nonce:
		return Person{}, refuse(Forged, "the nonce of the ID token is not the one that was sent")
	case named && said.text("azp") != p.ClientID, !named && len(id.Audience) > 1:
		return Person{}, refuse(Forged, "the ID token is for another party: azp is %s, aud %q", party, id.Audience)
	case id.Subject == "" || len(id.Subject) > 255:
		return Person{}, refuse(Forged, "the ID token has no subject, or one of more than 255 bytes")
	case id.IssuedAt.After(now.Add(skew)) || !id.IssuedAt.After(time.Unix(0, 0)):
		return Person{}, refuse(Forged, "the ID token was issued at %s", id.IssuedAt)
	}
	if id.AccessTokenHash != "" {
		if err := id.VerifyAccessToken(access); err != nil {
			return Person{}, refuse(Forged, "the access token is not the one of the ID token")
		}
	}
	if err := p.complete(ctx, m, said, id.Subject, access); err != nil {
		return Person{}, err
	}
	person := Person{Issuer: p.Issuer, Subject: id.Subject, Email: said.text("email"), FirstName: said.text("given_name"), LastName: said.text("family_name"), claims: said}
	var verified bool
	if err := json.Unmarshal(said["email_verified"], &verified); err != nil || !verified || person.Email == "" {
		return Person{}, refuse(Unverified, "the provider does not say that the e-mail address of %q is theirs", id.Subject)
	}
	var seconds float64
	if raw, says := said["auth_time"]; says && json.Unmarshal(raw, &seconds) == nil && seconds > 0 && seconds < 1<<40 {
		person.ProvedOn = time.Unix(int64(seconds), 0)
		if person.ProvedOn.After(now) {
			person.ProvedOn = now
		}
	}
	return person, nil
}

// complete adds what the ID token lacks from the provider's userinfo endpoint, if it has one.
func (p *Provider) complete(ctx context.Context, m *metadata, said claims, subject, access string) error {
	lacks := func(name string) bool { _, there := said[name]; return !there }
	address := lacks("email") || lacks("email_verified")
	if m.userinfo == "" || !address && !slices.ContainsFunc(p.Claims, lacks) {
		return nil
	}
	more, err := p.askUserinfo(ctx, m.userinfo, access)
	if err != nil {
		return err
	}
	if more.text("sub") != subject {
		return refuse(Forged, "the userinfo endpoint speaks of somebody else")
	}
	if address { // both from one place: one must not vouch for the other's address
		delete(said, "email")
		delete(said, "email_verified")
	}
	for name, value := range more {
		// When somebody proved who they are is for the signed token to say.
		if lacks(name) && name != "auth_time" {
			said[name] = value
		}
	}
	return nil
}

func (p *Provider) askUserinfo(ctx context.Context, at, access string) (said claims, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, http.NoBody)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+access)
	r.Header.Set("Accept", "application/json")
	answer, err := p.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrUnavailable, printable(err.Error()))
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK || kind != "application/json" {
		return nil, fmt.Errorf("%w: its userinfo endpoint answered %d with the type %q", ErrUnavailable, answer.StatusCode, printable(kind))
	}
	text, err := io.ReadAll(answer.Body)
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: its userinfo endpoint gave no JSON", ErrUnavailable)
	}
	return said, nil
}
