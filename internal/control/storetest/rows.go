package storetest

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// number makes an id, and hash a secret's hash, that tests can tell apart.
func number(n int) (id leastkey.ID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

func hash(n int) (h leastkey.SecretHash) {
	binary.BigEndian.PutUint64(h[24:], uint64(n))
	return h
}

// minute is an instant with microseconds, n minutes into the tests' time.
func minute(n int) time.Time {
	return time.Date(2031, 5, 6, 7, 8, 9, 123456000, time.UTC).Add(time.Duration(n) * time.Minute)
}

// user and the like make whole rows, every field set.
func user(n int) control.User {
	return control.User{
		ID: number(n), Email: "user" + number(n).String() + "@example.com", FirstName: "Ada", LastName: "Løvelace",
		PasswordHash: "$argon2id$v=19$m=1,t=1,p=1$c2FsdA$aGFzaA", CreatedOn: minute(n), ModifiedOn: minute(n + 1),
	}
}

func account(n int) control.Account {
	return control.Account{ID: number(n), Name: "Example Ltd", CreatedOn: minute(n), ModifiedOn: minute(n + 1)}
}

func member(n int, account, user leastkey.ID) control.Member {
	return control.Member{ID: number(n), Account: account, User: user, Roles: []leastkey.ID{number(9), number(3)}, Groups: []leastkey.ID{number(80 + n%2)}, CreatedOn: minute(n)}
}

func zone(n int, id string) control.Resource {
	return control.Resource{
		Resource: leastkey.Resource{Type: "zone", ID: id}, Name: id + ".example",
		Parent: leastkey.Resource{Type: leastkey.AccountType, ID: "a"}, CreatedOn: minute(n),
	}
}

func token(n int, owner leastkey.Principal, secrets ...control.StoredSecret) control.Credential {
	range4, range6 := ranges()
	return control.Credential{
		Credential: leastkey.Credential{
			ID: number(n), Kind: leastkey.Token, Principal: owner, Status: leastkey.Active,
			Validity:  leastkey.Validity{NotBefore: minute(n), ExpiresOn: minute(n + 100)},
			Condition: leastkey.Condition{In: []leastkey.AddressRange{range4, range6}, NotIn: []leastkey.AddressRange{range6}},
			Policies: []leastkey.Policy{
				{ID: number(71), Effect: leastkey.Allow, Groups: []leastkey.ID{number(81), number(80)}, Patterns: []leastkey.Pattern{
					leastkey.PatternUnder("zone", leastkey.Resource{Type: leastkey.AccountType, ID: "a"}),
					leastkey.PatternEvery("zone"),
				}},
				{ID: number(70), Effect: leastkey.Deny, Groups: []leastkey.ID{number(80)}, Patterns: []leastkey.Pattern{
					leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: "z1"}),
				}},
			},
		},
		Name: "edit zone", Secrets: secrets, IssuedOn: minute(n), ModifiedOn: minute(n + 1), LastUsedOn: minute(n + 2),
	}
}

func ranges() (range4, range6 leastkey.AddressRange) {
	range4, err4 := leastkey.ParseAddressRange("192.0.2.0/24")
	range6, err6 := leastkey.ParseAddressRange("2001:db8::1")
	if err := errors.Join(err4, err6); err != nil {
		panic(err) // both are constants
	}
	return range4, range6
}

func secret(n int) control.StoredSecret {
	return control.StoredSecret{LiveSecret: leastkey.LiveSecret{Hash: hash(n)}, Tail: "a1b2", CreatedOn: minute(n), LastUsedOn: minute(n + 1)}
}

func session(n int, user leastkey.ID) control.Session {
	return control.Session{
		ID: number(n), User: user, Hash: hash(n), CreatedOn: minute(n), ExpiresOn: minute(n + 100), SeenOn: minute(n + 1), ConfirmedOn: minute(n + 2),
		ByLink: true, Addr: netip.MustParseAddr("::ffff:192.0.2.1"), Addr4: netip.MustParseAddr("192.0.2.2"), Addr6: netip.MustParseAddr("2001:db8::2"),
		Agent: "Browser/1.0 (a; b)",
	}
}

func link(n int, user leastkey.ID) control.SignInLink {
	return control.SignInLink{Hash: hash(n), User: user, ExpiresOn: minute(n + 10)}
}

func use(n int, credential leastkey.ID, secret int) control.Use {
	return control.Use{
		Credential: credential, Secret: hash(secret), At: minute(n), Addr: netip.MustParseAddr("2001:db8::1"),
		Operation: "GET /client/v4/zones/{zone_id}", Target: "zone z1", Allowed: true,
	}
}

// same fails the test unless both are equal; a list that is nil equals an empty one.
func same[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := diff(got, want); diff != "" {
		t.Errorf("%s: got -, want +\n%s", what, diff)
	}
}

func diff[T any](got, want T) string {
	return cmp.Diff(got, want, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, leastkey.AddressRange{}))
}

// wants fails the test unless the error is of the kind.
func wants(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}
