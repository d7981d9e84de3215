package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectIdentities  = `SELECT issuer, subject, user, created_on FROM identities`
	identityBySubject = selectIdentities + ` WHERE issuer = ? AND subject = ?`
	identitiesByUser  = selectIdentities + ` WHERE user = ? ORDER BY issuer`

	putIdentity    = `INSERT INTO identities (issuer, subject, user, created_on) VALUES (?, ?, ?, ?)`
	deleteIdentity = `DELETE FROM identities WHERE issuer = ? AND subject = ? RETURNING user`
)

func scanIdentity(r row) control.Identity {
	return control.Identity{Issuer: r.text(0), Subject: r.text(1), User: r.id(2), CreatedOn: r.time(3)}
}

// Identity implements [control.Reader].
func (r reader) Identity(issuer, subject string) (control.Identity, error) {
	return first(r, scanIdentity, identityBySubject, issuer, subject)
}

// Identities implements [control.Reader].
func (r reader) Identities(user leastkey.ID) ([]control.Identity, error) {
	return all(r, scanIdentity, identitiesByUser, user)
}

// PutIdentity implements [control.Tx]. The user must be there.
func (t tx) PutIdentity(i control.Identity) error {
	if err := t.run(putIdentity, nil, i.Issuer, i.Subject, i.User, i.CreatedOn); err != nil {
		return fmt.Errorf("put identity of %v: %w", i.User, err)
	}
	return nil
}

// DeleteIdentity implements [control.Tx].
func (t tx) DeleteIdentity(issuer, subject string) error {
	return t.one(deleteIdentity, nil, issuer, subject)
}
