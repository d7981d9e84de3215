package imports

import (
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/leastkeytest"
)

// A document that names its permission groups: those are the groups, and accounts are Leastkey's.
func TestTokenGroups(t *testing.T) {
	c := importDocument(t, "testdata/parcels.yaml")
	c.whole(t)

	w := leastkeytest.New(t, c.Catalog)
	acme, other := w.Account("acme"), w.Account("other")
	ada := w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	west := w.Resource("depot", "west", acme.Resource())
	w.Resource("depot", "east", acme.Resource())
	p1 := w.Resource("parcel", "p1", west)
	w.Resource("parcel", "p2", west)
	tokens := map[string]*leastkeytest.Credential{
		"clerk of west":   w.Token(ada, leastkeytest.Allow("Parcel Write").On(leastkey.PatternUnder("parcel", west))),
		"reader of p1":    w.Token(ada, leastkeytest.Allow("Parcel Read").On(leastkey.PatternOne(p1))),
		"printer":         w.Token(ada, leastkeytest.Allow("Label Print").On(leastkey.PatternOne(p1))),
		"manager of west": w.Token(ada, leastkeytest.Allow("Depot Write").On(leastkey.PatternOne(west))),
		"accountant":      w.Token(ada, leastkeytest.Allow("Billing Read").On(leastkey.PatternOne(acme.Resource()))),
		"everything":      everything(w, acme),
	}
	c.expect(t, w, tokens, []ask{
		{"clerk of west", "GET /depots/west/parcels/p1", allowed},
		{"clerk of west", "POST /depots/west/parcels", allowed},
		{"clerk of west", "DELETE /depots/west/parcels/p2", allowed},
		{"clerk of west", "POST /depots/east/parcels", refused},
		{"clerk of west", "GET /depots/east/parcels/p1", refused}, // p1 is in the west
		{"clerk of west", "GET /depots/west/parcels/p1/label", refused},
		{"clerk of west", "PATCH /depots/west", refused},

		{"reader of p1", "GET /depots/west/parcels/p1", allowed},
		{"reader of p1", "GET /depots/west/parcels/p1/events/4", allowed},
		{"reader of p1", "GET /depots/west/parcels", allowed}, // and cut to p1
		{"reader of p1", "PUT /depots/west/parcels/p1", refused},
		{"reader of p1", "GET /depots/west/parcels/p2", refused},
		{"reader of p1", "GET /depots/east/parcels", refused},

		{"printer", "GET /depots/west/parcels/p1/label", allowed},
		{"printer", "GET /depots/west/parcels/p1", refused},

		{"manager of west", "PATCH /depots/west", allowed},
		{"manager of west", "PATCH /depots/east", refused},
		{"manager of west", "POST /depots", refused}, // one depot is not all
		{"manager of west", "PUT /depots/west/staff/bob@example.com", refused},
		{"manager of west", "GET /depots/west/parcels/p1", refused},

		{"accountant", "GET /accounts/" + acme.ID.String() + "/billing", allowed},
		{"accountant", "PUT /accounts/" + acme.ID.String() + "/billing", refused},
		{"accountant", "GET /accounts/" + other.ID.String() + "/billing", refused},
		{"accountant", "GET /accounts/" + acme.ID.String(), refused},

		{"everything", "POST /depots", allowed},
		{"everything", "GET /depots/nearest", unplaced},
		{"everything", "GET /tracking?number=p1", unplaced},
		{"everything", "GET /rates/de-fr", unplaced},
	})
}
