package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/client"
)

// resolver turns what was typed into what the wire takes, and remembers the names of ids.
type resolver struct {
	c     *client.Client
	vocab vocabulary
	names map[string]string // by key of the resource map
	taken []place           // whose id is what was typed, looked up by nobody
}

func newResolver(c *client.Client, v vocabulary) *resolver {
	return &resolver{c: c, vocab: v, names: map[string]string{}}
}

// policies makes one policy of all grants that have the same effect on the same place, in the
// order in which they were typed.
func (r *resolver) policies(ctx context.Context, grants []grant) ([]api.Policy, error) {
	var policies []api.Policy
	at := map[string]int{}
	for _, g := range grants {
		ofScope, err := r.vocab.scopeOf(g.on.kind)
		if err != nil {
			return nil, err
		}
		group, err := r.vocab.group(g.group, ofScope)
		if err != nil {
			return nil, err
		}
		resources, err := r.resources(ctx, g.on, ofScope)
		if err != nil {
			return nil, err
		}
		ref := api.PermissionGroupRef{ID: group.ID, Name: group.Name}
		same := g.effect.String() + string(resources)
		if i, seen := at[same]; seen {
			policies[i].Groups = append(policies[i].Groups, ref)
			continue
		}
		at[same] = len(policies)
		policies = append(policies, api.Policy{Effect: g.effect, Groups: []api.PermissionGroupRef{ref}, Resources: resources})
	}
	return policies, nil
}

// resources spells a place as a resource map.
func (r *resolver) resources(ctx context.Context, p place, ofScope string) (json.RawMessage, error) {
	if !p.every {
		key, err := r.key(ctx, p, ofScope)
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{key: "*"})
	}
	if ofScope == "" || p.kind == string(leastkey.UserType) {
		return nil, errors.New("a token reaches one user at most: write user, or user:ID")
	}
	every := map[string]string{ofScope + ".*": "*"}
	if p.parent == nil {
		return json.Marshal(every)
	}
	parentScope, err := r.vocab.scopeOf(p.parent.kind)
	if err != nil {
		return nil, err
	}
	key, err := r.key(ctx, *p.parent, parentScope)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]map[string]string{key: every})
}

// key finds the id of one resource.
func (r *resolver) key(ctx context.Context, p place, ofScope string) (string, error) {
	id, name, err := r.find(ctx, p)
	if err != nil {
		return "", err
	}
	key := ofScope + "." + id
	if name != "" {
		r.names[key] = name
	}
	return key, nil
}

func (r *resolver) find(ctx context.Context, p place) (id, name string, err error) {
	switch {
	case p.kind == string(leastkey.UserType) && p.name == "":
		user, err := r.c.User(ctx)
		if err != nil {
			return "", "", fmt.Errorf("cannot find out which user you are, so write user:ID: %w", err)
		}
		return user.ID.String(), user.Email, nil
	case isID(p.name):
		return p.name, "", nil
	case p.kind == string(leastkey.AccountType):
		account, err := findAccount(ctx, r.c, p.name)
		return account.ID.String(), account.Name, err
	case p.kind == "zone":
		return r.findZone(ctx, p.name)
	case p.kind == string(leastkey.UserType) || strings.ContainsFunc(p.name, func(c rune) bool { return c <= ' ' || c > '~' }):
		return "", "", fmt.Errorf("%s:%s is not an id, and names are looked up for zones and accounts only: give the id of the %s", p.kind, p.name, p.kind)
	default:
		return r.take(p), "", nil
	}
}

// take takes what was typed for an id: the server knows which ids a type has.
func (r *resolver) take(p place) string {
	r.taken = append(r.taken, p)
	return p.name
}

// advise adds to a refusal what it does not say: that what was taken for an id may be none.
func (r *resolver) advise(err error) error {
	refused, ok := errors.AsType[*client.Error](err)
	if !ok || refused.Status != http.StatusBadRequest || !refused.Has(api.CodeInvalidRequest) || len(r.taken) == 0 {
		return err
	}
	p := r.taken[0]
	return &hinted{err, fmt.Sprintf("%q was taken for the id of the %s, since names are looked up for zones and accounts only; "+
		"it may be no id, or not registered: the operator sees with leastkey resource list --type %s", p.name, p.kind, p.kind)}
}

// lookup words what kept a name from being looked up.
func lookup(what, name, instead string, err error) error {
	if refused, ok := errors.AsType[*client.Error](err); ok && refused.Has(api.CodeAuthenticationError) {
		return fmt.Errorf("cannot look up %s %q, because this credential may not list any %s: %s", what, name, what, instead)
	}
	return fmt.Errorf("cannot look up %s %q, so %s: %w", what, name, instead, err)
}

func (r *resolver) findZone(ctx context.Context, name string) (id, canonical string, err error) {
	zones, err := r.c.Zones(ctx, strings.TrimSuffix(name, "."))
	var refused *client.Error
	if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
		return r.take(place{kind: "zone", name: name}), "", nil // an API without zones of this kind
	}
	switch {
	case err != nil:
		return "", "", lookup("zone", name, "write zone:ID", err)
	case len(zones) == 0:
		return "", "", fmt.Errorf("no zone is called %q among those that this credential may see", name)
	case len(zones) > 1:
		var ids []string
		for _, z := range zones {
			ids = append(ids, z.ID)
		}
		return "", "", fmt.Errorf("zone %q exists in several accounts: write zone:ID with one of %s", name, strings.Join(ids, ", "))
	}
	return zones[0].ID, zones[0].Name, nil
}

// nameZones finds the names of zones that policies are about, as far as the credential may see
// them: a summary with ids alone is as true, and harder to read.
func (r *resolver) nameZones(ctx context.Context, policies []api.Policy) {
	const most = 20 // a courtesy is not worth more requests
	asked := 0
	for _, p := range policies {
		for _, k := range readKeys(p.Resources) {
			ofScope, id := r.vocab.split(k.key)
			if kindOf(ofScope) != "zone" || id == "*" || r.names[k.key] != "" {
				continue
			}
			if asked++; asked > most {
				return
			}
			zone, err := r.c.Zone(ctx, id)
			if err != nil {
				return
			}
			r.names[k.key] = zone.Name
		}
	}
}

// findAccount finds an account by name or id. One given by id is not looked up.
func findAccount(ctx context.Context, c *client.Client, text string) (api.Account, error) {
	if id, err := leastkey.ParseID(text); err == nil {
		return api.Account{ID: id}, nil
	}
	accounts, err := c.Accounts(ctx)
	if err != nil {
		return api.Account{}, lookup("account", text, "give its id", err)
	}
	return pick(accounts, "account", text, func(a api.Account) (leastkey.ID, string) { return a.ID, a.Name })
}

// pick finds the one thing with a name or id.
func pick[T any](all []T, kind, text string, about func(T) (leastkey.ID, string)) (T, error) {
	var found []T
	for _, v := range all {
		if id, name := about(v); id.String() == text || name == text {
			found = append(found, v)
		}
	}
	var none T
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return none, fmt.Errorf("no %s is called %q among the %d that you may see", kind, text, len(all))
	default:
		var ids []string
		for _, v := range found {
			id, _ := about(v)
			ids = append(ids, id.String())
		}
		return none, fmt.Errorf("%d times %s %q: give the id, one of %s", len(found), kind, text, strings.Join(ids, ", "))
	}
}
