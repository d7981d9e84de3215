package storetest

import (
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// testNaming: who names a resource is known at every moment, of live credentials alone.
func testNaming(t *testing.T, f Factory) {
	dir := t.TempDir()
	b := &bench{TB: t, store: f.Open(t, dir)}
	a, z1, z2 := top(), zone(1, "z1").Resource, zone(1, "z2").Resource
	pool := leastkey.Resource{Type: "pool", ID: "z1"} // the id of a zone, of another type
	ada := leastkey.UserOf(number(1))
	with := func(n int, effect leastkey.Effect, patterns ...leastkey.Pattern) control.Credential {
		c := token(n, ada, secret(n))
		c.Policies = []leastkey.Policy{{ID: number(70), Effect: effect, Groups: []leastkey.ID{number(80)}, Patterns: patterns}}
		return c
	}
	one := with(1, leastkey.Allow, leastkey.PatternOne(z1), leastkey.PatternOne(z2), leastkey.PatternOne(z1))
	under := with(2, leastkey.Allow, leastkey.PatternUnder("zone", a), leastkey.PatternUnder("record", z1))
	deny := with(3, leastkey.Deny, leastkey.PatternOne(z1), leastkey.PatternUnder("record", z1))
	every := with(4, leastkey.Allow, leastkey.PatternEvery("zone"))
	b.put(deny, every, under, one)
	check := func(what string, want map[leastkey.Resource][]leastkey.ID) {
		t.Helper()
		for _, r := range []leastkey.Resource{a, z1, z2, pool, {}} {
			got := read(b, func(reader control.Reader) ([]leastkey.ID, error) { return reader.CredentialsNaming(r) })
			same(t, what+": "+r.String(), got, want[r])
		}
	}
	check("put", map[leastkey.Resource][]leastkey.ID{a: {under.ID}, z1: {one.ID, under.ID, deny.ID}, z2: {one.ID}})

	one.Policies[0].Patterns = one.Policies[0].Patterns[1:2]
	under.Policies = append(under.Policies, with(2, leastkey.Allow, leastkey.PatternOne(pool)).Policies...)
	b.put(one, under)
	now := map[leastkey.Resource][]leastkey.ID{a: {under.ID}, z1: {under.ID, deny.ID}, z2: {one.ID}, pool: {under.ID}}
	check("replaced", now)
	_, err := b.try(func(tx control.Tx) error {
		if err := tx.PutCredential(with(5, leastkey.Allow, leastkey.PatternOne(z2))); err != nil {
			return err
		}
		return errPlanned
	})
	wants(t, "a commit that fails", err, errPlanned)
	check("after a commit that failed", now)
	b.commit(func(tx control.Tx) error { return tx.PutResource(zone(1, "z1")) })
	b.commit(func(tx control.Tx) error { return tx.DeleteResource(z1) })
	check("the registry has no part in it", now)

	if err := b.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	b.store = f.Open(t, dir)
	check("opened again", now)
	b.commit(func(tx control.Tx) error { return tx.RevokeCredential(under.ID, minute(9)) })
	check("revoked", map[leastkey.Resource][]leastkey.ID{z1: {deny.ID}, z2: {one.ID}})
	if err := b.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}
