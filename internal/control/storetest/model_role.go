package storetest

import (
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (tx *modelTx) Role(account, id leastkey.ID) (control.Role, error) {
	role, err := find(tx, tx.w.roles, id)
	if err == nil && role.Account != account {
		return control.Role{}, control.ErrNotFound
	}
	return role, err
}

func (tx *modelTx) Roles(account leastkey.ID) ([]control.Role, error) {
	return list(tx, tx.w.roles, func(r control.Role) bool { return r.Account == account }, func(r control.Role) (time.Time, string) { return r.CreatedOn, r.ID.String() })
}

func (tx *modelTx) PutRole(r control.Role) error { return put(tx, tx.w.roles, r.ID, r) }

func (tx *modelTx) DeleteRole(account, id leastkey.ID) error {
	if _, err := tx.Role(account, id); err != nil {
		return err
	}
	delete(tx.w.roles, id)
	return nil
}
