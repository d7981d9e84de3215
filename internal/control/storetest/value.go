package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// testTexts: ids and names are kept byte for byte, and none is taken for another.
func testTexts(t *testing.T, f Factory) {
	b := start(t, f)
	texts := []string{
		"", " ", "a", "A", "a ", " a", "á", "a\u0301", "%", "_", "'", `"`, `\`, "a'; DROP TABLE users; --", "?1", ":a", "$1",
		"1", "01", "1.0", "1e0", "NULL", "null", "\n", "\u2028", "\U0001F511", strings.Repeat("long ", 1000),
	}
	var zones []control.Resource
	for i, text := range texts {
		z := zone(i, text)
		z.Parent = leastkey.Resource{Type: "folder", ID: text}
		zones = append(zones, z)
	}
	b.commit(func(tx control.Tx) error {
		for i, text := range texts {
			u := user(i + 1)
			u.Email, u.FirstName, u.LastName = text, text, text
			if err := tx.PutUser(u); err != nil {
				return err
			}
			if err := tx.PutResource(zones[i]); err != nil {
				return err
			}
		}
		return nil
	})
	b.view(func(r control.Reader) error {
		for i, text := range texts {
			u, err := r.UserByEmail(text)
			wants(t, "user "+text, err, nil)
			same(t, "user "+text, []string{u.Email, u.FirstName, u.LastName}, []string{text, text, text})
			z, err := r.Resource(zones[i].Resource)
			wants(t, "zone "+text, err, nil)
			same(t, "zone "+text, z, zones[i])
			below, err := r.Resources("zone", zones[i].Parent)
			wants(t, "below "+text, err, nil)
			same(t, "below "+text, below, zones[i:i+1])
		}
		return nil
	})
}

// testTimes: instants to the microsecond come back in UTC, and none is taken for "no limit".
func testTimes(t *testing.T, f Factory) {
	b := start(t, f)
	east := time.FixedZone("east", 5*3600+1800)
	times := map[string]time.Time{
		"none":              {},
		"a microsecond":     minute(0).Add(time.Microsecond),
		"another time zone": minute(0).In(east),
		"1970":              time.Unix(0, 0),
		"before 1970":       time.Date(1812, 2, 3, 4, 5, 6, 789000, time.UTC),
		"the last year":     time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
	n := 0
	for name, at := range times {
		n++
		c := token(n, leastkey.UserOf(number(1)), secret(n))
		c.Validity = leastkey.Validity{NotBefore: at, ExpiresOn: at}
		c.IssuedOn, c.ModifiedOn, c.LastUsedOn = at, at, at
		c.Secrets[0].CreatedOn, c.Secrets[0].Until, c.Secrets[0].LastUsedOn = at, at, at
		b.put(c)
		b.holds(name, c)
		got, err := b.credential(c.ID)
		wants(t, name, err, nil)
		for _, back := range []time.Time{got.Validity.ExpiresOn, got.IssuedOn, got.Secrets[0].Until} {
			if back.Location() != time.UTC || back.IsZero() != at.IsZero() {
				t.Errorf("%s: %v came back as %v", name, at, back)
			}
		}
	}
}
