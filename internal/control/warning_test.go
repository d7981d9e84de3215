package control_test

import (
	"slices"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

func TestDoctor(t *testing.T) {
	n := Start(t, Config{})
	in := func(d time.Duration) string { return n.Clock.Now().Add(d).UTC().Format(time.RFC3339) }
	const day = 24 * time.Hour
	mint := func(name, expires string, policies ...Policy) {
		t.Helper()
		body := Object{"name": name, "policies": policies}
		if expires != "" {
			body["expires_on"] = expires
		}
		n.Must(t, n.Ada.ByKey(), "POST", "/user/tokens", body, nil)
	}
	reads := n.Allow(t, On(EveryZone), "Zone Read")
	mint("fine", in(200*day), reads)
	mint("soon", in(13*day), reads)
	mint("not soon", in(15*day), reads)
	mint("for ever", "", reads)
	mint("minter", in(200*day), n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Write"))
	look := func(unused time.Duration) map[string][]control.Concern {
		t.Helper()
		found, err := n.Control.Doctor(t.Context(), control.Operator(), unused)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string][]control.Concern{}
		for _, c := range found {
			if c.Owner == n.Ada.Email {
				all[c.Name] = c.Concerns
			}
		}
		return all
	}
	same := func(what string, got, want map[string][]control.Concern) {
		t.Helper()
		for name := range want {
			if !slices.Equal(got[name], want[name]) {
				t.Errorf("%s: %s: %v; want %v", what, name, got[name], want[name])
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v; want %v", what, got, want)
		}
	}
	key := []control.Concern{control.AllPowers}
	same("at first", look(control.DefaultUnused), map[string][]control.Concern{
		"soon": {control.EndsSoon}, "for ever": {control.NoEnd}, "minter": {control.Mints}, "Global API Key": key,
	})
	var soon struct{ Value string }
	n.Must(t, n.Ada.ByKey(), "POST", "/user/tokens", Object{"name": "said", "expires_on": in(time.Hour), "policies": []Policy{reads}}, nil).Result(t, &soon)
	for _, path := range []string{"/zones", "/user/tokens/verify", "/user"} { // allowed behind, allowed here, refused
		if a := n.Do(t, Bearer(soon.Value), "GET", path, nil); a.Header.Get("Leastkey-Token-Expires") != in(time.Hour) {
			t.Errorf("%s: %d, the answer says %q", path, a.Status, a.Header.Get("Leastkey-Token-Expires"))
		}
	}
	if a := n.Do(t, n.Ada.ByKey(), "GET", "/zones", nil); a.Header.Get("Leastkey-Token-Expires") != "" {
		t.Error("a key without end is said to end")
	}
	n.Clock.Advance(20 * day)
	same("later", look(10*day), map[string][]control.Concern{
		"fine": {control.Unused}, "for ever": {control.Unused, control.NoEnd}, "minter": {control.Unused, control.Mints}, "Global API Key": {control.AllPowers, control.Unused},
	})
	n.Operate(t, "PATCH", "/users/"+n.Ada.ID.String(), Object{"disabled": true})
	if got := look(1000 * day)["fine"]; !slices.Equal(got, []control.Concern{control.OwnerLeft}) {
		t.Errorf("of who is disabled: %v", got)
	}
	if _, err := n.Control.Doctor(t.Context(), control.Caller{Principal: leastkey.UserOf(n.Ada.ID)}, time.Hour); err == nil {
		t.Error("a user may see what the operator may")
	}
}
