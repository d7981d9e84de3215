package storetest

import (
	"fmt"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// top is where the resources of tests hang.
func top() leastkey.Resource { return leastkey.Resource{Type: leastkey.AccountType, ID: "a"} }

// below makes a zone of that name, or another resource, below a parent.
func below(parent leastkey.Resource, t leastkey.ResourceType, id, name string) control.Resource {
	return control.Resource{Resource: leastkey.Resource{Type: t, ID: id}, Name: name, Parent: parent, CreatedOn: minute(1)}
}

func testFindResources(t *testing.T, f Factory) {
	b := start(t, f)
	a := top()
	other := leastkey.Resource{Type: leastkey.AccountType, ID: "b"}
	folder, inner := below(a, "folder", "f", "zone folder"), below(leastkey.Resource{Type: "folder", ID: "f"}, "folder", "g", "inner")
	odd := below(a, "zone", "odd\xff", `100% of_it \ 'ok'`)
	rows := []control.Resource{
		below(a, "zone", "z1", "Example.com"), below(a, "zone", "z2", "an.example.com"), below(a, "zone", "z3", "example.COM"),
		below(a, "zone", "z4", "ÉXAMPLE"), below(a, "zone", "Z4", "[bracket]*?"), odd,
		below(folder.Resource, "zone", "z5", "exa"), below(inner.Resource, "zone", "z6", "deep.example"),
		below(odd.Resource, "zone", "z7", "nested"), below(other, "zone", "z8", "example.net"),
		below(leastkey.Resource{}, "zone", "z9", "example.top"), below(leastkey.Resource{Type: "folder", ID: "none"}, "zone", "z10", "example.orphan"),
		below(a, "pool", "z1", "example.pool"), folder, inner,
		below(leastkey.Resource{Type: "loop", ID: "2"}, "loop", "1", "1"), below(leastkey.Resource{Type: "loop", ID: "1"}, "loop", "2", "2"),
		below(leastkey.Resource{Type: "loop", ID: "2"}, "zone", "z11", "looped"),
	}
	b.commit(func(tx control.Tx) error {
		for _, r := range rows {
			if err := tx.PutResource(r); err != nil {
				return err
			}
		}
		return nil
	})
	tests := []struct {
		name   string
		within []leastkey.Resource
		text   string
		limit  int
		want   []string
	}{
		{"all, by name", []leastkey.Resource{a}, "", 99, []string{odd.ID, "Z4", "z2", "z6", "z5", "z1", "z3", "z7", "z4"}},
		{"the first", []leastkey.Resource{a}, "", 2, []string{odd.ID, "Z4"}},
		{"those that begin with it first", []leastkey.Resource{a}, "eXa", 99, []string{"z5", "z1", "z3", "z2", "z6"}},
		{"the first of those", []leastkey.Resource{a}, "exa", 2, []string{"z5", "z1"}},
		{"all of a name", []leastkey.Resource{a}, "EXAMPLE.com", 99, []string{"z1", "z3", "z2"}},
		{"the whole id", []leastkey.Resource{a}, "z6", 99, []string{"z6"}},
		{"the id in another case", []leastkey.Resource{a}, "Z6", 99, nil},
		{"part of ids", []leastkey.Resource{a}, "z", 99, nil},
		{"an id of any bytes", []leastkey.Resource{a}, "odd\xff", 99, []string{odd.ID}},
		{"letters beyond A to Z as they are", []leastkey.Resource{a}, "Éxa", 99, []string{"z4"}},
		{"and in no other case", []leastkey.Resource{a}, "éxa", 99, nil},
		{"percent", []leastkey.Resource{a}, "%", 99, []string{odd.ID}},
		{"underscore", []leastkey.Resource{a}, "_", 99, []string{odd.ID}},
		{"backslash", []leastkey.Resource{a}, `\`, 99, []string{odd.ID}},
		{"a pattern", []leastkey.Resource{a}, "exa%com", 99, nil},
		{"quotes", []leastkey.Resource{a}, "'OK'", 99, []string{odd.ID}},
		{"star", []leastkey.Resource{a}, "*", 99, []string{"Z4"}},
		{"brackets", []leastkey.Resource{a}, "[b]", 99, nil},
		{"a folder", []leastkey.Resource{folder.Resource}, "", 99, []string{"z6", "z5"}},
		{"a folder in a folder", []leastkey.Resource{inner.Resource}, "", 99, []string{"z6"}},
		{"a resource of the type itself", []leastkey.Resource{odd.Resource}, "", 99, []string{"z7"}},
		{"each once", []leastkey.Resource{folder.Resource, a, inner.Resource, a}, "exa", 99, []string{"z5", "z1", "z3", "z2", "z6"}},
		{"two accounts", []leastkey.Resource{other, a}, "example", 99, []string{"z1", "z3", "z8", "z2", "z6"}},
		{"another account", []leastkey.Resource{other}, "", 99, []string{"z8"}},
		{"a loop", []leastkey.Resource{{Type: "loop", ID: "1"}}, "", 99, []string{"z11"}},
		{"nothing below", []leastkey.Resource{{Type: "zone", ID: "z1"}, {Type: leastkey.AccountType, ID: "A"}, {Type: "account", ID: "odd\uFFFD"}}, "", 99, nil},
		{"no ancestors", nil, "", 99, nil},
	}
	for _, test := range tests {
		s := control.ResourceSearch{Type: "zone", Within: test.within, Text: test.text, Limit: test.limit}
		var got []string
		for _, r := range read(b, func(r control.Reader) ([]control.Resource, error) { return r.FindResources(s) }) {
			got = append(got, r.ID)
			full := read(b, func(reader control.Reader) (control.Resource, error) { return reader.Resource(r.Resource) })
			same(t, test.name+": the row", r, full)
		}
		same(t, test.name, got, test.want)
		if count := read(b, func(r control.Reader) (int, error) { return r.CountResources(s) }); test.limit == 99 && count != len(test.want) {
			t.Errorf("%s: counted %d, want %d", test.name, count, len(test.want))
		}
	}
	s := control.ResourceSearch{Type: "zone", Within: []leastkey.Resource{a}, Text: "exa", Limit: 1}
	same(t, "a count has no limit", read(b, func(r control.Reader) (int, error) { return r.CountResources(s) }), 5)
	s.Type = "folder"
	s.Text, s.Limit = "", 9
	same(t, "folders", read(b, func(r control.Reader) ([]control.Resource, error) { return r.FindResources(s) }), []control.Resource{inner, folder})
	for _, limit := range []int{0, -1} {
		s.Limit = limit
		if err := b.store.View(t.Context(), func(r control.Reader) error { _, err := r.FindResources(s); return err }); err == nil {
			t.Errorf("a limit of %d is taken", limit)
		}
	}
}

// testFindDeep: a chain of parents is followed as far as enforcement nodes follow it.
func testFindDeep(t *testing.T, f Factory) {
	b := start(t, f)
	var zones []control.Resource
	b.commit(func(tx control.Tx) error {
		parent := top()
		for i := 1; i <= 20; i++ {
			folder := below(parent, "folder", fmt.Sprintf("%02d", i), "folder")
			parent = folder.Resource
			z := below(parent, "zone", fmt.Sprintf("%02d", i), "z")
			zones = append(zones, z)
			if err := tx.PutResource(folder); err != nil {
				return err
			}
			if err := tx.PutResource(z); err != nil {
				return err
			}
		}
		return nil
	})
	s := control.ResourceSearch{Type: "zone", Within: []leastkey.Resource{top()}, Limit: 99}
	got := read(b, func(r control.Reader) ([]control.Resource, error) { return r.FindResources(s) })
	same(t, "sixteen steps down", got, zones[:15])
	s.Within = append(s.Within, leastkey.Resource{Type: "folder", ID: "03"})
	got = read(b, func(r control.Reader) ([]control.Resource, error) { return r.FindResources(s) })
	same(t, "and from further down", got, zones[:18])
}
