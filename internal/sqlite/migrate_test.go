package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// seventh writes a database as it was before commits had one row each, with so many of them, and gives the
// hashes of their audit rows.
func seventh(t *testing.T, path string, rows int, then string) (hashes []audit.Stored) {
	t.Helper()
	run(t, path, "")
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	scripts := fstest.MapFS{}
	for i := range 7 {
		names, err := migrations.ReadDir("migrations")
		if err != nil {
			t.Fatal(err)
		}
		name := "migrations/" + names[i].Name()
		script, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		scripts[name] = &fstest.MapFile{Data: script}
	}
	errs := []error{migrate(conn, scripts), sqlitex.ExecuteTransient(conn, "BEGIN", nil)}
	r := reader{&session{conn: conn}}
	for n := range leastkey.Revision(rows) {
		row := control.Audit{Revision: n + 1, ID: leastkey.ID{byte(n), byte(n >> 8)}, At: time.Unix(int64(n), 0).UTC(), Action: "test",
			Actor: leastkey.UserOf(leastkey.ID{byte(n % 3)}), Subject: fmt.Sprint("subject ", n%5), After: json.RawMessage(`{"a": 1}`)}
		errs = append(errs, tx{r}.insertAudit(row.Revision, row), r.hashFirst(row),
			r.run("INSERT INTO change_log VALUES (?, ?)", nil, int64(row.Revision), fmt.Sprintf(`[{"Principal":{"Email":"%d"}}]`, n+1)))
	}
	errs = append(errs, r.run("UPDATE head SET revision = ?", nil, int64(rows)),
		r.run("SELECT position, hash FROM audit_hashes ORDER BY position", func(row row) error {
			hashes = append(hashes, audit.Stored{Index: row.int(0), Hash: audit.Hash(row.hash(1))})
			return nil
		}),
		sqlitex.ExecuteTransient(conn, "COMMIT", nil), sqlitex.ExecuteScript(conn, then, nil), conn.Close())
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return hashes
}

// TestFewerTrees: commits, hashes and audit rows of an older database are all there and found, and go on.
func TestFewerTrees(t *testing.T) {
	for _, rows := range []int{0, 1, 2, 255, 256, 600} {
		path := filepath.Join(t.TempDir(), "state.db")
		hashes := seventh(t, path, rows, "")
		store := open(t, path)
		err := store.View(t.Context(), func(r control.Reader) error {
			got, err1 := r.AuditHashes(0, 1<<62)
			changes, err2 := r.Changes(0, 1000)
			rev, err3 := r.Revision()
			if fmt.Sprint(got) != fmt.Sprint(hashes) || len(changes) != rows || int(rev) != rows {
				t.Errorf("%d rows: %d of %d hashes, %d changes, revision %d", rows, len(got), len(hashes), len(changes), rev)
			}
			for i, c := range changes {
				if int(c.Revision) != i+1 || c.Changes[0].Principal.Email != fmt.Sprint(i+1) {
					t.Errorf("%d rows: changes of %d became %+v", rows, i+1, c)
				}
			}
			found, err4 := r.AuditRows(control.AuditFilter{Subject: "subject 0", Limit: 1000})
			spans, err5 := r.AuditRows(control.AuditFilter{To: time.Unix(100, 0), Limit: 1000})
			if len(found) != (rows+4)/5 || len(spans) != min(rows, 100) {
				t.Errorf("%d rows: found %d by subject, %d by time", rows, len(found), len(spans))
			}
			return errors.Join(err1, err2, err3, err4, err5)
		})
		rev, _, err2 := commitOne(t.Context(), store)
		if err := errors.Join(err, err2, store.Close()); err != nil || int(rev) != rows+1 {
			t.Errorf("%d rows, then %d: %v", rows, rev, err)
		}
	}
}

// TestFewerTreesOfDamage: what lacks a hash or a change is left as it is.
func TestFewerTreesOfDamage(t *testing.T) {
	for _, damage := range []string{"DELETE FROM change_log WHERE revision = 3", "DROP TRIGGER audit_hashes_stay; DELETE FROM audit_hashes WHERE position = 5",
		"UPDATE head SET revision = 10"} {
		path := filepath.Join(t.TempDir(), "state.db")
		seventh(t, path, 9, damage)
		if _, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "0008_fewer_trees.sql") {
			t.Errorf("%s: %v", damage, err)
		}
	}
}
