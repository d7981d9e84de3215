package sqlite

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks the file as ours ("LKEY"), so that another program's database that is
// named by mistake is left alone.
const applicationID = 0x4c4b4559

// auditTree is the script after which the rows of the audit log are hashed.
const auditTree = "migrations/0004_audit_tree.sql"

// migrate applies the scripts migrations/0001_name.sql, 0002_... that the database has not had
// yet, in order, each in one transaction together with its number in PRAGMA user_version.
func migrate(conn *sqlite.Conn, scripts fs.FS) error {
	names, err := fs.Glob(scripts, "migrations/*.sql") // sorted
	if err != nil {
		return err
	}
	for i, name := range names {
		digits, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if n, err := strconv.Atoi(digits); err != nil || n != i+1 {
			return fmt.Errorf("%s: want number %04d", name, i+1)
		}
	}
	at, err := version(conn)
	if err != nil {
		return err
	}
	if at > len(names) {
		return fmt.Errorf("the database has version %d, and this program knows %d: use the newer leastkey that wrote it", at, len(names))
	}
	for i := at; i < len(names); i++ {
		if err := apply(conn, scripts, names[i], i+1); err != nil {
			return fmt.Errorf("migrate: %s: %w", names[i], err)
		}
	}
	return nil
}

// version is the number of migrations the database has had.
func version(conn *sqlite.Conn) (int, error) {
	id, err1 := number(conn, "PRAGMA application_id")
	at, err2 := number(conn, "PRAGMA user_version")
	tables, err3 := number(conn, "SELECT count(*) FROM sqlite_schema")
	if err := errors.Join(err1, err2, err3); err != nil {
		return 0, err
	}
	if id != applicationID && (id != 0 || at != 0 || tables != 0) {
		return 0, errors.New("it is the database of another program")
	}
	return int(at), nil
}

func number(conn *sqlite.Conn, sql string) (int64, error) {
	stmt, err := conn.Prepare(sql)
	if err != nil {
		return 0, err
	}
	return sqlitex.ResultInt64(stmt)
}

func apply(conn *sqlite.Conn, scripts fs.FS, name string, at int) (err error) {
	script, err := fs.ReadFile(scripts, name)
	if err != nil {
		return err
	}
	end, err := sqlitex.ImmediateTransaction(conn)
	if err != nil {
		return err
	}
	defer end(&err)
	// A PRAGMA takes no parameters; both are numbers.
	err = sqlitex.ExecuteScript(conn, fmt.Sprintf("%s\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;", script, applicationID, at), nil)
	if err == nil && name == auditTree {
		err = hashAudit(conn)
	}
	return err
}
