package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"zombiezen.com/go/sqlite"

	"github.com/leastkey/leastkey"
)

// The two tables are walked side by side in the order of ids, the secrets in an index that has all of theirs,
// which takes half as long as a join.
const (
	stateOfCredentials = `SELECT id, kind, owner_kind, owner_id, status, not_before, expires_on, condition, policies FROM live_credentials ORDER BY id`
	stateOfSecrets     = `SELECT credential, hash, until FROM live_secrets ORDER BY credential, position`
)

// credentials are what of the credentials of a lot is still to be read: each lot has one text and one list
// of secrets for all of them, so that little is left to be collected.
type credentials struct {
	rows    []credentialRow
	text    string // their conditions and policies, one after the other
	secrets []leastkey.LiveSecret
}

// credentialRow says how long its parts are.
type credentialRow struct{ condition, policies, secrets int }

// makeRecords reads what is left to be read, until there are no more lots.
func makeRecords(read <-chan *lot, made chan<- *lot) {
	defer close(made)
	var texts canonical
	for l := range read {
		for i := range l.rows {
			rec := l.changes[i].Credential
			if err := l.next(&texts, l.rows[i], rec); err != nil {
				l.changes, l.damaged = l.changes[:i], true
				l.err = damagedRow(fmt.Errorf("credential %v: %w", rec.Credential.ID, err))
				break
			}
		}
		l.credentials = credentials{}
		made <- l
	}
}

// next reads what belongs to the next row into its record, and leaves the rest.
func (c *credentials) next(texts *canonical, row credentialRow, rec *leastkey.CredentialRecord) error {
	if end := row.condition + row.policies; end > len(c.text) || row.secrets > len(c.secrets) {
		return fmt.Errorf("%d bytes and %d secrets are left, not %d and %d", len(c.text), len(c.secrets), end, row.secrets)
	}
	condition, policies := c.text[:row.condition], c.text[row.condition:row.condition+row.policies]
	var err1, err2 error
	rec.Credential.Condition, err1 = texts.decodeCondition(condition)
	rec.Credential.Policies, err2 = texts.decodePolicies(policies)
	if row.secrets > 0 {
		rec.Secrets = c.secrets[:row.secrets:row.secrets]
	}
	c.text, c.secrets = c.text[len(condition)+len(policies):], c.secrets[row.secrets:]
	return errors.Join(err1, err2)
}

// walkCredentials walks through credentials and their secrets.
func (w *stateWalk) walkCredentials() error {
	if err := w.stopped(); err != nil {
		return err
	}
	both := &bothTables{stateWalk: w}
	defer both.end()
	if err := both.begin(); err != nil {
		return w.fail(err)
	}
	for {
		more, err := both.credentials.Step()
		if err == nil && more {
			err = both.credential()
		}
		switch {
		case errors.Is(err, errUnwanted):
			return err
		case err != nil:
			return w.fail(err)
		case !more:
			return nil
		}
	}
}

// bothTables is a walk through credentials and secrets side by side.
type bothTables struct {
	*stateWalk
	credentials, secrets *sqlite.Stmt

	records []leastkey.CredentialRecord // that nobody has yet

	of     leastkey.ID // whose the next secret is
	secret leastkey.LiveSecret
	left   bool // there is a next secret
}

func (b *bothTables) begin() (err error) {
	if b.credentials, _, err = b.conn.PrepareTransient(stateOfCredentials); err != nil {
		return err
	}
	if b.secrets, _, err = b.conn.PrepareTransient(stateOfSecrets); err != nil {
		return err
	}
	return b.nextSecret()
}

func (b *bothTables) end() {
	for _, stmt := range []*sqlite.Stmt{b.credentials, b.secrets} {
		if stmt != nil {
			_ = stmt.Finalize() // its error repeats that of the last step
		}
	}
}

// credential adds the one whose row it is.
func (b *bothTables) credential() error {
	r := row{b.credentials}
	if len(b.records) == 0 {
		b.records = make([]leastkey.CredentialRecord, lotSize)
	}
	rec := &b.records[0]
	b.records = b.records[1:]
	rec.Credential = leastkey.Credential{
		ID: r.id(0), Kind: leastkey.Kind(r.int(1)), Principal: r.principal(2, 3), Status: leastkey.Status(r.int(4)),
		Validity: leastkey.Validity{NotBefore: r.time(5), ExpiresOn: r.time(6)},
	}
	var c credentialRow
	b.text, c.condition = r.appendText(b.text, 7)
	b.text, c.policies = r.appendText(b.text, 8)
	l := b.lot
	if l.rows == nil {
		l.rows, l.secrets = make([]credentialRow, 0, lotSize), make([]leastkey.LiveSecret, 0, lotSize+lotSize/8)
	}
	for b.left && bytes.Compare(b.of[:], rec.Credential.ID[:]) <= 0 {
		if b.of == rec.Credential.ID {
			l.secrets = append(l.secrets, b.secret)
			c.secrets++
		}
		if err := b.nextSecret(); err != nil {
			return err
		}
	}
	l.rows = append(l.rows, c)
	return b.add(leastkey.Change{Credential: rec})
}

func (b *bothTables) nextSecret() (err error) {
	if b.left, err = b.secrets.Step(); b.left {
		r := row{b.secrets}
		b.of, b.secret = r.id(0), leastkey.LiveSecret{Hash: r.hash(1), Until: r.time(2)}
	}
	return err
}

// appendText appends a text, and says how long it is.
func (r row) appendText(to []byte, col int) ([]byte, int) {
	begin, n := len(to), r.stmt.ColumnLen(col)
	to = slices.Grow(to, n)[:begin+n]
	return to, r.stmt.ColumnBytes(col, to[begin:])
}
