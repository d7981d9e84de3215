package guard

import (
	"strconv"
	"testing"

	"github.com/leastkey/leastkey"
)

// Two places whose first handle is the same are two, and the second is found also when the first has gone
// from where both are looked for.
func TestPlacesThatCollide(t *testing.T) {
	e := beginLoad(NewState(catalogOf(t)).rules)
	kind, err := e.rules.words.kind("zone")
	if err != nil {
		t.Fatal(err)
	}
	var zones [2]leastkey.Resource
	for at, n := map[handle]string{}, 0; zones[0].ID == ""; n++ {
		id := strconv.Itoa(n)
		all := handlesOf(e.seed, kind, id)
		first := all.take()
		if other, taken := at[first]; taken {
			zones = [2]leastkey.Resource{{Type: "zone", ID: other}, {Type: "zone", ID: id}}
		}
		at[first] = id
	}
	var handles [2]handle
	for range 2 { // the second time they are known
		for i, zone := range zones {
			at, err := e.place(zone)
			if handles[i] != nowhere && handles[i] != at {
				t.Errorf("%v is at %d and at %d", zone, handles[i], at)
			}
			if handles[i] = at; err != nil {
				t.Fatal(err)
			}
		}
	}
	is := func(when string, first, second handle) {
		t.Helper()
		for i, want := range []handle{first, second} {
			if at, _ := placeOf(&e.places.Table, e.seed, kind, zones[i].ID); at != want {
				t.Errorf("%s: %v is at %d, want %d", when, zones[i], at, want)
			}
		}
	}
	if handles[0] == handles[1] {
		t.Fatal("two places have one handle")
	}
	is("both", handles[0], handles[1])
	e.leave(handles[0])
	e.leave(handles[0])
	is("without the first", nowhere, handles[1])
	if at, err := e.place(zones[1]); err != nil || at != handles[1] {
		t.Errorf("the second, named again, is at %d, want %d: %v", at, handles[1], err)
	}
	if at, err := e.place(zones[0]); err != nil || at != handles[0] {
		t.Errorf("the first, named again, is at %d, want %d: %v", at, handles[0], err)
	}
	is("both again", handles[0], handles[1])
}
