package httpapi

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
)

func (a *API) tokens(ctx context.Context, c *call) (answer, error) {
	owner, err := c.owner()
	if err != nil {
		return answer{}, err
	}
	query := c.URL.Query()
	p, err := pagingOf(query)
	if err != nil {
		return answer{}, err
	}
	descending, err := descendingOf(query)
	if err != nil {
		return answer{}, err
	}
	includeExpired, err := includeExpiredOf(query)
	if err != nil {
		return answer{}, err
	}
	tokens, err := a.control.Tokens(ctx, c.caller, owner)
	if err != nil {
		return answer{}, err
	}
	now := a.now()
	listed := make([]api.Token, 0, len(tokens))
	for _, t := range tokens {
		shown := a.shown(t, now)
		if includeExpired || shown.Status != api.StatusExpired {
			listed = append(listed, shown)
		}
	}
	if descending {
		slices.Reverse(listed)
	}
	return paged(listed, p)
}

func includeExpiredOf(q url.Values) (bool, error) {
	text := q.Get("include_expired")
	if text == "" {
		return false, nil
	}
	include, err := strconv.ParseBool(text)
	if err != nil {
		return false, &api.FieldError{Message: "the query's include_expired must be true or false"}
	}
	return include, nil
}

func (a *API) token(ctx context.Context, c *call) (answer, error) {
	owner, id, err := c.ownedToken()
	if err != nil {
		return answer{}, err
	}
	t, err := a.control.Token(ctx, c.caller, owner, id)
	return a.tokenAnswer(t, leastkey.Secret{}, err)
}

func (a *API) createToken(ctx context.Context, c *call) (answer, error) {
	owner, err := c.owner()
	if err != nil {
		return answer{}, err
	}
	spec, err := a.spec(c.body)
	if err != nil {
		return answer{}, err
	}
	t, secret, err := a.control.CreateToken(ctx, c.caller, owner, spec)
	return a.tokenAnswer(t, secret, err)
}

func (a *API) replaceToken(ctx context.Context, c *call) (answer, error) {
	owner, id, err := c.ownedToken()
	if err != nil {
		return answer{}, err
	}
	spec, err := a.spec(c.body)
	if err != nil {
		return answer{}, err
	}
	t, err := a.control.ReplaceToken(ctx, c.caller, owner, id, spec)
	return a.tokenAnswer(t, leastkey.Secret{}, err)
}

func (a *API) deleteToken(ctx context.Context, c *call) (answer, error) {
	owner, id, err := c.ownedToken()
	if err != nil {
		return answer{}, err
	}
	if err := a.control.DeleteToken(ctx, c.caller, owner, id); err != nil {
		return answer{}, err
	}
	return ok(api.Deleted{ID: id.String()})
}

// rollToken answers with the new secret as a bare string, which is what clients expect.
func (a *API) rollToken(ctx context.Context, c *call) (answer, error) {
	owner, id, err := c.ownedToken()
	if err != nil {
		return answer{}, err
	}
	request, err := api.DecodeRollRequest(c.body)
	if err != nil {
		return answer{}, err
	}
	const longest = int64(365 * 24 * time.Hour / time.Second) // so that the product cannot overflow
	overlap := time.Duration(min(request.OverlapSeconds, longest)) * time.Second
	_, secret, err := a.control.RollToken(ctx, c.caller, owner, id, overlap)
	if err != nil {
		return answer{}, err
	}
	return ok(api.ShowOnce(secret.Reveal()))
}

// verify is about the very token that asks. A token of another owner than the route's is as
// unknown here as any other string.
func (a *API) verify(_ context.Context, c *call) (answer, error) {
	owner := c.verdict.Credential.Principal
	if _, ofAccount := c.verdict.Params.Value("account_id"); ofAccount {
		named, err := c.owner()
		if err != nil {
			return answer{}, err
		}
		if named != owner {
			return answer{}, errInvalidToken
		}
	} else if owner.Kind != leastkey.UserPrincipal {
		return answer{}, errInvalidToken
	}
	t := c.verdict.Credential
	return ok(api.Verification{
		ID: t.ID, Status: api.StatusActive,
		NotBefore: api.At(t.Validity.NotBefore), ExpiresOn: api.At(t.Validity.ExpiresOn),
	}, api.TokenValid())
}

func (c *call) ownedToken() (leastkey.Principal, leastkey.ID, error) {
	owner, err := c.owner()
	if err != nil {
		return leastkey.Principal{}, leastkey.ID{}, err
	}
	id, err := c.id("token_id")
	return owner, id, err
}

// spec reads what an owner decides about a token.
func (a *API) spec(body []byte) (control.TokenSpec, error) {
	request, err := api.DecodeTokenRequest(body)
	if err != nil {
		return control.TokenSpec{}, err
	}
	policies, given := request.Policies.Get()
	if !given {
		return control.TokenSpec{}, &api.FieldError{Pointer: "/policies", Message: "a token needs policies; an empty list grants nothing"}
	}
	spec := control.TokenSpec{Name: request.Name.Value}
	switch request.Status.Value {
	case api.StatusActive:
		spec.Status = leastkey.Active
	case api.StatusDisabled:
		spec.Status = leastkey.Disabled
	}
	spec.Validity = leastkey.Validity{NotBefore: instant(request.NotBefore), ExpiresOn: instant(request.ExpiresOn)}
	spec.Condition = leastkey.Condition(request.Condition.Value)
	for i, p := range policies {
		policy := leastkey.Policy{ID: p.ID, Effect: p.Effect}
		for _, g := range p.Groups {
			policy.Groups = append(policy.Groups, g.ID)
		}
		if policy.Patterns, err = a.catalog.ParseResources(p.Resources); err != nil {
			return spec, &api.FieldError{Pointer: "/policies/" + strconv.Itoa(i) + "/resources", Message: err.Error()}
		}
		spec.Policies = append(spec.Policies, policy)
	}
	return spec, nil
}

// instant is a time as the store keeps it, so that what is answered is what is kept.
func instant(t api.Optional[api.Time]) time.Time {
	v, given := t.Get()
	if !given || v.IsZero() {
		return time.Time{}
	}
	return v.UTC().Truncate(time.Microsecond)
}

func (a *API) tokenAnswer(t control.Credential, secret leastkey.Secret, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	shown := a.shown(t, a.now())
	if !secret.IsZero() {
		shown.Value = api.ShowOnce(secret.Reveal())
	}
	return ok(shown)
}

// shown is a token as an answer has it at an instant.
func (a *API) shown(t control.Credential, now time.Time) api.Token {
	shown := api.Token{
		ID: t.ID, Name: t.Name, Status: api.TokenStatus(t.Status.String()),
		IssuedOn: api.At(t.IssuedOn), ModifiedOn: api.At(t.ModifiedOn), LastUsedOn: api.At(t.LastUsedOn),
		NotBefore: api.At(t.Validity.NotBefore), ExpiresOn: api.At(t.Validity.ExpiresOn),
		Policies: make([]api.Policy, len(t.Policies)), Condition: api.Condition(t.Condition),
	}
	if t.Usable(now) == leastkey.CredentialExpired {
		shown.Status = api.StatusExpired
	}
	for i, p := range t.Policies {
		policy := api.Policy{ID: p.ID, Effect: p.Effect, Groups: make([]api.PermissionGroupRef, len(p.Groups))}
		for j, id := range p.Groups {
			group, _ := a.catalog.Group(id) // a group that left the catalogue shows by its id alone
			policy.Groups[j] = api.PermissionGroupRef{ID: id, Name: group.Name}
		}
		policy.Resources = a.shownResources(p.Patterns)
		shown.Policies[i] = policy
	}
	return shown
}

// shownResources is the map that the owner sent. What left the catalogue since then has no
// spelling; it grants nothing, and shows in words, so that its owner can still see and end it.
func (a *API) shownResources(patterns []leastkey.Pattern) json.RawMessage {
	if resources, err := a.catalog.FormatResources(patterns); err == nil {
		return resources
	}
	words := map[string]string{}
	for _, p := range patterns {
		words[p.String()] = "*"
	}
	text, _ := json.Marshal(words) // strings marshal
	return text
}
