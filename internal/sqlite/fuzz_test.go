package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// FuzzRoundTrip: whatever bytes a text has, it comes back as it was, or the commit is refused;
// and it is never found under another name.
func FuzzRoundTrip(f *testing.F) {
	f.Add("z1", int64(0))
	f.Add("", int64(-1))
	f.Add("a\x00b", int64(1893456000000000))
	f.Add("\xff\xfe", int64(1)<<62)
	f.Add("a\u0301 ' \" \\ \u2028", int64(253402300799999999))
	store := start(f)
	f.Fuzz(func(t *testing.T, text string, micros int64) {
		other := leastkey.Resource{Type: "other", ID: text + "."}
		want := control.Resource{
			Resource: leastkey.Resource{Type: leastkey.ResourceType(text), ID: text}, Name: text,
			Parent: leastkey.Resource{Type: "t", ID: text}, CreatedOn: time.UnixMicro(micros).UTC(),
		}
		pattern := token()
		pattern.Secrets = nil
		pattern.Policies = []leastkey.Policy{{Effect: leastkey.Deny, Patterns: []leastkey.Pattern{leastkey.PatternOne(want.Resource)}}}
		_, _, err := commitWith(t.Context(), store, func(tx control.Tx, _ leastkey.ID) error { return tx.PutResource(want) })
		if err != nil {
			t.Fatalf("put %q: %v", text, err)
		}
		_, id, refused := commitWith(t.Context(), store, func(tx control.Tx, id leastkey.ID) error {
			pattern.ID = id
			return tx.PutCredential(pattern)
		})
		if refused == nil && !utf8.ValidString(text) {
			t.Errorf("a pattern on %q was kept", text)
		}
		if refused != nil && utf8.ValidString(text) {
			t.Errorf("a pattern on %q was refused: %v", text, refused)
		}
		err = store.View(t.Context(), func(r control.Reader) error {
			got, err := r.Resource(want.Resource)
			if diff := cmp.Diff(got, want); diff != "" {
				t.Errorf("resource %q: got -, want +\n%s", text, diff)
			}
			if _, err := r.Resource(other); !errors.Is(err, control.ErrNotFound) {
				t.Errorf("resource %q is found as %v: %v", text, other, err)
			}
			if refused != nil {
				return err
			}
			c, err2 := r.Credential(id)
			if diff := cmp.Diff(c.Policies, pattern.Policies); diff != "" {
				t.Errorf("policy on %q: got -, want +\n%s", text, diff)
			}
			return errors.Join(err, err2)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// FuzzOpen: a file of any bytes is refused or opened, and never crashes the program.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte("SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20"))
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "state.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		store, err := Open(t.Context(), path)
		if err != nil {
			return
		}
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}
