package storetest

import (
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func testResources(t *testing.T, f Factory) {
	b := start(t, f)
	z2, z1 := zone(2, "z2"), zone(1, "z1")
	pool := control.Resource{
		Resource: leastkey.Resource{Type: "pool", ID: "z1"}, // the id of a zone, of another type
		Parent:   leastkey.Resource{Type: leastkey.AccountType, ID: "a"}, Name: "pool", CreatedOn: minute(1),
	}
	top := control.Resource{Resource: leastkey.Resource{Type: leastkey.AccountType, ID: "a"}, CreatedOn: minute(3)}
	orphan := zone(4, "z4")
	orphan.Parent.ID = "b"
	b.commit(func(tx control.Tx) error {
		for _, r := range []control.Resource{z2, z1, pool, top, orphan} { // children before their parent
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		return nil
	})
	a, nobody := top.Resource, leastkey.Resource{Type: leastkey.AccountType, ID: "nobody"}
	tests := []struct {
		name   string
		t      leastkey.ResourceType
		parent leastkey.Resource
		want   []control.Resource
	}{
		{"all, oldest first, then by type and id", "", leastkey.Resource{}, []control.Resource{pool, z1, z2, top, orphan}},
		{"of a type", "zone", leastkey.Resource{}, []control.Resource{z1, z2, orphan}},
		{"of a parent", "", a, []control.Resource{pool, z1, z2}},
		{"of both", "zone", a, []control.Resource{z1, z2}},
		{"of no type", "none", a, nil},
		{"of no parent", "zone", nobody, nil},
	}
	check := func() {
		t.Helper()
		for _, test := range tests {
			got := read(b, func(r control.Reader) ([]control.Resource, error) { return r.Resources(test.t, test.parent) })
			same(t, test.name, got, test.want)
		}
	}
	check()
	same(t, "one", read(b, func(r control.Reader) (control.Resource, error) { return r.Resource(pool.Resource) }), pool)

	orphan.Parent, orphan.Name = a, "found"
	b.commit(func(tx control.Tx) error { return tx.PutResource(orphan) })
	tests[0].want[4], tests[1].want[2] = orphan, orphan
	tests[2].want, tests[3].want = append(tests[2].want, orphan), append(tests[3].want, orphan)
	check()

	b.commit(func(tx control.Tx) error { return tx.DeleteResource(z1.Resource) })
	_, err := b.try(func(tx control.Tx) error { return tx.DeleteResource(z1.Resource) })
	wants(t, "delete twice", err, control.ErrNotFound)
	same(t, "the namesake stays", read(b, func(r control.Reader) (control.Resource, error) { return r.Resource(pool.Resource) }), pool)
	b.commit(func(tx control.Tx) error { return tx.PutResource(z1) })
	check() // an id may come back
}
