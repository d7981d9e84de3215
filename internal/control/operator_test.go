package control_test

import (
	"context"
	"errors"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// What only the operator may do, nobody else may, whatever an enforcement node decided for them:
// a target of nothing, or one that any usable credential reaches.
func TestOnlyTheOperator(t *testing.T) {
	n := Start(t, Config{})
	key := keyOf(t, n, n.Ada.ID)
	callers := map[string]control.Caller{
		"nobody":       {},
		"no target":    {Credential: key.ID, Secret: key.Secrets[0].Hash, Principal: key.Principal},
		"itself":       {Credential: key.ID, Secret: key.Secrets[0].Hash, Principal: key.Principal, Target: leastkey.OnSelf()},
		"its own user": {Credential: key.ID, Secret: key.Secrets[0].Hash, Principal: key.Principal, Target: leastkey.OnResource(key.Principal.Resource())},
	}
	ctx, zone := context.Background(), Zone(n.Ada.Zones[0])
	for name, by := range callers {
		for act, err := range map[string]error{
			"create a user":     second(n.Control.CreateUser(ctx, by, control.UserSpec{Email: "eve@example.com"})),
			"disable a user":    second(n.Control.SetUserDisabled(ctx, by, n.Ben.ID, true)),
			"list users":        second(n.Control.Users(ctx, by)),
			"create account":    second(n.Control.CreateAccount(ctx, by, "Eve's")),
			"register":          second(n.Control.Register(ctx, by, Zone("00000000000000000000000000000001"), "", leastkey.AccountOf(n.Ada.Account).Resource())),
			"unregister":        n.Control.Unregister(ctx, by, zone),
			"list the registry": second(n.Control.Resources(ctx, by, "", leastkey.Resource{})),
		} {
			var refusal *control.Error
			if !errors.As(err, &refusal) || refusal.Kind != control.Refused && refusal.Kind != control.Internal {
				t.Errorf("%s may %s: %v", name, act, err)
			}
		}
	}
	users, err := n.Control.Users(ctx, control.Operator())
	if err != nil || len(users) != 2 {
		t.Errorf("%d users, %v", len(users), err)
	}
}

func second[T any](_ T, err error) error { return err }

// keyOf is the Global API Key of a user, as it is kept.
func keyOf(t *testing.T, n *Node, user leastkey.ID) control.Credential {
	t.Helper()
	var keys []control.Credential
	err := n.Store.View(context.Background(), func(r control.Reader) (err error) {
		keys, err = r.Credentials(leastkey.UserOf(user), leastkey.GlobalAPIKey)
		return err
	})
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	return keys[0]
}
