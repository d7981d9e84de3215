package nodetest

import (
	"context"
	"net/http"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// World is who and what there is at the start: two people, each Super Administrator of an
// account of their own.
type World struct {
	Ada Person // with the zones one.example and two.example
	Ben Person // with the zone three.example
}

// Person is a user with an account.
type Person struct {
	ID      leastkey.ID
	Email   string
	Key     string // Global API Key
	Account leastkey.ID
	Member  leastkey.ID // of that account
	Zones   []string
}

// ByKey presents the person's Global API Key.
func (p Person) ByKey() Credential {
	return func(h http.Header) {
		h.Set("X-Auth-Email", p.Email)
		h.Set("X-Auth-Key", p.Key)
	}
}

func (n *Node) people(t testing.TB) World {
	t.Helper()
	return World{
		Ada: n.Person(t, "ada@example.com", "Ada's", "one.example", "two.example"),
		Ben: n.Person(t, "ben@example.com", "Ben's", "three.example"),
	}
}

// Person makes a user who is Super Administrator of a new account with these zones.
func (n *Node) Person(t testing.TB, email, account string, zones ...string) Person {
	t.Helper()
	ctx := context.Background()
	p := n.User(t, email)
	made, err := n.Control.CreateAccount(ctx, control.Operator(), account)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Product.PutAccount(ctx, made.ID.String(), account); err != nil {
		t.Fatal(err)
	}
	p.Account = made.ID
	p.Member = n.Join(t, p, made.ID, "Super Administrator")
	for _, name := range zones {
		zone, err := n.Product.SeedZone(ctx, made.ID.String(), name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.Control.Register(ctx, control.Operator(), Zone(zone.ID), name, leastkey.AccountOf(made.ID).Resource()); err != nil {
			t.Fatal(err)
		}
		p.Zones = append(p.Zones, zone.ID)
	}
	return p
}

// User makes a user without an account.
func (n *Node) User(t testing.TB, email string) Person {
	t.Helper()
	return n.Users(t, email)[0]
}

// Users makes users with a Global API Key each, straight in the store: to hash a password for
// each takes longer than all else that most tests do. They have no
// password to sign in with.
func (n *Node) Users(t testing.TB, emails ...string) []Person {
	t.Helper()
	people := make([]Person, len(emails))
	_, err := n.Store.Commit(context.Background(), func(tx control.Tx) (act control.Act, err error) {
		for i, email := range emails {
			if people[i], err = n.put(tx, email); err != nil {
				return act, err
			}
		}
		return control.Act{Audit: control.Audit{ID: people[0].ID, At: n.Clock.Now(), Action: "user.create"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.State.Doubt()
	n.Control.Heal(context.Background())
	return people
}

func (n *Node) put(tx control.Tx, email string) (Person, error) {
	id, err := leastkey.NewID(n.config.Random)
	if err != nil {
		return Person{}, err
	}
	secret, err := leastkey.DefaultBrand.Mint(leastkey.GlobalKeySecret, n.config.Random)
	if err != nil {
		return Person{}, err
	}
	now := n.Clock.Now()
	if err := tx.PutUser(control.User{ID: id, Email: email, CreatedOn: now, ModifiedOn: now}); err != nil {
		return Person{}, err
	}
	key := control.Credential{Name: "Global API Key", IssuedOn: now, ModifiedOn: now,
		Secrets: []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: secret.Hash()}, Tail: secret.Tail(), CreatedOn: now}}}
	key.Kind, key.Principal, key.Status = leastkey.GlobalAPIKey, leastkey.UserOf(id), leastkey.Active
	if key.ID, err = leastkey.NewID(n.config.Random); err != nil {
		return Person{}, err
	}
	return Person{ID: id, Email: email, Key: secret.Reveal()}, tx.PutCredential(key)
}

// Join makes a user a member of an account, and gives the id of the membership.
func (n *Node) Join(t testing.TB, p Person, account leastkey.ID, roles ...string) leastkey.ID {
	t.Helper()
	ids := make([]leastkey.ID, len(roles))
	for i, name := range roles {
		ids[i] = n.Role(t, name)
	}
	member, err := n.Control.AddMember(context.Background(), control.Operator(), account, p.Email, ids)
	if err != nil {
		t.Fatal(err)
	}
	return member.Member.ID
}

// Zone is a zone as a resource.
func Zone(id string) leastkey.Resource { return leastkey.Resource{Type: "zone", ID: id} }

// Role is the id of a role.
func (n *Node) Role(t testing.TB, name string) leastkey.ID {
	t.Helper()
	role, ok := n.Catalog.RoleNamed(name)
	if !ok {
		t.Fatalf("the catalogue has no role %q", name)
	}
	return role.ID
}

// Group is the id of the permission group of that name; where there are two, the one of the type.
func (n *Node) Group(t testing.TB, name string, of ...leastkey.ResourceType) leastkey.ID {
	t.Helper()
	for _, g := range n.Catalog.GroupsNamed(name) {
		if len(of) == 0 || of[0] == g.Type {
			return g.ID
		}
	}
	t.Fatalf("the catalogue has no permission group %q", name)
	return leastkey.ID{}
}
