package httpapi

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/wire"
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
	now := a.now()
	page := control.CredentialPage{Unexpired: now, NewestFirst: descending, Offset: p.offset(), Limit: p.perPage}
	if includeExpired {
		page.Unexpired = time.Time{}
	}
	tokens, total, err := a.control.TokenPage(ctx, c.caller, owner, page)
	if err != nil {
		return answer{}, err
	}
	cat := a.control.Catalog()
	return pageOf(tokens, total, p, func(t control.Credential) api.Token { return wire.Token(cat, t, now) })
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
	spec, err := wire.Spec(a.control.Catalog(), c.body)
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
	spec, err := wire.Spec(a.control.Catalog(), c.body)
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

func (a *API) tokenAnswer(t control.Credential, secret leastkey.Secret, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	shown := wire.Token(a.control.Catalog(), t, a.now())
	if !secret.IsZero() {
		shown.Value = api.ShowOnce(secret.Reveal())
	}
	return ok(shown)
}
