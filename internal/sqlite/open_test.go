package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// TestPrivate: nobody else reads what is kept, whatever the umask allows.
func TestPrivate(t *testing.T) {
	if !modesMatter {
		t.Skip("file modes mean nothing here")
	}
	dir := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(dir, "state.db")
	store := open(t, path)
	if _, _, err := commitOne(t.Context(), store); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if got := mode(t, d); got != 0o700 {
			t.Errorf("directory %s has mode %04o", d, got)
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if got := mode(t, path+suffix); got != 0o600 {
			t.Errorf("state.db%s has mode %04o", suffix, got)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// run writes a database that this package did not make.
func run(t *testing.T, path, script string) {
	t.Helper()
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlitex.ExecuteScript(conn, script, nil); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"anybody may read it", func(t *testing.T, path string) {
			run(t, path, "")
			if err := os.Chmod(path, 0o604); err != nil {
				t.Fatal(err)
			}
		}, "run chmod 600"},
		{"anybody may replace it", func(t *testing.T, path string) {
			if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
		}, "run chmod o-w"},
		{"a newer one", func(t *testing.T, path string) {
			if err := open(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			run(t, path, "PRAGMA user_version = 1000")
		}, "use the newer leastkey"},
		{"another program's", func(t *testing.T, path string) { run(t, path, "CREATE TABLE theirs (x)") }, "another program"},
		{"another program's, by id", func(t *testing.T, path string) { run(t, path, "PRAGMA application_id = 7") }, "another program"},
		{"not a database", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database"},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is not a file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			test.prepare(t, path)
			before, _ := os.ReadFile(path)
			for range 2 { // the first refusal gives the lock back
				store, err := Open(t.Context(), path)
				if err == nil {
					_ = store.Close()
				}
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got error %v, want %q", err, test.want)
				}
			}
			after, _ := os.ReadFile(path)
			if test.want == "another program" && string(before) != string(after) {
				t.Error("the database of another program was changed")
			}
		})
	}
	for _, path := range []string{"", ":memory:"} {
		if _, err := Open(t.Context(), path); err == nil {
			t.Errorf("%q was opened", path)
		}
	}
}

// TestAlias: a link to the data directory leads to the same lock.
func TestAlias(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	store := open(t, filepath.Join(dir, "state.db"))
	if _, err := Open(t.Context(), filepath.Join(link, "state.db")); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened through a link: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestUpgrade: a database of the first version keeps what it has, and its laws.
func TestUpgrade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	first, err := migrations.ReadFile("migrations/0001_initial.sql")
	if err != nil {
		t.Fatal(err)
	}
	const id, hash = "zeroblob(16)", "zeroblob(32)"
	z1, odd := leastkey.Resource{Type: "zone", ID: "z1"}, leastkey.Resource{Type: "zone", ID: "<\u2028\"\U0001F511>"}
	policies, err := encode([]leastkey.Policy{
		{Effect: leastkey.Allow, Patterns: []leastkey.Pattern{leastkey.PatternOne(z1), leastkey.PatternOne(odd), leastkey.PatternEvery("zone")}},
		{Effect: leastkey.Deny, Patterns: []leastkey.Pattern{leastkey.PatternUnder("record", z1), leastkey.PatternUnder("record", odd), {}}},
		{Effect: leastkey.Allow},
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, path, string(first)+`
		INSERT INTO users VALUES (`+id+`, 'a', '', '', '', 0, NULL, NULL);
		UPDATE head SET revision = 1;
		INSERT INTO change_log VALUES (1, '[]');
		INSERT INTO audit VALUES (1, `+id+`, 7000000, 1, `+id+`, `+id+`, '', 'test', 'user', `+id+`, NULL, NULL);
		INSERT INTO credentials VALUES (`+id+`, 1, 1, `+id+`, 'old', 1, NULL, NULL, '{}', '[]', 1, 2, 3, 0, NULL);
		INSERT INTO credentials VALUES (x'00000000000000000000000000000007', 1, 1, `+id+`, 'names', 1, NULL, NULL, '{}', '`+policies+`', 1, 2, 3, 0, NULL);
		INSERT INTO credentials VALUES (x'00000000000000000000000000000008', 1, 1, `+id+`, 'revoked', 1, NULL, NULL, '{}', '`+policies+`', 1, 2, 3, 1, 4);
		INSERT INTO credentials VALUES (x'00000000000000000000000000000009', 2, 1, `+id+`, 'key', 1, NULL, NULL, '{}', 'null', 1, 2, 3, 0, NULL);
		INSERT INTO secrets VALUES (`+hash+`, `+id+`, 0, NULL, 'tail', 4, 0, NULL);
		INSERT INTO secrets VALUES (randomblob(32), `+id+`, 1, NULL, 'gone', 4, 1, NULL);
		PRAGMA application_id = 0x4c4b4559; PRAGMA user_version = 1;`)
	store := open(t, path)
	at := time.Unix(9, 0).UTC()
	err = store.Note(t.Context(), func(n control.Notes) error { return n.Used([]control.Use{{At: at}}, 1) })
	if err != nil {
		t.Error(err)
	}
	err = store.View(t.Context(), func(r control.Reader) error {
		c, err1 := r.Credential(leastkey.ID{})
		if len(c.Secrets) != 1 || c.Name != "old" || c.Secrets[0].Tail != "tail" || c.Secrets[0].LastUsedOn != at || c.LastUsedOn != at {
			t.Errorf("the credential became %+v", c)
		}
		for _, res := range []leastkey.Resource{z1, odd} {
			if naming, err := r.CredentialsNaming(res); err != nil || len(naming) != 1 || naming[0] != (leastkey.ID{15: 7}) {
				t.Errorf("%v is named by %v, %v", res, naming, err)
			}
		}
		if naming, err := r.CredentialsNaming(leastkey.Resource{}); err != nil || len(naming) > 0 {
			t.Errorf("nothing is named by %v, %v", naming, err)
		}
		rows, err2 := r.AuditRows(control.AuditFilter{From: time.Unix(7, 0), To: at})
		if len(rows) != 1 || rows[0].Action != "test" {
			t.Errorf("the audit became %+v", rows)
		}
		return errors.Join(err1, err2)
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Error(err)
	}
}

func TestMigrate(t *testing.T) {
	conn, err := sqlite.OpenConn(filepath.Join(t.TempDir(), "state.db"), sqlite.OpenReadWrite|sqlite.OpenCreate)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	script := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	first := script("CREATE TABLE a (x); INSERT INTO a VALUES (1);")
	second := script("INSERT INTO a VALUES (2);")
	broken := script("INSERT INTO a VALUES (3); INSERT INTO nowhere VALUES (4);")
	steps := []struct {
		name    string
		scripts fstest.MapFS
		want    string // in the error
		rows    int64
		version int
	}{
		{"the first", fstest.MapFS{"migrations/0001_a.sql": first}, "", 1, 1},
		{"it again", fstest.MapFS{"migrations/0001_a.sql": first}, "", 1, 1},
		{"one that fails", fstest.MapFS{"migrations/0001_a.sql": first, "migrations/0002_b.sql": broken}, "0002_b.sql", 1, 1},
		{"a gap", fstest.MapFS{"migrations/0001_a.sql": first, "migrations/0003_b.sql": second}, "want number 0002", 1, 1},
		{"twice a number", fstest.MapFS{"migrations/0001_a.sql": first, "migrations/0001_b.sql": second}, "want number 0002", 1, 1},
		{"the second", fstest.MapFS{"migrations/0001_a.sql": first, "migrations/0002_b.sql": second}, "", 2, 2},
		{"an older program", fstest.MapFS{"migrations/0001_a.sql": first}, "version 2, and this program knows 1", 2, 2},
	}
	for _, step := range steps {
		err := migrate(conn, step.scripts)
		if (err == nil) != (step.want == "") || err != nil && !strings.Contains(err.Error(), step.want) {
			t.Errorf("%s: got error %v, want %q", step.name, err, step.want)
		}
		rows, err := sqlitex.ResultInt64(conn.Prep("SELECT count(*) FROM a"))
		if err != nil || rows != step.rows {
			t.Errorf("%s: %d rows, want %d (%v)", step.name, rows, step.rows, err)
		}
		if at, err := version(conn); err != nil || at != step.version {
			t.Errorf("%s: version %d, want %d (%v)", step.name, at, step.version, err)
		}
	}
}
