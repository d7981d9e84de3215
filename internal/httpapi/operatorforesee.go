package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
)

func (a *API) operatorForeseeUser(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	id, err := pathID(r, "id")
	if err != nil {
		return answer{}, err
	}
	effects, err := a.control.ForeseeDisabled(ctx, control.Operator(), id)
	return a.effectsAnswer(effects, err)
}

func (a *API) operatorForeseeMember(ctx context.Context, r *http.Request, _ []byte) (answer, error) {
	account, id, err := pathMember(r)
	if err != nil {
		return answer{}, err
	}
	roles, err := a.rolesOf(ctx, control.Operator(), account, api.MemberRequest{Roles: api.Some(r.URL.Query()["role"])})
	if err != nil {
		return answer{}, err
	}
	effects, err := a.control.ForeseeRoles(ctx, control.Operator(), account, id, roles)
	return a.effectsAnswer(effects, err)
}

func (a *API) effectsAnswer(effects []control.Effect, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	shown := api.Consequences{Tokens: []api.TokenLoss{}}
	for _, e := range effects {
		shown.Tokens = append(shown.Tokens, api.TokenLoss{
			ID: e.Credential.ID, Kind: e.Credential.Kind.String(), Name: e.Credential.Name, Owner: e.Credential.Principal.String(), OwnerName: e.Owner,
			Loses: a.rightsInWords(e.Loses), Gains: a.rightsInWords(e.Gains),
		})
	}
	return ok(shown)
}

// rightsInWords says what rights are about, each thing once.
func (a *API) rightsInWords(rights []leastkey.Right) []string {
	const most = 6 // groups by name
	said := []string{}
	groups := map[string][]string{}
	for _, r := range rights {
		on := r.Pattern.String()
		if _, known := groups[on]; !known {
			said = append(said, on)
		}
		group, _ := a.control.Catalog().Group(r.Group)
		groups[on] = append(groups[on], group.Name)
	}
	for i, on := range said {
		what := strings.Join(groups[on], ", ")
		if n := len(groups[on]); n > most {
			what = fmt.Sprintf("%d permission groups", n)
		}
		said[i] = what + " on " + on
	}
	return said
}
