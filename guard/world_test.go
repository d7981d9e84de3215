package guard_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
)

// world is a guard and what it knows: Ada, Super Administrator of an account with the zones one
// and two, and Ben, of an account with the zone three.
type world struct {
	guard    *guard.Guard
	state    *guard.State
	catalog  *catalog.Catalog
	ada, ben person
	one, two leastkey.Resource
	three    leastkey.Resource
	rev      leastkey.Revision
}

type person struct {
	id, account leastkey.ID
	email       string
	key         leastkey.Secret
}

const epoch = "2030-01-01T00:00:00Z"

// clock gives the instant of every decision.
func clock() time.Time {
	now, err := time.Parse(time.RFC3339, epoch)
	if err != nil {
		panic(err)
	}
	return now
}

func numbered(kind byte, n byte) leastkey.ID { return leastkey.ID{0: kind, 15: n} }

func zone(n byte) leastkey.Resource {
	return leastkey.Resource{Type: "zone", ID: numbered('z', n).String()}
}

// failer is what a test and a property have in common.
type failer interface {
	Helper()
	Fatal(args ...any)
}

// secret makes the same secret for the same number.
func secret(t failer, kind leastkey.SecretKind, n byte) leastkey.Secret {
	t.Helper()
	s, err := leastkey.DefaultBrand.Mint(kind, bytes.NewReader(bytes.Repeat([]byte{0xab, n}, 48)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func newWorld(t testing.TB) *world {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{catalog: c, state: guard.NewState(c), one: zone(1), two: zone(2), three: zone(3)}
	if w.guard, err = guard.New(guard.Config{State: w.state, Brand: leastkey.DefaultBrand, Now: clock, BodyLimit: 1000}); err != nil {
		t.Fatal(err)
	}
	w.ada = person{numbered('u', 1), numbered('a', 1), "ada@example.com", secret(t, leastkey.GlobalKeySecret, 1)}
	w.ben = person{numbered('u', 2), numbered('a', 2), "ben@example.com", secret(t, leastkey.GlobalKeySecret, 2)}
	var changes []leastkey.Change
	for i, p := range []person{w.ada, w.ben} {
		changes = append(changes,
			leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(p.id), Email: p.email, Active: true}},
			leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(p.account), Active: true}},
			leastkey.Change{Membership: &leastkey.Membership{User: p.id, Account: p.account, Roles: []leastkey.ID{w.role(t, "Super Administrator")}}},
			leastkey.Change{Credential: &leastkey.CredentialRecord{
				Credential: leastkey.Credential{ID: numbered('k', byte(i)), Kind: leastkey.GlobalAPIKey, Principal: leastkey.UserOf(p.id), Status: leastkey.Active},
				Secrets:    []leastkey.LiveSecret{{Hash: p.key.Hash()}},
			}})
	}
	changes = append(changes, under(w.one, w.ada.account), under(w.two, w.ada.account), under(w.three, w.ben.account))
	w.load(t, changes...)
	return w
}

func under(r leastkey.Resource, account leastkey.ID) leastkey.Change {
	return leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Parent: leastkey.AccountOf(account).Resource()}}
}

func gone(r leastkey.Resource, account leastkey.ID) leastkey.Change {
	c := under(r, account)
	c.Resource.Gone = true
	return c
}

// token is Ada's, with these policies.
func (w *world) token(id byte, s leastkey.Secret, policies ...leastkey.Policy) leastkey.Change {
	return leastkey.Change{Credential: &leastkey.CredentialRecord{
		Credential: leastkey.Credential{ID: numbered('t', id), Kind: leastkey.Token, Principal: leastkey.UserOf(w.ada.id), Status: leastkey.Active, Policies: policies},
		Secrets:    []leastkey.LiveSecret{{Hash: s.Hash()}},
	}}
}

func (w *world) policy(t testing.TB, e leastkey.Effect, on leastkey.Pattern, groups ...string) leastkey.Policy {
	t.Helper()
	p := leastkey.Policy{Effect: e, Patterns: []leastkey.Pattern{on}}
	for _, name := range groups {
		for _, g := range w.catalog.GroupsNamed(name) {
			if g.Type == on.Type {
				p.Groups = append(p.Groups, g.ID)
			}
		}
	}
	if len(p.Groups) != len(groups) {
		t.Fatalf("not all of %v are of type %s", groups, on.Type)
	}
	return p
}

func (w *world) role(t testing.TB, name string) leastkey.ID {
	t.Helper()
	role, ok := w.catalog.RoleNamed(name)
	if !ok {
		t.Fatalf("no role %s", name)
	}
	return role.ID
}

func each(changes ...leastkey.Change) func(func(leastkey.Change) error) error {
	return func(yield func(leastkey.Change) error) error {
		for _, c := range changes {
			if err := yield(c); err != nil {
				return err
			}
		}
		return nil
	}
}

func (w *world) load(t testing.TB, changes ...leastkey.Change) {
	t.Helper()
	w.rev = 10
	if err := w.state.Load(w.rev, each(changes...)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) apply(t failer, changes ...leastkey.Change) {
	t.Helper()
	w.rev++
	if err := w.state.Apply(w.rev, changes); err != nil {
		t.Fatal(err)
	}
}

// request is below /client/v4, from 192.0.2.1; header fields come as name and value in turn.
func request(method, path, body string, fields ...string) guard.Request {
	r := guard.Request{Can: guard.AllAbilities, Method: method, Target: "/client/v4" + path, Header: http.Header{}, Addr: netip.MustParseAddr("192.0.2.1"),
		Body: func(limit int64) ([]byte, error) {
			if int64(len(body)) > limit {
				return nil, guard.ErrBodyTooLarge
			}
			return []byte(body), nil
		}}
	for field := range slices.Chunk(fields, 2) {
		r.Header.Add(field[0], field[1])
	}
	return r
}

func bearer(s leastkey.Secret) []string { return []string{"Authorization", "Bearer " + s.Reveal()} }

func (p person) byKey() []string {
	return []string{"X-Auth-Email", p.email, "X-Auth-Key", p.key.Reveal()}
}

// status asks the guard, and gives the status of the refusal, 200 when there is none.
func (w *world) status(r guard.Request) int {
	v := w.guard.Check(context.Background(), r)
	if v.Allowed() {
		return http.StatusOK
	}
	return v.Denial().Status
}

// answer is what a refused request is answered, head and body.
func (w *world) answer(t testing.TB, r guard.Request) *httptest.ResponseRecorder {
	t.Helper()
	v := w.guard.Check(context.Background(), r)
	if v.Allowed() {
		t.Fatalf("%s %s is allowed", r.Method, r.Target)
	}
	rec := httptest.NewRecorder()
	v.Denial().Write(rec)
	return rec
}
