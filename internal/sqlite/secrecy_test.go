package sqlite

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// TestHashesStayHome: what a session or a sign-in link is found by is in its own row alone, and
// gone with it.
func TestHashesStayHome(t *testing.T) {
	store := start(t)
	ada := leastkey.ID{1}
	session := control.Session{ID: leastkey.ID{5}, User: ada, ExpiresOn: time.Unix(9, 0), SeenOn: time.Unix(9, 0)}
	link := control.SignInLink{User: ada, ExpiresOn: time.Unix(9, 0)}
	for _, h := range []*leastkey.SecretHash{&session.Hash, &link.Hash} {
		if _, err := rand.Read(h[:]); err != nil {
			t.Fatal(err)
		}
	}
	err := try(t, store, 2, func(tx control.Tx) error {
		if err := tx.PutSession(session); err != nil {
			return err
		}
		return tx.PutSignInLink(link)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = store.Note(t.Context(), func(n control.Notes) error {
		return n.SessionSeen(session.ID, time.Unix(10, 0), netip.MustParseAddr("192.0.2.1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	wants := map[string]leastkey.SecretHash{"sessions": session.Hash, "sign_in_links": link.Hash}
	for table, h := range wants {
		if got := tablesWith(t, store, h); len(got) != 1 || got[0] != table {
			t.Errorf("the hash of %s is in %v", table, got)
		}
	}
	err = store.Note(t.Context(), func(n control.Notes) error { return n.Sweep(time.Unix(20, 0), time.Unix(5, 0)) })
	if err != nil {
		t.Fatal(err)
	}
	for table, h := range wants {
		if got := tablesWith(t, store, h); len(got) != 0 {
			t.Errorf("after the sweep the hash of %s is in %v", table, got)
		}
	}
}

// tablesWith names the tables with a row that shows the hash in any spelling.
func tablesWith(t *testing.T, store *Store, h leastkey.SecretHash) (found []string) {
	t.Helper()
	spellings := [][]byte{h[:], h[:16], []byte(hex.EncodeToString(h[:])), []byte(base64.StdEncoding.EncodeToString(h[:])),
		[]byte(base64.RawURLEncoding.EncodeToString(h[:]))}
	conn, release := writing(t, store)
	defer release()
	var tables []string
	err := sqlitex.ExecuteTransient(conn, "SELECT name FROM sqlite_schema WHERE type = 'table'", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		tables = append(tables, s.ColumnText(0))
		return nil
	}})
	if err != nil || len(tables) < 10 {
		t.Fatalf("tables %v: %v", tables, err)
	}
	for _, table := range tables {
		shows := false
		err := sqlitex.ExecuteTransient(conn, fmt.Sprintf("SELECT * FROM %q", table), &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			for col := range s.ColumnCount() {
				for _, spelling := range spellings {
					shows = shows || bytes.Contains([]byte(s.ColumnText(col)), spelling)
				}
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if shows {
			found = append(found, table)
		}
	}
	return found
}
