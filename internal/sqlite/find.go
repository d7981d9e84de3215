package sqlite

import (
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/leastkey/leastkey/internal/control"
)

// A search walks down from the ancestors, but only through what can have resources of the type
// below it: kinds holds which types are under which, from the type up, read in a few steps of an
// index. Most often that is one level, and the walk is over where it begins. It goes as deep as
// enforcement nodes follow a chain of parents. A CROSS JOIN fixes the order of the loops.
//
// The ancestors come in hexadecimal, for their ids may hold any bytes and JSON may not. A text is
// looked for as it is, %, _ and all; lower and NOCASE know A to Z alone.
const (
	walk = `WITH RECURSIVE kinds (type, parent) AS (
			SELECT ?2, (SELECT min(parent_type) FROM resources WHERE type = ?2)
			UNION
			SELECT type, (SELECT min(r.parent_type) FROM resources AS r WHERE r.type = kinds.type AND r.parent_type > kinds.parent)
				FROM kinds WHERE parent IS NOT NULL
			UNION
			SELECT parent, (SELECT min(r.parent_type) FROM resources AS r WHERE r.type = kinds.parent)
				FROM kinds WHERE parent IS NOT NULL
		), below (type, id, depth) AS (
			SELECT CAST(unhex(value ->> 0) AS TEXT), CAST(unhex(value ->> 1) AS TEXT), 0 FROM json_each(?1)
			UNION
			SELECT r.type, r.id, below.depth + 1
				FROM below CROSS JOIN kinds ON kinds.parent = below.type AND kinds.type IN (SELECT parent FROM kinds)
				CROSS JOIN resources AS r INDEXED BY resources_by_name ON r.type = kinds.type AND r.parent_type = below.type AND r.parent_id = below.id
				WHERE below.depth < 16 - 1
		) `
	found = ` FROM (SELECT DISTINCT type, id FROM below) AS above
		CROSS JOIN resources AS r INDEXED BY resources_by_name ON r.type = ?2 AND r.parent_type = above.type AND r.parent_id = above.id
		WHERE (instr(lower(r.name), ?3) > 0 OR r.id = ?4)`

	findResources = walk + `SELECT r.type, r.id, r.name, r.parent_type, r.parent_id, r.created_on` + found +
		` ORDER BY instr(lower(r.name), ?3) = 1 DESC, r.name COLLATE NOCASE, r.id LIMIT ?5 + 0`
	countResources = walk + `SELECT count(*)` + found
)

// FindResources implements [control.Reader].
func (r reader) FindResources(s control.ResourceSearch) ([]control.Resource, error) {
	if s.Limit <= 0 { // a negative limit would be none at all to SQLite
		return nil, fmt.Errorf("sqlite: find resources: the limit %d is not positive", s.Limit)
	}
	return all(r, scanResource, findResources, append(searchFor(s), int64(s.Limit))...)
}

// CountResources implements [control.Reader].
func (r reader) CountResources(s control.ResourceSearch) (int, error) {
	return first(r, func(r row) int { return int(r.int(0)) }, countResources, searchFor(s)...)
}

func searchFor(s control.ResourceSearch) []any {
	var within strings.Builder
	for i, a := range s.Within {
		if i > 0 {
			within.WriteByte(',')
		}
		fmt.Fprintf(&within, `["%s","%s"]`, hex.EncodeToString([]byte(a.Type)), hex.EncodeToString([]byte(a.ID)))
	}
	return []any{"[" + within.String() + "]", string(s.Type), lower(s.Text), s.Text}
}

// lower is SQLite's: A to Z alone, byte for byte.
func lower(s string) string {
	text := []byte(s)
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return string(text)
}
