// Package store fills a database of Leastkey with a workload, and measures how long a start from it takes.
package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/bench/workload"
	product "github.com/leastkey/leastkey/internal/sqlite"
)

// Fill makes a database at path with all of the workload in it. The product makes the tables; the rows are written
// past it, in the order of their keys and without durability, or ten million would take an hour. What is left out is
// what a node does not read: the audit log, and which credentials name a resource.
func Fill(ctx context.Context, path string, w *workload.Workload) error {
	made, err := product.Open(ctx, path)
	if err != nil {
		return err
	}
	if err := made.Close(); err != nil {
		return err
	}
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return err
	}
	return errors.Join(fill(conn, w), conn.Close())
}

func fill(conn *sqlite.Conn, w *workload.Workload) error {
	defer hold()()
	f := filler{conn, w}
	for _, pragma := range []string{"journal_mode = OFF", "synchronous = OFF", "cache_size = -16384", "locking_mode = EXCLUSIVE", "temp_store = MEMORY"} {
		if err := f.run("PRAGMA " + pragma); err != nil {
			return err
		}
	}
	if err := f.run("BEGIN"); err != nil {
		return err
	}
	indexes, err := f.dropIndexes()
	if err != nil {
		return err
	}
	for _, part := range []func() error{f.users, f.accounts, f.members, f.resources, f.credentials, f.secrets} {
		if err := part(); err != nil {
			return err
		}
	}
	for _, index := range append(indexes, "INSERT INTO commits (revision, hashes, changes) VALUES (1, zeroblob(32), '[]')", "COMMIT", "PRAGMA journal_mode = WAL") {
		if err := f.run(index); err != nil {
			return err
		}
	}
	return nil
}

type filler struct {
	conn *sqlite.Conn
	w    *workload.Workload
}

func (f filler) run(sql string) error {
	if err := sqlitex.ExecuteTransient(f.conn, sql, nil); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// dropIndexes gives the statements that make them again: an index is made sooner than kept up.
func (f filler) dropIndexes() (again []string, err error) {
	var names []string
	err = sqlitex.ExecuteTransient(f.conn, "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL", &sqlitex.ExecOptions{
		ResultFunc: func(row *sqlite.Stmt) error {
			names, again = append(names, row.ColumnText(0)), append(again, row.ColumnText(1))
			return nil
		},
	})
	for _, name := range names {
		if err == nil {
			err = f.run("DROP INDEX " + name)
		}
	}
	return again, err
}

// insert runs one statement for each number, in the order of the keys.
func (f filler) insert(sql string, n int, key func(int) []byte, values func(int) []any) error {
	type keyed struct {
		key []byte
		i   int
	}
	rows := make([]keyed, n)
	for i := range rows {
		rows[i] = keyed{key(i), i}
	}
	slices.SortFunc(rows, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	stmt, err := f.conn.Prepare(sql)
	if err != nil {
		return err
	}
	// Rows are made beside the statement that writes them, some at a time.
	const some = 256
	made, stop := make(chan [][]any, 8), make(chan struct{})
	defer close(stop)
	go func() {
		defer close(made)
		for part := range slices.Chunk(rows, some) {
			all := make([][]any, 0, some)
			for _, row := range part {
				all = append(all, values(row.i))
			}
			select {
			case made <- all:
			case <-stop:
				return
			}
		}
	}()
	for all := range made {
		for _, row := range all {
			if err := step(stmt, row); err != nil {
				return fmt.Errorf("%s: %w", sql, err)
			}
		}
	}
	return nil
}

func step(stmt *sqlite.Stmt, row []any) error {
	for k, value := range row {
		switch v := value.(type) {
		case nil:
			stmt.BindNull(k + 1)
		case int64:
			stmt.BindInt64(k+1, v)
		case string:
			stmt.BindText(k+1, v)
		case []byte:
			stmt.BindBytes(k+1, v)
		default:
			return fmt.Errorf("a value of type %T", value)
		}
	}
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}

func now() int64 { return workload.Now().UnixMicro() }

func (f filler) users() error {
	return f.insert("INSERT INTO users (id, email, first_name, last_name, password_hash, disabled, created_on, modified_on) VALUES (?, ?, '', '', '', 0, ?, ?)", f.w.Users,
		func(i int) []byte { id := f.w.UserID(i); return id[:] },
		func(i int) []any {
			id := f.w.UserID(i)
			return []any{id[:], workload.Email(i), now(), now()}
		})
}

func (f filler) accounts() error {
	return f.insert("INSERT INTO accounts (id, name, created_on, modified_on) VALUES (?, ?, ?, ?)", f.w.Accounts,
		func(i int) []byte { id := f.w.AccountID(i); return id[:] },
		func(i int) []any {
			id := f.w.AccountID(i)
			return []any{id[:], "Account " + strconv.Itoa(i), now(), now()}
		})
}

func (f filler) members() error {
	var all []leastkey.Membership
	for u := range f.w.Users {
		all = append(all, f.w.Memberships(u)...)
	}
	// A membership has an id of its own; that of the user, turned by that of the account, is as good as any.
	id := func(i int) []byte {
		id := all[i].User
		for k := range id {
			id[k] ^= all[i].Account[k]
		}
		return id[:]
	}
	return f.insert("INSERT INTO members (id, account, user, roles, created_on) VALUES (?, ?, ?, ?, ?)", len(all), id, func(i int) []any {
		return []any{id(i), all[i].Account[:], all[i].User[:], asJSON(all[i].Roles), now()}
	})
}

func (f filler) resources() error {
	return f.insert("INSERT INTO resources (type, id, name, parent_type, parent_id, created_on) VALUES (?, ?, ?, ?, ?, ?)", f.w.Zones,
		func(i int) []byte { return []byte(f.w.Zone(i).Resource.ID) },
		func(i int) []any {
			r := f.w.Zone(i)
			return []any{string(r.Resource.Type), r.Resource.ID, r.Name, string(r.Parent.Type), r.Parent.ID, now()}
		})
}

func (f filler) credentials() error {
	return f.insert(`INSERT INTO credentials (id, kind, owner_kind, owner_id, name, status, not_before, expires_on, condition, policies, issued_on, modified_on)
		VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?, ?, ?)`, f.w.Tokens,
		func(i int) []byte { id := f.w.TokenID(i); return id[:] },
		func(i int) []any {
			c := f.w.Token(i).Credential
			var expires any
			if !c.Validity.ExpiresOn.IsZero() {
				expires = c.Validity.ExpiresOn.UnixMicro()
			}
			return []any{c.ID[:], int64(c.Kind), int64(c.Principal.Kind), c.Principal.ID[:], "token " + strconv.Itoa(i), int64(c.Status),
				expires, asJSON(c.Condition), asJSON(c.Policies), now(), now()}
		})
}

func (f filler) secrets() error {
	return f.insert("INSERT INTO secrets (hash, credential, position, until, tail, created_on) VALUES (?, ?, 0, NULL, ?, ?)", f.w.Tokens,
		func(i int) []byte { hash := f.w.Hash(i); return hash[:] },
		func(i int) []any {
			hash, id, text := f.w.Hash(i), f.w.TokenID(i), f.w.Secret(i)
			return []any{hash[:], id[:], text[len(text)-4:], now()}
		})
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of values that the workload makes
	}
	return string(text)
}
