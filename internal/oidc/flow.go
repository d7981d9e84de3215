package oidc

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Refusal is the error when what came back is not believed, or is not enough.
type Refusal struct {
	Kind Kind
	Why  string // for the log; without codes and tokens
}

// Kind says what sort of refusal it is.
type Kind uint8

// The kinds of refusal.
const (
	Forged     Kind = iota // the answer is not one to rely on
	Stale                  // nobody asked, in this browser and lately; or it was answered already
	Declined               // the provider says no
	Unverified             // the provider does not say that the e-mail address is the person's
	NotAgain               // it is another person, or they did not prove anew who they are
)

// Error implements error.
func (r *Refusal) Error() string { return "oidc: " + r.Why }

func refuse(kind Kind, format string, args ...any) error {
	return &Refusal{kind, printable(fmt.Sprintf(format, args...))}
}

// Begin gives the address to which a browser is sent, and the key by which that browser is known when it
// comes back: nobody else's may. It is ErrUnavailable when the provider cannot be asked.
func (p *Provider) Begin(ctx context.Context, asked Asked) (address, browser string, err error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return "", "", err
	}
	var keys [4]string // of 256 bits each
	for i := range keys {
		if keys[i], err = randomKey(p.Random); err != nil {
			return "", "", err
		}
	}
	state, nonce, proof, browser := keys[0], keys[1], keys[2], keys[3]
	p.pending.put(question{
		Asked: asked, state: sha256.Sum256([]byte(state)), browser: sha256.Sum256([]byte(browser)), nonce: nonce, proof: proof, since: p.Now(),
	})
	options := []oauth2.AuthCodeOption{gooidc.Nonce(nonce), oauth2.S256ChallengeOption(proof)}
	if asked.Again != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return m.oauth.AuthCodeURL(state, options...), browser, nil
}

// Finish reads what the browser with the key brought back from the provider, and asks the provider who that
// is. It is a *Refusal or ErrUnavailable; what was asked is known when the browser is the one that asked.
func (p *Provider) Finish(ctx context.Context, browser string, brought url.Values) (Person, Asked, error) {
	for name, values := range brought {
		if len(values) > 1 {
			return Person{}, Asked{}, refuse(Forged, "the answer has two of %q", name)
		}
	}
	q, ours := p.pending.take(brought.Get("state"), browser)
	if !ours {
		return Person{}, Asked{}, refuse(Stale, "nobody was sent to the provider with this state, by this browser and lately")
	}
	person, err := p.ask(ctx, q, brought)
	return person, q.Asked, err
}

func (p *Provider) ask(ctx context.Context, q question, brought url.Values) (Person, error) {
	m, err := p.metadata(ctx)
	if err != nil {
		return Person{}, err
	}
	// An answer that another provider was asked for must not be taken for one of this.
	if iss := brought.Get("iss"); iss != p.Issuer && (iss != "" || brought.Has("iss") || m.namesIss) {
		return Person{}, refuse(Forged, "the answer is of the issuer %q", iss)
	}
	if brought.Has("error") {
		return Person{}, refuse(Declined, "the provider answered %q", brought.Get("error"))
	}
	if brought.Get("code") == "" {
		return Person{}, refuse(Forged, "the answer has no code")
	}
	token, err := m.oauth.Exchange(gooidc.ClientContext(ctx, p.client), brought.Get("code"), oauth2.VerifierOption(q.proof))
	if err != nil {
		return Person{}, exchangeError(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return Person{}, refuse(Forged, "the provider gave no ID token")
	}
	id, err := m.verifier.Verify(gooidc.ClientContext(ctx, p.client), raw)
	if err != nil {
		return Person{}, refuse(Forged, "the ID token: %s", err)
	}
	return p.person(ctx, m, q, id, token.AccessToken)
}

// exchangeError leaves out what the provider wrote but for its code of the error: it may repeat what it was sent.
func exchangeError(err error) error {
	if said, ok := errors.AsType[*oauth2.RetrieveError](err); ok && said.Response != nil {
		if said.Response.StatusCode >= http.StatusInternalServerError {
			return fmt.Errorf("%w: its token endpoint answered %d", ErrUnavailable, said.Response.StatusCode)
		}
		return refuse(Forged, "the token endpoint answered %d %q", said.Response.StatusCode, said.ErrorCode)
	}
	if _, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%w: %s", ErrUnavailable, printable(err.Error()))
	}
	return refuse(Forged, "the token endpoint gave no token")
}

func randomKey(random io.Reader) (string, error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("oidc: read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}
