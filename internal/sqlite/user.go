package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectUsers = `SELECT id, email, first_name, last_name, password_hash, disabled, created_on, modified_on FROM users`
	userByID    = selectUsers + ` WHERE id = ?`
	userByEmail = selectUsers + ` WHERE email = ?`
	usersByAge  = selectUsers + ` ORDER BY created_on, id`

	putUser = `INSERT INTO users (id, email, first_name, last_name, password_hash, disabled, created_on, modified_on)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET email = excluded.email, first_name = excluded.first_name,
			last_name = excluded.last_name, password_hash = excluded.password_hash,
			disabled = excluded.disabled, created_on = excluded.created_on, modified_on = excluded.modified_on`
)

func scanUser(r row) control.User {
	return control.User{
		ID: r.id(0), Email: r.text(1), FirstName: r.text(2), LastName: r.text(3),
		PasswordHash: r.text(4), Disabled: r.bool(5), CreatedOn: r.time(6), ModifiedOn: r.time(7),
	}
}

// User implements [control.Reader].
func (r reader) User(id leastkey.ID) (control.User, error) {
	return first(r, scanUser, userByID, id)
}

// UserByEmail implements [control.Reader].
func (r reader) UserByEmail(email string) (control.User, error) {
	return first(r, scanUser, userByEmail, email)
}

// Users implements [control.Reader].
func (r reader) Users() ([]control.User, error) { return all(r, scanUser, usersByAge) }

// PutUser implements [control.Tx].
func (t tx) PutUser(u control.User) error {
	err := t.run(putUser, nil, u.ID, u.Email, u.FirstName, u.LastName, u.PasswordHash, u.Disabled, u.CreatedOn, u.ModifiedOn)
	if err != nil {
		return fmt.Errorf("put user %v: %w", u.ID, err)
	}
	return nil
}
