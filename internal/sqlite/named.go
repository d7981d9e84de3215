package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	credentialsNaming = `SELECT credential FROM named_resources WHERE type = ? AND id = ? ORDER BY credential`

	namedBy   = `SELECT type, id FROM named_resources WHERE credential = ?`
	addName   = `INSERT INTO named_resources (type, id, credential) VALUES (?, ?, ?)`
	dropName  = `DELETE FROM named_resources WHERE type = ? AND id = ? AND credential = ?`
	dropNames = `DELETE FROM named_resources WHERE credential = ?`
)

// CredentialsNaming implements [control.Reader].
func (r reader) CredentialsNaming(res leastkey.Resource) ([]leastkey.ID, error) {
	return all(r, func(r row) leastkey.ID { return r.id(0) }, credentialsNaming, string(res.Type), res.ID)
}

// putNames writes which resources the policies of a credential name: only what is new or gone, for
// most puts change none.
func (t tx) putNames(c control.Credential) error {
	had, err := all(t.reader, func(r row) leastkey.Resource { return r.resource(0, 1) }, namedBy, c.ID)
	if err != nil {
		return err
	}
	gone := map[leastkey.Resource]bool{}
	for _, res := range had {
		gone[res] = true
	}
	var added []leastkey.Resource
	for _, res := range c.Names() {
		if gone[res] {
			delete(gone, res)
			continue
		}
		added = append(added, res)
	}
	if err := t.addNames(c.ID, added); err != nil {
		return err
	}
	for _, res := range had {
		if !gone[res] {
			continue
		}
		if err := t.run(dropName, nil, string(res.Type), res.ID, c.ID); err != nil {
			return fmt.Errorf("put credential %v: drop the name %v: %w", c.ID, res, err)
		}
	}
	return nil
}

func (t tx) addNames(of leastkey.ID, names []leastkey.Resource) error {
	for _, res := range names {
		if err := t.run(addName, nil, string(res.Type), res.ID, of); err != nil {
			return fmt.Errorf("put credential %v: name %v: %w", of, res, err)
		}
	}
	return nil
}
