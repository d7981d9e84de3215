package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Whoever can write to the database, and takes the triggers out of the way, is found out: audit verify
// names what they did, and against a checkpoint that was kept elsewhere also what left no trace.
func TestAuditFindsWhoChangedIt(t *testing.T) {
	data := t.TempDir()
	kept := filepath.Join(t.TempDir(), "checkpoint")
	command := func(args ...string) (out string, code int) {
		var stdout, stderr bytes.Buffer
		code = run(context.Background(), append([]string{"leastkey"}, args...), func(string) string { return "" }, strings.NewReader(""), &stdout, &stderr)
		return stdout.String() + stderr.String(), code
	}
	must := func(args ...string) string {
		t.Helper()
		out, code := command(args...)
		if code != 0 {
			t.Fatalf("%v: %d %s", args, code, out)
		}
		return out
	}
	r := start(t, demoArgs(data, filepath.Join(data, "ready.json"))...)
	for _, name := range []string{"one", "two", "three", "four"} {
		must("account", "create", name, "--data", data)
	}
	must("audit", "checkpoint", "--data", data, "--output", kept)
	must("account", "create", "five", "--data", data)
	must("audit", "verify", "--data", data, "--checkpoint", kept)
	r.end(t)
	sound, err := os.ReadFile(filepath.Join(data, "leastkey.db"))
	if err != nil {
		t.Fatal(err)
	}
	free := "DROP TRIGGER audit_is_final; DROP TRIGGER audit_stays; DROP TRIGGER commits_are_final; DROP TRIGGER commits_stay; "
	last := "(SELECT max(revision) FROM audit)"
	copied := "id, at, actor_kind, actor_id, credential, addr, action, subject, account, before, after, agent, refused"
	for name, test := range map[string]struct{ sql, want string }{
		"flip":           {"UPDATE audit SET action = 'account.creatf' WHERE revision = 3", "row 3: it was changed: it is not the row that was written"},
		"flip a name":    {"UPDATE audit SET after = replace(after, 'one', 'won') WHERE action = 'account.create' AND after LIKE '%\"one\"%'", "it was changed"},
		"flip a time":    {"UPDATE audit SET at = at + 1 WHERE revision = 2", "row 2: it was changed"},
		"break":          {"UPDATE audit SET addr = 'nowhere' WHERE revision = 3", "row 3: it was changed, and cannot be read"},
		"delete":         {"DELETE FROM audit WHERE revision IN (3, 4)", "rows 3 to 4: missing"},
		"insert":         {"INSERT INTO audit (revision, " + copied + ") SELECT revision + 100, randomblob(16), at, actor_kind, actor_id, credential, addr, action, subject, account, before, after, agent, refused FROM audit WHERE revision = " + last, "they were put in"},
		"reorder":        {"UPDATE audit SET revision = -3 WHERE revision = 3; UPDATE audit SET revision = 3 WHERE revision = 4; UPDATE audit SET revision = 4 WHERE revision = -3", "row 3: it is the row that was written as row 4: rows were reordered"},
		"truncate":       {"DELETE FROM audit WHERE revision > " + last + " - 2", "missing"},
		"cut an id":      {"PRAGMA ignore_check_constraints = ON; UPDATE audit SET account = x'00' WHERE account = zeroblob(16)", "it was changed, and cannot be read: account has 1 bytes"},
		"fill an id up":  {"UPDATE audit SET actor_id = CAST(actor_id || x'00' AS BLOB) WHERE revision = 3", "row 3: it was changed, and cannot be read: actor_id has 17 bytes"},
		"wrap a kind":    {"UPDATE audit SET actor_kind = actor_kind + 256 WHERE revision = 3", "row 3: it was changed, and cannot be read: actor_kind is 256"},
		"put before":     {"INSERT INTO audit (revision, " + copied + ") SELECT -5, randomblob(16), at, actor_kind, actor_id, credential, addr, action, subject, account, before, after, agent, refused FROM audit WHERE revision = 3", "row -5: it was put in: the first row is 1"},
		"more hashes":    {"UPDATE commits SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE revision = 3", "row 3: 2 hashes are stored with it, and not 1"},
		"hash":           {"UPDATE commits SET hashes = CAST(substr(hashes, 1, 32) || randomblob(32) AS BLOB) WHERE revision = 2", "rows 1 to 2: the hash over them is not that of their hashes"},
		"without traces": {"DELETE FROM audit WHERE revision > 6; DELETE FROM commits WHERE revision > 6", "the log was cut off"},
		"rewrite":        {"", "the first"},
	} {
		if err := os.WriteFile(filepath.Join(data, "leastkey.db"), sound, 0o600); err != nil {
			t.Fatal(err)
		}
		if name == "rewrite" { // as a database that is older than the tree, which is hashed anew
			test.sql = "UPDATE audit SET action = 'account.creatf' WHERE revision = 3; DROP INDEX audit_prunes; DROP TABLE identities; DROP TABLE roles; ALTER TABLE members DROP COLUMN groups; " +
				"CREATE TABLE head (id INTEGER PRIMARY KEY, revision INTEGER); INSERT INTO head SELECT 1, max(revision) FROM commits; CREATE TABLE change_log AS SELECT revision, changes FROM commits; DROP TABLE commits; " +
				"DROP VIEW audit_keys; DROP TABLE audit_index; CREATE INDEX audit_by_actor ON audit (id); CREATE INDEX audit_by_subject ON audit (id); CREATE INDEX audit_by_account ON audit (id); CREATE INDEX audit_by_time ON audit (at); CREATE INDEX named_resources_by_credential ON named_resources (credential); " +
				"ALTER TABLE audit DROP COLUMN refused; CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT 1; END; PRAGMA user_version = 3"
		}
		tamper(t, filepath.Join(data, "leastkey.db"), free+test.sql)
		r := start(t, demoArgs(data, filepath.Join(data, "ready.json"))...)
		out, code := command("audit", "verify", "--data", data, "--checkpoint", kept)
		if code != 1 || !strings.Contains(out, test.want) || !strings.Contains(out, "Somebody changed the audit log.") {
			t.Errorf("%s: %d %s", name, code, out)
		}
		r.end(t)
	}
}

func tamper(t *testing.T, file, sql string) {
	t.Helper()
	conn, err := sqlite.OpenConn(file, sqlite.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := sqlitex.ExecuteScript(conn, sql, nil); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
