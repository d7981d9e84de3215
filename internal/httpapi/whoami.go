package httpapi

import (
	"context"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/tell"
	"github.com/leastkey/leastkey/internal/wire"
)

// whoami tells a credential what it is. Resources go by their ids: to know their names may be more
// than it may.
func (a *API) whoami(ctx context.Context, c *call) (answer, error) {
	self, err := a.control.Whoami(ctx, c.caller)
	if err != nil {
		return answer{}, err
	}
	now := a.now()
	stored := wire.Token(a.control.Catalog(), self.Credential, now)
	shown := api.Self{
		ID: self.ID, Name: self.Name, Kind: self.Kind.String(), Status: stored.Status,
		Owner: api.Owner{Type: self.Principal.Resource().Type, ID: self.Principal.ID, Email: self.Email},
		Where: tell.Where(self.Condition), When: tell.When(self.Validity, now), Condition: stored.Condition,
		NotBefore: stored.NotBefore, ExpiresOn: stored.ExpiresOn,
	}
	teller := tell.Teller{Catalog: a.control.Catalog(), Now: now}
	policies := self.Grants.Policies
	if self.Kind == leastkey.Token {
		shown.Policies, policies = stored.Policies, self.Policies
	}
	for _, s := range teller.Sentences(policies) {
		shown.May = append(shown.May, s.Text)
	}
	if len(self.Secrets) == 1 {
		shown.SecretEndsOn = api.At(self.Secrets[0].Until)
	}
	if addr := c.verdict.Addr; addr.IsValid() {
		shown.Address = addr.Unmap().String()
	}
	return ok(shown)
}
