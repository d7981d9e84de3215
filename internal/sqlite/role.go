package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectRoles    = `SELECT id, account, name, description, groups, created_on, modified_on FROM roles`
	roleByID       = selectRoles + ` WHERE id = ? AND account = ?`
	rolesByAccount = selectRoles + ` WHERE account = ? ORDER BY created_on, id`

	putRole = `INSERT INTO roles (id, account, name, description, groups, created_on, modified_on) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET account = excluded.account, name = excluded.name, description = excluded.description,
			groups = excluded.groups, created_on = excluded.created_on, modified_on = excluded.modified_on`
	deleteRole = `DELETE FROM roles WHERE id = ? AND account = ? RETURNING id`
)

func scanRole(r row) (control.Role, error) {
	groups, err := decode[[]leastkey.ID](r.text(4))
	return control.Role{
		ID: r.id(0), Account: r.id(1), Name: r.text(2), Description: r.text(3), Groups: groups, CreatedOn: r.time(5), ModifiedOn: r.time(6),
	}, err
}

// Role implements [control.Reader].
func (r reader) Role(account, id leastkey.ID) (control.Role, error) {
	return firstOf(r, scanRole, roleByID, id, account)
}

// Roles implements [control.Reader].
func (r reader) Roles(account leastkey.ID) ([]control.Role, error) {
	return allOf(r, scanRole, rolesByAccount, account)
}

// PutRole implements [control.Tx]. The account must be there.
func (t tx) PutRole(role control.Role) error {
	groups, err := encode(role.Groups)
	if err != nil {
		return t.fail(err)
	}
	if err := t.run(putRole, nil, role.ID, role.Account, role.Name, role.Description, groups, role.CreatedOn, role.ModifiedOn); err != nil {
		return fmt.Errorf("put role %v: %w", role.ID, err)
	}
	return nil
}

// DeleteRole implements [control.Tx].
func (t tx) DeleteRole(account, id leastkey.ID) error {
	return t.one(deleteRole, nil, id, account)
}
