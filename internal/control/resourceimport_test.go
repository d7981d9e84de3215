package control_test

import (
	"context"
	"slices"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// An import is one act, or none when any of it is refused; an id that comes back with it is new.
func TestImport(t *testing.T) {
	n := Start(t, Config{})
	ctx := context.Background()
	ada, ben := leastkey.AccountOf(n.Ada.Account).Resource(), leastkey.AccountOf(n.Ben.Account).Resource()
	fresh := Zone("0000000000000000000000000000aa01")
	grant(t, n, 1, tokenWith(n, 1, leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{{1}}, Patterns: []leastkey.Pattern{leastkey.PatternOne(fresh)}}))
	good := []control.ResourceSpec{{fresh, "", ada}, {Zone(n.Ada.Zones[0]), "one.example", ada}, {Zone(n.Ada.Zones[1]), "new.example", ada}}
	bad := append(slices.Clone(good), control.ResourceSpec{Resource: Zone(n.Ben.Zones[0]), Parent: ada}, control.ResourceSpec{Resource: Zone("?"), Parent: ben}, control.ResourceSpec{Resource: fresh, Parent: ben})
	begun := lastAct(t, n).Revision
	for _, dry := range []bool{true, false} {
		if got, err := n.Control.Import(ctx, control.Operator(), bad, dry); err != nil || got.Done || len(got.Refused) != 3 || got.Refused[0].Index != 3 || got.Refused[2].Index != 5 {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if got, err := n.Control.Import(ctx, control.Operator(), good, true); err != nil || got.Done || got.Registered != 1 || got.Renamed != 1 || got.Unchanged != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if now := lastAct(t, n).Revision; now != begun {
		t.Errorf("%d acts of nothing", now-begun)
	}
	if got, err := n.Control.Import(ctx, control.Operator(), good, false); err != nil || !got.Done {
		t.Errorf("%+v, %v", got, err)
	}
	if row := lastAct(t, n); row.Revision != begun+1 || row.Action != "resource.import" {
		t.Errorf("%+v", row)
	}
	if got := tokenNow(t, n, leastkey.ID{0xdd, 1}); len(got.Policies) > 0 {
		t.Errorf("a token from before reaches what was imported: %+v", got.Policies)
	}
	if _, err := n.Control.Import(ctx, control.Caller{}, good, false); err == nil {
		t.Error("anybody may import")
	}
}
