package login

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/oidc"
)

// names are the accounts that rules name, by the names that they had when they were looked up first: who is
// called so later has taken a name that was free.
type names struct {
	mu       sync.Mutex
	accounts map[string]leastkey.ID
}

func newNames() *names { return &names{accounts: map[string]leastkey.ID{}} }

// places are what the rules make of a person, in every account that they name. An account that cannot be told
// is left as it is, and the log says so.
func (l *Login) places(ctx context.Context, person oidc.Person) ([]control.Place, error) {
	var places []control.Place
	for _, rule := range l.oidc.Rules {
		account, err := l.account(ctx, rule.Account)
		if err != nil {
			return nil, err
		}
		if account.IsZero() {
			continue
		}
		i := slices.IndexFunc(places, func(p control.Place) bool { return p.Account == account })
		if i < 0 {
			i, places = len(places), append(places, control.Place{Account: account})
		}
		if !person.Has(rule.Claim, rule.Is) {
			continue
		}
		for _, name := range rule.Roles {
			role, known := l.control.Catalog().RoleNamed(name)
			if !known {
				l.log.Error("a rule of sign_in.oidc gives a role that the catalogue has not; it is not given", "role", name, "account", rule.Account)
				continue
			}
			places[i].Roles = append(places[i].Roles, role.ID)
		}
	}
	return places, nil
}

// account is that of a name or id; zero when there is not exactly one.
func (l *Login) account(ctx context.Context, name string) (leastkey.ID, error) {
	l.named.mu.Lock()
	defer l.named.mu.Unlock()
	if id, known := l.named.accounts[name]; known {
		return id, nil
	}
	accounts, err := l.control.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return leastkey.ID{}, fmt.Errorf("login: %w", err)
	}
	var found []leastkey.ID
	for _, a := range accounts {
		if a.ID.String() == name {
			found = []leastkey.ID{a.ID}
			break
		}
		if a.Name == name {
			found = append(found, a.ID)
		}
	}
	if len(found) != 1 {
		l.log.Error("a rule of sign_in.oidc names an account that cannot be told: nobody becomes or stops being a member by it; make one account of that name, or write its id",
			"account", name, "found", len(found))
		return leastkey.ID{}, nil
	}
	l.named.accounts[name] = found[0]
	return found[0], nil
}
