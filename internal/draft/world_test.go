package draft

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

func theCatalog(t testing.TB) *catalog.Catalog {
	t.Helper()
	cat, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// named is an id that is told by a word.
func named(word string) leastkey.ID {
	sum := sha256.Sum256([]byte(word))
	return leastkey.ID(sum[:16])
}

func group(t testing.TB, cat *catalog.Catalog, name string, of leastkey.ResourceType) leastkey.ID {
	t.Helper()
	for _, g := range cat.GroupsNamed(name) {
		if g.Type == of {
			return g.ID
		}
	}
	t.Fatalf("no group %q for %s", name, of)
	return leastkey.ID{}
}

func ada() leastkey.Principal     { return leastkey.UserOf(named("ada")) }
func example() leastkey.Principal { return leastkey.AccountOf(named("example")) }

// newToken is what a new token is compiled against.
func newToken(owner leastkey.Principal) control.Credential {
	var c control.Credential
	c.Principal = owner
	return c
}

// stored is a token as it is kept.
func stored(owner leastkey.Principal, policies ...leastkey.Policy) control.Credential {
	c := newToken(owner)
	c.ID, c.Kind, c.Status, c.Name = named("token"), leastkey.Token, leastkey.Active, "deploy-bot"
	c.IssuedOn = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c.Policies = policies
	return c
}

func zone(word string) leastkey.Resource {
	return leastkey.Resource{Type: "zone", ID: named(word).String()}
}
