package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/reach"
)

// operatorCatalogDiff says what another catalogue would change. It changes nothing itself.
func (a *API) operatorCatalogDiff(ctx context.Context, _ *http.Request, body []byte) (answer, error) {
	var request api.CatalogDiffRequest
	if err := decode(body, &request); err != nil {
		return answer{}, err
	}
	next, err := catalog.Load("catalog", []byte(request.Catalog))
	if problems, ok := errors.AsType[catalog.Problems](err); ok {
		return answer{}, &api.FieldError{Pointer: "/catalog", Message: problems.Error()}
	}
	if err != nil {
		return answer{}, err
	}
	known, err := a.control.Known(ctx, control.Operator())
	if err != nil {
		return answer{}, err
	}
	now := a.control.Catalog()
	tokens, err := reach.Tokens(now, next, a.now(), func(yield func(leastkey.Change) error) error {
		for _, change := range known {
			if err := yield(change); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	if err := a.nameTokens(ctx, tokens); err != nil {
		return answer{}, err
	}
	return ok(api.CatalogDiff{Changes: reach.Catalogues(now, next), Tokens: tokens})
}

// nameTokens adds what tokens, and the accounts that own some, are called.
func (a *API) nameTokens(ctx context.Context, tokens []api.TokenChange) error {
	ids := make([]leastkey.ID, len(tokens))
	for i, t := range tokens {
		ids[i] = t.ID
	}
	names, err := a.control.TokenNames(ctx, control.Operator(), ids)
	if err != nil {
		return err
	}
	accounts, err := a.control.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return err
	}
	called := map[string]string{}
	for _, account := range accounts {
		called[leastkey.AccountOf(account.ID).String()] = account.Name
	}
	for i := range tokens {
		tokens[i].Name = names[tokens[i].ID]
		if tokens[i].OwnerName == "" {
			tokens[i].OwnerName = called[tokens[i].Owner]
		}
	}
	return nil
}
