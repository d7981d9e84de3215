package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

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
