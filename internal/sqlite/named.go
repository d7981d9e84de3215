package sqlite

import (
	"fmt"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	credentialsNaming = `SELECT credential FROM named_resources WHERE type = ? AND id = ? ORDER BY credential`

	// Whoever changes what a credential names has read what it named in its policies.
	addName  = `INSERT INTO named_resources (type, id, credential) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	dropName = `DELETE FROM named_resources WHERE type = ? AND id = ? AND credential = ?`
)

// CredentialsNaming implements [control.Reader].
func (r reader) CredentialsNaming(res leastkey.Resource) ([]leastkey.ID, error) {
	return all(r, func(r row) leastkey.ID { return r.id(0) }, credentialsNaming, string(res.Type), res.ID)
}

// putNames writes which resources the policies of a credential name, where they named others before: only
// what is new or gone, for most puts change none.
func (t tx) putNames(of leastkey.ID, had, has []leastkey.Resource) error {
	gone := map[leastkey.Resource]bool{}
	for _, res := range had {
		gone[res] = true
	}
	for _, res := range has {
		if gone[res] {
			delete(gone, res)
			continue
		}
		if err := t.run(addName, nil, string(res.Type), res.ID, of); err != nil {
			return fmt.Errorf("put credential %v: name %v: %w", of, res, err)
		}
	}
	for _, res := range had {
		if !gone[res] {
			continue
		}
		if err := t.run(dropName, nil, string(res.Type), res.ID, of); err != nil {
			return fmt.Errorf("put credential %v: drop the name %v: %w", of, res, err)
		}
	}
	return nil
}

// named are the resources that policies name, as they are kept.
func (t tx) named(policies string) ([]leastkey.Resource, error) {
	var texts canonical
	var c control.Credential
	var err error
	if c.Policies, err = texts.decodePolicies(policies); err != nil {
		return nil, t.corrupt(err)
	}
	return c.Names(), nil
}
