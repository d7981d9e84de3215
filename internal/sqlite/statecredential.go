package sqlite

import (
	"bytes"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
)

// A node that starts reads every credential. The two tables are walked side by side in the order of
// ids, the secrets in an index that has all of theirs, which takes half as long as a join; and while
// one goroutine walks, another makes records of what was read, and the caller's uses them.
const (
	stateOfCredentials = `SELECT id, kind, owner_kind, owner_id, status, not_before, expires_on, condition, policies FROM live_credentials ORDER BY id`
	stateOfSecrets     = `SELECT credential, hash, until FROM live_secrets ORDER BY credential, position`
)

// rowsTogether is how many credentials go from one goroutine to the next at a time, and ahead how many such
// lots are on their way.
const (
	rowsTogether = 512
	ahead        = 2
)

// lot are credentials on their way, in order; after them the walk ended for err, or came to the end.
type lot struct {
	rows    []credentialRow
	secrets []leastkey.LiveSecret // of all of them, in order
	records []leastkey.CredentialRecord
	err     error
	damaged bool // err is that of a row
}

// credentialRow is a credential as it was read.
type credentialRow struct {
	leastkey.Credential // without condition and policies
	condition, policies string
	secrets             int // how many of the lot's
}

// stateOfCredentials gives every live credential to fn.
func (r reader) stateOfCredentials(fn func(leastkey.Change) error) error {
	stop, read, made := make(chan struct{}), make(chan *lot, ahead), make(chan *lot, ahead)
	go walkCredentials(r.conn, read, stop)
	go makeRecords(read, made)
	defer func() { // the connection is the caller's again when nobody walks it any more
		close(stop)
		for {
			if _, more := <-made; !more {
				return
			}
		}
	}()
	for l := range made {
		for i := range l.records {
			if err := fn(leastkey.Change{Credential: &l.records[i]}); err != nil {
				return err
			}
		}
		switch {
		case l.damaged:
			return r.corrupt(l.err)
		case l.err != nil:
			return r.fail(l.err)
		}
	}
	return nil
}

// makeRecords makes the lots' records, until there are no more lots.
func makeRecords(read <-chan *lot, made chan<- *lot) {
	defer close(made)
	var texts canonical
	for l := range read {
		l.records = make([]leastkey.CredentialRecord, 0, len(l.rows))
		secrets := l.secrets
		for _, row := range l.rows {
			c := row.Credential
			var err1, err2 error
			c.Condition, err1 = texts.decodeCondition(row.condition)
			c.Policies, err2 = texts.decodePolicies(row.policies)
			if err := errors.Join(err1, err2); err != nil {
				l.err, l.damaged = fmt.Errorf("credential %v: %w", c.ID, err), true
				break
			}
			rec := leastkey.CredentialRecord{Credential: c}
			if row.secrets > 0 {
				rec.Secrets = secrets[:row.secrets:row.secrets]
			}
			secrets = secrets[row.secrets:]
			l.records = append(l.records, rec)
		}
		l.rows = nil
		made <- l
	}
}

// walkCredentials reads the tables, until they end, it fails, or stop is closed.
func walkCredentials(conn *sqlite.Conn, read chan<- *lot, stop <-chan struct{}) {
	defer close(read)
	both, err := beginWalk(conn)
	defer both.end()
	for more := true; more; {
		l := &lot{err: err}
		if err == nil {
			more, l.err = both.fill(l)
		}
		more = more && l.err == nil
		select {
		case read <- l:
		case <-stop:
			return
		}
	}
}

// bothTables is a walk through credentials and secrets side by side.
type bothTables struct {
	credentials, secrets *sqlite.Stmt

	of     leastkey.ID // whose the next secret is
	secret leastkey.LiveSecret
	left   bool // there is a next secret
}

func beginWalk(conn *sqlite.Conn) (b *bothTables, err error) {
	b = &bothTables{}
	if b.credentials, _, err = conn.PrepareTransient(stateOfCredentials); err != nil {
		return b, err
	}
	if b.secrets, _, err = conn.PrepareTransient(stateOfSecrets); err != nil {
		return b, err
	}
	return b, b.nextSecret()
}

func (b *bothTables) end() {
	for _, stmt := range []*sqlite.Stmt{b.credentials, b.secrets} {
		if stmt != nil {
			_ = stmt.Finalize() // its error repeats that of the last step
		}
	}
}

// fill puts the next credentials into a lot, and reports whether there may be more.
func (b *bothTables) fill(l *lot) (more bool, err error) {
	l.rows = make([]credentialRow, 0, rowsTogether)
	l.secrets = make([]leastkey.LiveSecret, 0, rowsTogether+rowsTogether/8)
	for len(l.rows) < rowsTogether {
		if more, err := b.credentials.Step(); err != nil || !more {
			return false, err
		}
		r := row{b.credentials}
		c := credentialRow{condition: r.text(7), policies: r.text(8), Credential: leastkey.Credential{
			ID: r.id(0), Kind: leastkey.Kind(r.int(1)), Principal: r.principal(2, 3), Status: leastkey.Status(r.int(4)),
			Validity: leastkey.Validity{NotBefore: r.time(5), ExpiresOn: r.time(6)},
		}}
		for b.left && bytes.Compare(b.of[:], c.ID[:]) <= 0 {
			if b.of == c.ID {
				l.secrets = append(l.secrets, b.secret)
				c.secrets++
			}
			if err := b.nextSecret(); err != nil {
				return false, err
			}
		}
		l.rows = append(l.rows, c)
	}
	return true, nil
}

func (b *bothTables) nextSecret() (err error) {
	if b.left, err = b.secrets.Step(); b.left {
		r := row{b.secrets}
		b.of, b.secret = r.id(0), leastkey.LiveSecret{Hash: r.hash(1), Until: r.time(2)}
	}
	return err
}
