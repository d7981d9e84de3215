package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectAccounts = `SELECT id, name, created_on, modified_on FROM accounts`
	accountByID    = selectAccounts + ` WHERE id = ?`
	accountsByAge  = selectAccounts + ` ORDER BY created_on, id`

	putAccount = `INSERT INTO accounts (id, name, created_on, modified_on) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, created_on = excluded.created_on, modified_on = excluded.modified_on`
)

func scanAccount(r row) control.Account {
	return control.Account{ID: r.id(0), Name: r.text(1), CreatedOn: r.time(2), ModifiedOn: r.time(3)}
}

// Account implements [control.Reader].
func (r reader) Account(id leastkey.ID) (control.Account, error) {
	return first(r, scanAccount, accountByID, id)
}

// Accounts implements [control.Reader].
func (r reader) Accounts() ([]control.Account, error) { return all(r, scanAccount, accountsByAge) }

// PutAccount implements [control.Tx].
func (t tx) PutAccount(a control.Account) error {
	if err := t.run(putAccount, nil, a.ID, a.Name, a.CreatedOn, a.ModifiedOn); err != nil {
		return fmt.Errorf("put account %v: %w", a.ID, err)
	}
	return nil
}
