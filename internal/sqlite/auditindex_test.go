package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// audited commits rows up to a revision, each of a user, at a second of its own.
func audited(t *testing.T, store *Store, through int) {
	t.Helper()
	for {
		rev := 0
		_, err := store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
			last, err := tx.Revision()
			rev = int(last) + 1
			a := control.Audit{ID: leastkey.ID{9, byte(rev >> 8), byte(rev)}, Action: "a", At: time.Unix(int64(rev), 0).UTC(), Actor: leastkey.UserOf(leastkey.ID{1})}
			return control.Act{Audit: a}, err
		})
		if err != nil {
			t.Fatalf("revision %d: %v", rev, err)
		}
		if rev >= through {
			return
		}
	}
}

// behindItsBack runs what the program does not.
func behindItsBack(t *testing.T, store *Store, sql string) {
	t.Helper()
	conn, release := writing(t, store)
	defer release()
	if err := sqlitex.ExecuteScript(conn, sql, nil); err != nil {
		t.Fatal(err)
	}
}

func faults(t *testing.T, store *Store) (list []string) {
	t.Helper()
	err := store.View(t.Context(), func(r control.Reader) (err error) {
		list, err = r.AuditFaults(0, 999, 2)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestIndexOfLogCutOff: where the end of the log was cut off, and the index left as it was, commits go on.
func TestIndexOfLogCutOff(t *testing.T) {
	store := start(t)
	audited(t, store, 600)
	if list := faults(t, store); list != nil {
		t.Errorf("of a sound log: %v", list)
	}
	behindItsBack(t, store, "DROP TRIGGER commits_stay; DROP TRIGGER audit_stays; DELETE FROM commits WHERE revision > 500; DELETE FROM audit WHERE revision > 500")
	audited(t, store, 520)
	if list := faults(t, store); list != nil {
		t.Errorf("written anew as it was: %v", list)
	}
}

// TestAuditFaults: each kind is named, those of the part that is not indexed yet are none.
func TestAuditFaults(t *testing.T) {
	const lost = ": it is not in the index as it is, and so not in lists"
	for sql, want := range map[string][]string{
		"DELETE FROM audit_index WHERE revision IN (7, 8, 9)":                             {"row 7" + lost, "row 8" + lost},
		"UPDATE audit_index SET at = 0 WHERE revision = 7 AND field = 5":                  {"row 7" + lost},
		"INSERT INTO audit_index SELECT * FROM audit_keys WHERE revision > 256":           nil,
		"DROP TRIGGER audit_is_final; UPDATE audit SET revision = 0 WHERE revision = 260": {"row 0: it was put in: the first row is 1"},
	} {
		store := start(t)
		audited(t, store, 270)
		behindItsBack(t, store, sql)
		if got := faults(t, store); !slices.Equal(got, want) {
			t.Errorf("%s: %q", sql, got)
		}
	}
}

// TestIndexDoesNotSpeakForRows: what stands in the index alone is found by nobody, such as a time by which
// the row would be old enough to go.
func TestIndexDoesNotSpeakForRows(t *testing.T) {
	store := start(t)
	audited(t, store, 270)
	behindItsBack(t, store, `INSERT INTO audit_index VALUES (1, -5, 200, -5), (5, x'00000000000000000000000000000007', 200, 200000000), (2, 'user 07000000000000000000000000000000', 200, 200000000)`)
	err := store.View(t.Context(), func(r control.Reader) error {
		old, err1 := r.AuditRows(control.AuditFilter{To: time.Unix(0, 0)})
		did, err2 := r.AuditRows(control.AuditFilter{User: leastkey.ID{15: 7}})
		met, err3 := r.AuditRows(control.AuditFilter{User: leastkey.ID{7}})
		if len(old)+len(did)+len(met) > 0 {
			t.Errorf("found: %v, %v, %v", old, did, met)
		}
		return errors.Join(err1, err2, err3)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestMoreHashes: a row's hash too many, or a part of one, is given too, and changes nothing in the others.
func TestMoreHashes(t *testing.T) {
	for _, more := range []string{"x'01'", "zeroblob(32)", "zeroblob(96)"} {
		store := start(t)
		audited(t, store, 9)
		var sound, spoilt, own []audit.Stored
		read := func(list *[]audit.Stored, first, last int64) {
			err := store.View(t.Context(), func(r control.Reader) (err error) {
				*list, err = r.AuditHashes(first, last)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		read(&sound, 0, audit.IndexOf(99))
		behindItsBack(t, store, fmt.Sprintf("PRAGMA ignore_check_constraints = ON; DROP TRIGGER commits_are_final; UPDATE commits SET hashes = CAST(hashes || %s AS BLOB) WHERE revision = 4", more))
		read(&spoilt, 0, audit.IndexOf(99))
		at := int(audit.IndexOf(5))
		if len(spoilt) != len(sound)+1 || spoilt[at].Index != audit.IndexOf(5)-1 || !slices.Equal(slices.Delete(slices.Clone(spoilt), at, at+1), sound) {
			t.Errorf("%s more: %v", more, spoilt)
		}
		if read(&own, audit.IndexOf(4), audit.IndexOf(4)+1); len(own) != 1 {
			t.Errorf("%s more: of the row itself %v", more, own)
		}
	}
}
