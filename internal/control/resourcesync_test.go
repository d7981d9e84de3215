package control_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

func TestSync(t *testing.T) {
	n := Start(t, Config{})
	ctx := context.Background()
	ada, ben := leastkey.AccountOf(n.Ada.Account).Resource(), leastkey.AccountOf(n.Ben.Account).Resource()
	one, two, three := n.Ada.Zones[0], n.Ada.Zones[1], n.Ben.Zones[0]
	grant(t, n, 1, tokenWith(n, 1, leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{{1}},
		Patterns: []leastkey.Pattern{leastkey.PatternOne(Zone(one)), leastkey.PatternOne(Zone(two)), leastkey.PatternOne(Zone(three))}}))
	sync := func(what string, since leastkey.Revision, left bool, want string, items ...control.Found) {
		t.Helper()
		before := lastAct(t, n)
		got, err := n.Control.Sync(ctx, control.Discovery(), control.Listing{Type: "zone", Parent: ada, Items: items, Since: since,
			Left: func(leastkey.Resource, leastkey.Resource) bool { return left }})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		said := fmt.Sprintf("%d+ %d~ %d> %d- %d lost, %d elsewhere, %d odd, %v", got.Registered, got.Renamed, got.Moved, got.Removed, len(got.Lost), len(got.Elsewhere), len(got.Odd), got.Emptied)
		if said != want {
			t.Errorf("%s: %s, want %s", what, said, want)
		}
		acted := got.Registered+got.Renamed+got.Moved+got.Removed > 0
		after := lastAct(t, n)
		if (after.Revision > before.Revision) != acted {
			t.Errorf("%s: an act of nothing, or none of something", what)
		}
		if acted && (after.Agent != "discovery" || after.Action != "resource.discover" || !after.Actor.IsZero() || after.Account != n.Ada.Account) {
			t.Errorf("%s: the audit row %+v", what, after)
		}
	}
	begun, err := n.Control.Revision(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a, b := control.Found{ID: one, Name: "one.example"}, control.Found{ID: two, Name: "two.example"}
	sync("as it is", begun, true, "0+ 0~ 0> 0- 0 lost, 0 elsewhere, 0 odd, false", a, b, a)
	sync("empty", begun, true, "0+ 0~ 0> 0- 0 lost, 0 elsewhere, 0 odd, true")
	sync("nothing but nonsense", begun, true, "0+ 0~ 0> 0- 0 lost, 0 elsewhere, 1 odd, true", control.Found{ID: "?"})
	sync("begun before all was there", 0, true, "0+ 0~ 0> 0- 0 lost, 0 elsewhere, 0 odd, false", control.Found{ID: one})
	sync("another's, who has it still", begun, false, "0+ 0~ 0> 0- 0 lost, 1 elsewhere, 0 odd, false", a, b, control.Found{ID: three})
	fresh := control.Found{ID: "0000000000000000000000000000aa01"}
	disputed := fresh
	disputed.Disputed = true
	sync("of two lists", begun, true, "0+ 0~ 0> 0- 0 lost, 1 elsewhere, 0 odd, false", a, b, disputed)
	b.Name = "renamed.example"
	sync("all at once", begun, true, "1+ 1~ 1> 1- 2 lost, 0 elsewhere, 0 odd, false", b, control.Found{ID: three}, fresh)
	if got := tokenNow(t, n, leastkey.ID{0xdd, 1}); len(got.Policies) != 1 || len(got.Policies[0].Patterns) != 1 || got.Policies[0].Patterns[0] != leastkey.PatternOne(Zone(two)) {
		t.Errorf("the token has %+v", got.Policies)
	}
	rows, err := n.Control.Resources(ctx, control.Operator(), "zone", ben)
	if err != nil || len(rows) > 0 {
		t.Errorf("under the other parent: %v, %v", rows, err)
	}

	var thousands []control.Found
	for i := range 2500 {
		thousands = append(thousands, control.Found{ID: fmt.Sprintf("%032x", i)})
	}
	now, err := n.Control.Revision(ctx)
	if err != nil {
		t.Fatal(err)
	}
	sync("thousands", now, true, "2500+ 0~ 0> 3- 1 lost, 0 elsewhere, 0 odd, false", thousands...)
	if after, err := n.Control.Revision(ctx); err != nil || after-now != 3 {
		t.Errorf("%d acts, %v", after-now, err)
	}
	if _, err := n.Control.Sync(ctx, control.Discovery(), control.Listing{Type: "zone", Parent: leastkey.Resource{Type: "account", ID: "none"}}); err == nil {
		t.Error("a parent that is not there is taken")
	}
}
