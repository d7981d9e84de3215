package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/wire"
)

// verifyPage is the body of the page "wizard-verify": what the API answers to verify, word for word.
type verifyPage struct {
	Works  bool
	Status string // "200 OK"
	Answer string // the body, indented
	Tokens string
}

// verifyToken asks the guard what it would answer to a request that verifies the secret of the form, sent
// from where the person is. It counts as a use of the token. The secret is not repeated.
func (s *Site) verifyToken(ctx context.Context, v *visit) (answer, error) {
	header := http.Header{}
	if secret := strings.TrimSpace(v.form.Get("secret")); secret != "" {
		header.Set("Authorization", "Bearer "+secret)
	}
	verdict := s.Guard.Check(ctx, guard.Request{Can: guard.Control, Method: http.MethodGet, Target: v.verifyRoute(), Header: header, Addr: v.addr})
	denial := verdict.Denial()
	if of := verdict.Credential.Principal; verdict.Allowed() && (of.Kind != v.owner.Kind || v.ofAccount() && of != v.owner) {
		denial = guard.InvalidToken()
	}
	page := verifyPage{Works: denial == nil, Tokens: v.home + "/api-tokens"}
	status, envelope := http.StatusOK, any(verification(verdict.Credential))
	if denial != nil {
		status, envelope = denial.Status, api.Failed(denial.Errors[0], denial.Errors[1:]...)
	}
	page.Status = fmt.Sprintf("%d %s", status, http.StatusText(status))
	var err error
	if page.Answer, err = wire.Text(envelope); err != nil {
		return answer{}, err
	}
	view := View{Title: "Verify a token", Nav: v.nav(v.home + "/api-tokens"), Back: Link{"API tokens", page.Tokens}, Body: page}
	if v.fragment() {
		return answer{page: "wizard-verify", part: "verified", view: view}, nil
	}
	return show("wizard-verify", view), nil
}

// verifyRoute is the path at which the API verifies tokens of the page's owner.
func (v *visit) verifyRoute() string {
	if v.ofAccount() {
		return "/client/v4/accounts/" + v.owner.ID.String() + "/tokens/verify"
	}
	return "/client/v4/user/tokens/verify"
}

// verification is what the API says of a token that works.
func verification(t guard.Credential) api.Envelope[any] {
	return api.OK[any](api.Verification{
		ID: t.ID, Status: api.StatusActive,
		NotBefore: api.At(t.Validity.NotBefore), ExpiresOn: api.At(t.Validity.ExpiresOn),
	}, api.TokenValid())
}
