package usage_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/usage"
)

// What the guard sees of a token is what its owner reads: last uses, newest first, and when each
// secret was last sent, by requests that were refused too.
func TestUsesReachTheControlPlane(t *testing.T) {
	n := Start(t, Config{})
	r := usage.New(n.Control, silent())
	g, err := guard.New(guard.Config{State: n.State, Brand: leastkey.DefaultBrand, Now: n.Clock.Now, Observe: r.Observe})
	if err != nil {
		t.Fatal(err)
	}
	made := n.Mint(t, n.Ada.ByKey(), "uses", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "Zone Read"))
	gone := n.Mint(t, n.Ada.ByKey(), "gone", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "Zone Read"))
	id, owner := leastkey.MustParseID(made.ID), leastkey.UserOf(n.Ada.ID)
	_, rolled, err := n.Control.RollToken(t.Context(), control.Operator(), owner, id, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddr("198.51.100.7")
	ask := func(by Credential, method, path string) time.Time {
		t.Helper()
		n.Clock.Advance(time.Second)
		h := http.Header{}
		by(h)
		g.Check(t.Context(), guard.Request{Can: guard.AllAbilities, Method: method, Target: Base + path, Header: h, Addr: addr})
		return n.Clock.Now()
	}
	first := ask(Bearer(rolled.Reveal()), "GET", "/zones/"+n.Ada.Zones[0])
	ask(gone.Bearer(), "GET", "/zones")
	second := ask(made.Bearer(), "DELETE", "/zones/"+n.Ada.Zones[0])
	n.Must(t, n.Ada.ByKey(), "DELETE", "/user/tokens/"+gone.ID, nil, nil)
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}

	uses, err := n.Control.Uses(t.Context(), control.Operator(), owner, id)
	if err != nil {
		t.Fatal(err)
	}
	token, err := n.Control.Token(t.Context(), control.Operator(), owner, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(token.Secrets) != 2 || len(uses) != 2 {
		t.Fatalf("%d secrets and %d uses, want 2 and 2", len(token.Secrets), len(uses))
	}
	on := "zone " + n.Ada.Zones[0]
	for i, want := range []control.Use{
		{Credential: id, Secret: token.Secrets[1].Hash, At: second, Addr: addr, Operation: "DELETE /client/v4/zones/{zone_id}", Target: on, Reason: "permission_missing"},
		{Credential: id, Secret: token.Secrets[0].Hash, At: first, Addr: addr, Operation: "GET /client/v4/zones/{zone_id}", Target: on, Allowed: true},
	} {
		got := uses[i]
		if !same(got.At, want.At) {
			t.Errorf("use %d was at %v, want %v", i, got.At, want.At)
		}
		if got.At = want.At; got != want {
			t.Errorf("use %d is %+v, want %+v", i, got, want)
		}
	}
	if !same(token.LastUsedOn, second) || !same(token.Secrets[0].LastUsedOn, first) || !same(token.Secrets[1].LastUsedOn, second) {
		t.Errorf("last used on %v, its secrets on %v and %v; want %v, %v and %v", token.LastUsedOn,
			token.Secrets[0].LastUsedOn, token.Secrets[1].LastUsedOn, second, first, second)
	}
}

// same is true of instants in one second: the node's clock moves a little each time it is read.
func same(a, b time.Time) bool { return a.Truncate(time.Second).Equal(b.Truncate(time.Second)) }
