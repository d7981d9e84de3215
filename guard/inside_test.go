package guard

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

const insideCatalog = `
namespace: com.example.law
resources:
  zone: {parent: account}
  record: {parent: zone}
permission_groups:
  - {id: 00000000000000000000000000000b01, name: Record Read, resource: record}
  - {id: 00000000000000000000000000000b02, name: Record Write, resource: record}
roles:
  - {id: 00000000000000000000000000000e01, name: Everything, permissions: all}
operations:
  - {route: "GET /accounts/{a}/records", any_of: [Record Read, Record Write], target: {list: record, in: {account: path.a}}, items: {at: /result, id: /id}}
`

var recordGroups = []leastkey.ID{{14: 0x0b, 15: 1}, {14: 0x0b, 15: 2}}

// insideWorld has two accounts of one user with zones and records, and one token.
type insideWorld struct {
	changes []leastkey.Change
	places  []leastkey.Resource // accounts, zones, records
	secret  leastkey.Secret
}

func newInsideWorld(t testing.TB, c *catalog.Catalog, zones int) insideWorld {
	t.Helper()
	var w insideWorld
	var err error
	if w.secret, err = leastkey.DefaultBrand.Mint(leastkey.UserTokenSecret, rand.Reader); err != nil {
		t.Fatal(err)
	}
	user := leastkey.UserOf(lawID('u', 1))
	w.changes = append(w.changes, leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: user, Active: true}})
	for a := range 2 {
		account := leastkey.AccountOf(lawID('a', a))
		w.places = append(w.places, account.Resource())
		w.changes = append(w.changes, leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: account, Active: true}},
			leastkey.Change{Membership: &leastkey.Membership{User: user.ID, Account: account.ID, Roles: []leastkey.ID{c.Roles()[0].ID}}})
		for z := range zones {
			zone := leastkey.Resource{Type: "zone", ID: fmt.Sprint("z", a, z)}
			record := leastkey.Resource{Type: "record", ID: fmt.Sprint("r", a, z)}
			w.changes = append(w.changes, leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: zone, Parent: account.Resource()}},
				leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: record, Parent: zone}})
			w.places = append(w.places, zone, record)
		}
	}
	return w
}

// look asks for the list of the first account's records with a token of these policies.
func (w insideWorld) look(t testing.TB, c *catalog.Catalog, policies []leastkey.Policy) *look {
	t.Helper()
	token := leastkey.Credential{ID: lawID('c', 1), Principal: leastkey.UserOf(lawID('u', 1)), Kind: leastkey.Token, Status: leastkey.Active, Policies: policies}
	state, err := loaded(c, 1, append(w.changes, leastkey.Change{Credential: &leastkey.CredentialRecord{Credential: token, Secrets: []leastkey.LiveSecret{{Hash: w.secret.Hash()}}}}))
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(Config{State: state, Brand: leastkey.DefaultBrand, Now: func() time.Time { return lawEpoch }})
	if err != nil {
		t.Fatal(err)
	}
	var l look
	g.check(&Request{Method: "GET", Target: "/accounts/" + lawID('a', 0).String() + "/records", Can: AllAbilities,
		Header: http.Header{"Authorization": {"Bearer " + w.secret.Reveal()}}}, &l)
	return &l
}

// A list below a resource is given exactly when something in it could be seen: one of what is there, or
// of what may yet be made there.
func TestListsInside(t *testing.T) {
	c, err := catalog.Load("inside.yaml", []byte(insideCatalog))
	if err != nil {
		t.Fatal(err)
	}
	w := newInsideWorld(t, c, 2)
	given, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		var policies []leastkey.Policy
		for i := range rapid.IntRange(1, 4).Draw(rt, "policies") {
			p := leastkey.Policy{ID: lawID('p', i), Effect: rapid.SampledFrom([]leastkey.Effect{leastkey.Allow, leastkey.Deny}).Draw(rt, "effect"),
				Groups: rapid.SliceOfNDistinct(rapid.SampledFrom(recordGroups), 1, 2, rapid.ID).Draw(rt, "groups")}
			for range rapid.IntRange(1, 3).Draw(rt, "patterns") {
				switch at := rapid.SampledFrom(w.places).Draw(rt, "at"); at.Type {
				case "record":
					p.Patterns = append(p.Patterns, rapid.SampledFrom([]leastkey.Pattern{leastkey.PatternOne(at), leastkey.PatternEvery("record")}).Draw(rt, "pattern"))
				default:
					p.Patterns = append(p.Patterns, leastkey.PatternUnder("record", at))
				}
			}
			policies = append(policies, p)
		}
		l := w.look(t, c, policies)
		op := &l.now.rules.accepted[l.v.Operation.Number()]
		seen := false
		for _, at := range w.places {
			var item target
			if at.Type == "record" {
				l.now.one(&item, op.kind, at.ID)
			} else {
				l.now.childOf(&item, l.now.find(at), op.kind)
			}
			if item.at != l.v.within && (item.depth == 0 || item.above[0] != l.v.within) {
				item.in(l.v.within)
			}
			seen = seen || item.known && l.judged.decide(op, &item).allowed()
		}
		if l.v.Allowed() != seen {
			rt.Fatalf("%+v: allowed %t, and something may be seen %t", policies, l.v.Allowed(), seen)
		}
		if seen {
			given++
		} else {
			refused++
		}
	})
	if given < 10 || refused < 10 {
		t.Errorf("%d lists were given, %d refused", given, refused)
	}
}

// However often policies name the same things, each of these is decided once.
func TestListsInsideAreBounded(t *testing.T) {
	c, err := catalog.Load("inside.yaml", []byte(insideCatalog))
	if err != nil {
		t.Fatal(err)
	}
	w := newInsideWorld(t, c, 50)
	var all []leastkey.Pattern
	for _, at := range w.places {
		if at.Type == "record" {
			all = append(all, leastkey.PatternOne(at))
		}
	}
	var policies []leastkey.Policy
	for i := range 99 {
		p := leastkey.Policy{ID: lawID('p', i), Effect: leastkey.Allow, Groups: recordGroups[:1], Patterns: all[i%2:]}
		if i == 0 {
			p.Effect, p.Patterns = leastkey.Deny, all
		}
		policies = append(policies, p)
	}
	l := w.look(t, c, policies)
	op := &l.now.rules.accepted[l.v.Operation.Number()]
	if l.v.Allowed() {
		t.Error("a list of what is denied one by one is given")
	}
	if n := len(named(l.judged.about(nil, op, nil), op.kind)); n != len(all) {
		t.Errorf("%d of %d are decided", n, len(all))
	}
}
