package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// aWalk puts eight lots of credentials, whose texts and secrets are of different lengths.
func aWalk(t *testing.T) *Store {
	t.Helper()
	store := start(t)
	err := try(t, store, 2, func(tx control.Tx) (err error) {
		for i := range 8 * lotSize {
			c := token()
			c.ID, c.Secrets = leastkey.ID{4, byte(i >> 8), byte(i)}, nil
			if i%3 == 0 {
				c.Secrets = []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: leastkey.SecretHash{2, byte(i >> 8), byte(i)}}}}
			}
			for p := range i % 4 {
				c.Policies = append(c.Policies, leastkey.Policy{ID: leastkey.ID{byte(p)}, Effect: leastkey.Allow,
					Patterns: []leastkey.Pattern{leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: fmt.Sprint("zone ", i)})}})
			}
			err = errors.Join(err, tx.PutCredential(c))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// TestWalkEndsEarly: whoever has enough of a walk is answered with their own error, wherever it is, and the
// Reader is good again.
func TestWalkEndsEarly(t *testing.T) {
	store := aWalk(t)
	for range 2 {
		for lots := range 8 {
			for _, more := range []int{0, 1} {
				given := 0
				err := store.View(t.Context(), func(r control.Reader) error {
					err := r.State(func(leastkey.Change) error {
						if given++; given > lots*lotSize+more {
							return errPlanned
						}
						return nil
					})
					_, err2 := r.Users()
					return errors.Join(err, err2)
				})
				if !errors.Is(err, errPlanned) || given != lots*lotSize+more+1 {
					t.Fatalf("%d lots and %d: %d given: %v", lots, more, given, err)
				}
			}
		}
	}
}

// TestWalkOfDamage: a damaged row ends every walk with its fault, however much is behind it.
func TestWalkOfDamage(t *testing.T) {
	store := aWalk(t)
	conn, release := writing(t, store)
	err := sqlitex.ExecuteTransient(conn, "UPDATE credentials SET policies = 'x' WHERE id = (SELECT min(id) FROM credentials)", nil)
	release()
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		err := store.View(t.Context(), func(r control.Reader) error {
			return r.State(func(leastkey.Change) error { return nil })
		})
		if err == nil || !strings.Contains(err.Error(), "damaged row: credential 03") {
			t.Fatalf("got error %v", err)
		}
	}
}

// TestLotThatDoesNotFit: what says that more belongs to it than there is, is damage and no panic.
func TestLotThatDoesNotFit(t *testing.T) {
	for _, row := range []credentialRow{{condition: 3}, {policies: 3}, {condition: 2, policies: 1}, {secrets: 1}} {
		read, made := make(chan *lot, 1), make(chan *lot, 1)
		read <- &lot{changes: []leastkey.Change{{Credential: &leastkey.CredentialRecord{}}}, credentials: credentials{rows: []credentialRow{row}, text: "{}"}}
		close(read)
		makeRecords(read, made)
		if l := <-made; l.err == nil || !l.damaged || len(l.changes) != 0 {
			t.Errorf("%+v: %+v", row, l)
		}
	}
}
