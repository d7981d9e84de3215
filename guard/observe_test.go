package guard_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// observed makes a guard of the world's state that tells of its decisions.
func (w *world) observed(t testing.TB) (*guard.Guard, *[]guard.Observation) {
	t.Helper()
	seen := &[]guard.Observation{}
	g, err := guard.New(guard.Config{State: w.state, Brand: leastkey.DefaultBrand, Now: clock, BodyLimit: 1000,
		Observe: func(o guard.Observation) { *seen = append(*seen, o) }})
	if err != nil {
		t.Fatal(err)
	}
	return g, seen
}

// Every decision about a credential that was recognised is told once, and no other.
func TestObserve(t *testing.T) {
	w := newWorld(t)
	g, seen := w.observed(t)
	token, expired, elsewhere := secret(t, leastkey.UserTokenSecret, 1), secret(t, leastkey.UserTokenSecret, 2), secret(t, leastkey.UserTokenSecret, 3)
	old, next := secret(t, leastkey.UserTokenSecret, 4), secret(t, leastkey.UserTokenSecret, 5)
	onZone := w.policy(t, leastkey.Allow, leastkey.PatternOne(w.one), "DNS Write", "Zone Read")
	late, away, rolled := w.token(2, expired, onZone), w.token(3, elsewhere, onZone), w.token(4, next, onZone)
	late.Credential.Credential.Validity.ExpiresOn = clock()
	abroad, err := leastkey.ParseAddressRange("203.0.113.0/24")
	if err != nil {
		t.Fatal(err)
	}
	away.Credential.Credential.Condition.In = []leastkey.AddressRange{abroad}
	rolled.Credential.Secrets = append(rolled.Credential.Secrets, leastkey.LiveSecret{Hash: old.Hash(), Until: clock().Add(1)})
	w.apply(t, w.token(1, token, onZone), late, away, rolled)

	const records = "PATCH /client/v4/zones/{zone_id}/dns_records/{dns_record_id}"
	record := "/zones/" + w.one.ID + "/dns_records/1"
	said := func(credential leastkey.ID, s leastkey.Secret, operation string, on leastkey.Resource, reason leastkey.Reason) *guard.Observation {
		method, _, _ := strings.Cut(operation, " ")
		return &guard.Observation{Credential: credential, Secret: s.Hash(), At: clock(), Addr: netip.MustParseAddr("192.0.2.1"),
			Method: method, Operation: operation, Target: on, Reason: reason, Allowed: reason == leastkey.Granted}
	}
	unrouted := func(o *guard.Observation, method string) *guard.Observation {
		o.Method = method
		return o
	}
	id := func(n byte) leastkey.ID { return numbered('t', n) }
	broken := request("POST", "/zones", "", bearer(token)...)
	broken.Arrive = func() error { return errors.New("gone") }
	arrives := request("PATCH", record, "", bearer(token)...)
	arrives.Arrive = func() error { return nil }
	for _, c := range []struct {
		name string
		of   guard.Request
		want *guard.Observation
	}{
		{"allowed", request("PATCH", record, "", bearer(token)...), said(id(1), token, records, w.one, leastkey.Granted)},
		{"allowed once the body is there", arrives, said(id(1), token, records, w.one, leastkey.Granted)},
		{"list", request("GET", "/zones", "", bearer(token)...), said(id(1), token, "GET /client/v4/zones", leastkey.Resource{Type: "zone"}, leastkey.Granted)},
		{"verify", request("GET", "/user/tokens/verify", "", bearer(token)...), said(id(1), token, "GET /client/v4/user/tokens/verify", leastkey.Resource{}, leastkey.Granted)},
		{"no permission", request("DELETE", "/zones/"+w.one.ID, "", bearer(token)...), said(id(1), token, "DELETE /client/v4/zones/{zone_id}", w.one, leastkey.PermissionMissing)},
		{"unknown zone", request("GET", "/zones/"+zone(9).ID, "", bearer(token)...), said(id(1), token, "GET /client/v4/zones/{zone_id}", leastkey.Resource{Type: "zone"}, leastkey.PermissionMissing)},
		{"no route", request("GET", "/nowhere", "", bearer(token)...), unrouted(said(id(1), token, "", leastkey.Resource{}, leastkey.DeniedByDefault), "GET")},
		{"no route and no method", request(token.Reveal(), "/nowhere", "", bearer(token)...), said(id(1), token, "", leastkey.Resource{}, leastkey.DeniedByDefault)},
		{"broken body", broken, said(id(1), token, "POST /client/v4/zones", leastkey.Resource{}, leastkey.DeniedByDefault)},
		{"unclear body", request("POST", "/zones", "{", bearer(token)...), said(id(1), token, "POST /client/v4/zones", leastkey.Resource{Type: "zone"}, leastkey.DeniedByDefault)},
		{"expired", request("PATCH", record, "", bearer(expired)...), said(id(2), expired, records, leastkey.Resource{}, leastkey.CredentialExpired)},
		{"wrong address", request("PATCH", record, "", bearer(elsewhere)...), said(id(3), elsewhere, records, leastkey.Resource{}, leastkey.AddressRefused)},
		{"new secret", request("PATCH", record, "", bearer(next)...), said(id(4), next, records, w.one, leastkey.Granted)},
		{"old secret", request("PATCH", record, "", bearer(old)...), said(id(4), old, records, w.one, leastkey.Granted)},
		{"key", request("PATCH", record, "", w.ada.byKey()...), said(numbered('k', 0), w.ada.key, records, w.one, leastkey.Granted)},
		{"key of another", request("PATCH", record, "", w.ben.byKey()...), said(numbered('k', 1), w.ben.key, records, w.one, leastkey.PrincipalLacks)},

		{"nothing presented", request("PATCH", record, ""), nil},
		{"unknown token", request("PATCH", record, "", bearer(secret(t, leastkey.UserTokenSecret, 9))...), nil},
		{"key with the wrong e-mail", request("PATCH", record, "", "X-Auth-Email", w.ben.email, "X-Auth-Key", w.ada.key.Reveal()), nil},
		{"unclear path", request("PATCH", "//"+record, "", bearer(token)...), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			*seen = nil
			v := g.Check(context.Background(), c.of)
			want := []guard.Observation{}
			if c.want != nil {
				want = append(want, *c.want)
			}
			if diff := cmp.Diff(want, append([]guard.Observation{}, *seen...), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
			*seen = nil
			if again := g.Recheck(context.Background(), c.of); again.Allowed() != v.Allowed() || len(*seen) != 0 {
				t.Errorf("checked again: allowed %t where it was %t, and told %v", again.Allowed(), v.Allowed(), *seen)
			}
		})
	}
	*seen = nil
	w.state.Doubt()
	if g.Check(context.Background(), request("GET", "/zones", "", bearer(token)...)); len(*seen) != 0 {
		t.Errorf("an unsure guard told %v", *seen)
	}
}

// Law 6: a secret that is pasted in a wrong place does not get into what is told.
func TestLaw6ObservationsRepeatNothing(t *testing.T) {
	w := newWorld(t)
	g, seen := w.observed(t)
	token, pasted := secret(t, leastkey.UserTokenSecret, 1), secret(t, leastkey.UserTokenSecret, 2).Reveal()
	w.apply(t, w.token(1, token, w.policy(t, leastkey.Allow, leastkey.PatternEvery("zone"), "Zone Write", "DNS Write")))
	by := append(bearer(token), "X-Note", pasted)
	all := []guard.Request{
		request("GET", "/zones/"+pasted, "", by...),
		request("GET", "/zones/"+w.one.ID+"/dns_records/"+pasted, "", by...),
		request("GET", "/"+pasted, "", by...),
		request("GET", "/zones?name="+pasted, "", by...),
		request(pasted, "/zones", "", by...),
		request("POST", "/zones", `{"account":{"id":"`+pasted+`"}}`, by...),
		request("GET", "/accounts/"+pasted+"/tokens", "", by...),
	}
	for _, r := range all {
		g.Check(context.Background(), r)
	}
	if len(*seen) != len(all) {
		t.Fatalf("told of %d requests out of %d", len(*seen), len(all))
	}
	for _, text := range []string{pasted, token.Reveal()} {
		if strings.Contains(fmt.Sprintf("%+v", *seen), text) {
			t.Errorf("a secret is in %+v", *seen)
		}
	}
}
