package control_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

// In whatever way a resource gets another name, the next request that is decided by names goes by it.
func TestNodesLearnNames(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada, by := n.World.Ada, control.Operator()
	zone, parent := leastkey.Resource{Type: "zone", ID: ada.Zones[0]}, leastkey.AccountOf(ada.Account).Resource()
	allowed := func(host string) bool {
		r := guard.Request{
			Method: http.MethodPost, Target: "/client/v4/certificates", Header: http.Header{}, Can: guard.AllAbilities,
			Body: func(int64) ([]byte, error) { return []byte(`{"hostnames": ["www.` + host + `"]}`), nil },
		}
		ada.ByKey()(r.Header)
		v := n.Guard.Recheck(context.Background(), r)
		return v.Allowed() && v.Target.Resource == zone
	}
	was := "one.example"
	for name, rename := range map[string]func(ctx context.Context, to string) error{
		"renamed": func(ctx context.Context, to string) error { _, err := n.Control.Rename(ctx, by, zone, to); return err },
		"renamed upstream": func(ctx context.Context, to string) error {
			return n.Control.RenamedUpstream(ctx, control.Caller{}, zone, to)
		},
		"registered again": func(ctx context.Context, to string) error {
			_, err := n.Control.Register(ctx, by, zone, to, parent)
			return err
		},
		"imported": func(ctx context.Context, to string) error {
			_, err := n.Control.Import(ctx, by, []control.ResourceSpec{{Resource: zone, Name: to, Parent: parent}}, false)
			return err
		},
		"discovered": func(ctx context.Context, to string) error {
			rev, err := n.Control.Revision(ctx)
			if err != nil {
				return err
			}
			_, err = n.Control.Sync(ctx, control.Discovery(), control.Listing{
				Type: "zone", Parent: parent, Since: rev, Items: []control.Found{{ID: ada.Zones[0], Name: to}, {ID: ada.Zones[1], Name: "two.example"}},
				Left: func(_, _ leastkey.Resource) bool { return false }, Claimed: func(leastkey.Resource) bool { return false },
			})
			return err
		},
	} {
		if !allowed(was) {
			t.Fatalf("%s: %s leads nowhere", name, was)
		}
		to := "x" + string(rune('a'+len(was)%26)) + was
		if err := rename(t.Context(), to); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if allowed(was) || !allowed(to) {
			t.Errorf("%s: www.%s leads to the zone: %t; www.%s: %t", name, was, allowed(was), to, allowed(to))
		}
		was = to
	}
}
