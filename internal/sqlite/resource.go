package sqlite

import (
	"fmt"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

const (
	selectResources = `SELECT type, id, name, parent_type, parent_id, created_on FROM resources`
	resourceByID    = selectResources + ` WHERE type = ? AND id = ?`

	putResource = `INSERT INTO resources (type, id, name, parent_type, parent_id, created_on) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (type, id) DO UPDATE SET name = excluded.name, parent_type = excluded.parent_type,
			parent_id = excluded.parent_id, created_on = excluded.created_on`
	deleteResource = `DELETE FROM resources WHERE type = ? AND id = ? RETURNING id`
)

func scanResource(r row) control.Resource {
	return control.Resource{Resource: r.resource(0, 1), Name: r.text(2), Parent: r.resource(3, 4), CreatedOn: r.time(5)}
}

// Resource implements [control.Reader].
func (r reader) Resource(res leastkey.Resource) (control.Resource, error) {
	return first(r, scanResource, resourceByID, string(res.Type), res.ID)
}

// Resources implements [control.Reader]. Two types may have the same id: the type orders them.
func (r reader) Resources(t leastkey.ResourceType, parent leastkey.Resource) ([]control.Resource, error) {
	query, args := resourceQuery(t, parent)
	return all(r, scanResource, query, args...)
}

// resourceQuery asks only for what restricts, so that each of the four has an index.
func resourceQuery(t leastkey.ResourceType, parent leastkey.Resource) (string, []any) {
	var where []string
	var args []any
	if t != "" {
		where, args = append(where, "type = ?"), append(args, string(t))
	}
	if !parent.IsZero() {
		where, args = append(where, "parent_type = ?", "parent_id = ?"), append(args, string(parent.Type), parent.ID)
	}
	query := selectResources
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + " ORDER BY created_on, type, id", args
}

// PutResource implements [control.Tx].
func (t tx) PutResource(res control.Resource) error {
	err := t.run(putResource, nil, string(res.Type), res.ID, res.Name, string(res.Parent.Type), res.Parent.ID, res.CreatedOn)
	if err != nil {
		return fmt.Errorf("put resource: %w", err)
	}
	return nil
}

// DeleteResource implements [control.Tx].
func (t tx) DeleteResource(res leastkey.Resource) error {
	return t.one(deleteResource, nil, string(res.Type), res.ID)
}
