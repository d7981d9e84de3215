package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// BenchmarkCommit measures a commit of one account beside a bare SQLite commit of one row on the
// same disk, by turns: x-plain is how many times as long it takes.
func BenchmarkCommit(b *testing.B) {
	store := start(b)
	conn, err := sqlite.OpenConn(filepath.Join(b.TempDir(), "plain.db"), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			b.Error(err)
		}
	}()
	if err := prepareWriter(conn); err != nil {
		b.Fatal(err)
	}
	if err := sqlitex.ExecuteTransient(conn, "CREATE TABLE plain (id INTEGER PRIMARY KEY, name TEXT)", nil); err != nil {
		b.Fatal(err)
	}
	var plain time.Duration
	for b.Loop() {
		if _, _, err := commitOne(b.Context(), store); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		begin := time.Now()
		if err := sqlitex.Execute(conn, "INSERT INTO plain (name) VALUES ('one')", nil); err != nil {
			b.Fatal(err)
		}
		plain += time.Since(begin)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed())/float64(plain), "x-plain")
}

// BenchmarkRead measures a view that reads one credential.
func BenchmarkRead(b *testing.B) {
	store, id := start(b), token().ID
	for b.Loop() {
		err := store.View(b.Context(), func(r control.Reader) error {
			_, err := r.Credential(id)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindResources measures a search through the 10,000 zones of one account, beside as
// many of another: by a text that one has, that all have, and counting what all have.
func BenchmarkFindResources(b *testing.B) {
	store := start(b)
	fillZones(b, store, 10_000)
	find := func(text string) func(control.Reader) (int, error) {
		return func(r control.Reader) (int, error) {
			found, err := r.FindResources(zonesOf("a", text))
			return len(found), err
		}
	}
	for _, bench := range []struct {
		name string
		find func(control.Reader) (int, error)
		want int
	}{
		{"one", find("zone-777.EX"), 1},
		{"all", find(""), 20},
		{"none", find("none"), 0},
		{"count", func(r control.Reader) (int, error) { return r.CountResources(zonesOf("a", "example")) }, 10_000},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				err := store.View(b.Context(), func(r control.Reader) error {
					n, err := bench.find(r)
					if n != bench.want {
						b.Errorf("found %d, want %d", n, bench.want)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func zonesOf(account, text string) control.ResourceSearch {
	return control.ResourceSearch{Type: "zone", Within: []leastkey.Resource{{Type: leastkey.AccountType, ID: account}}, Text: text, Limit: 20}
}

// fillZones puts so many zones into each of the accounts a and b.
func fillZones(b *testing.B, store *Store, each int) {
	b.Helper()
	err := try(b, store, 2, func(tx control.Tx) error {
		for i := range 2 * each {
			err := tx.PutResource(control.Resource{
				Resource: leastkey.Resource{Type: "zone", ID: fmt.Sprintf("%032x", i)},
				Name:     fmt.Sprintf("zone-%d.example", i/2),
				Parent:   leastkey.Resource{Type: leastkey.AccountType, ID: []string{"a", "b"}[i%2]},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}
