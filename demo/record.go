package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"zombiezen.com/go/sqlite"
)

// Record is a DNS record, as the API prints it.
type Record struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"` // full name, lower case
	ZoneID    string          `json:"zone_id"`
	ZoneName  string          `json:"zone_name"`
	Type      string          `json:"type"`
	Content   string          `json:"content"`
	Priority  *int            `json:"priority,omitempty"` // MX and SRV
	Proxiable bool            `json:"proxiable"`
	Proxied   bool            `json:"proxied"`
	TTL       int             `json:"ttl"` // seconds; 1 is automatic
	Comment   *string         `json:"comment"`
	Created   string          `json:"created_on"`
	Modified  string          `json:"modified_on"`
	Commented *string         `json:"comment_modified_on,omitempty"` // with a comment
	Tagged    *string         `json:"tags_modified_on,omitempty"`    // with tags
	Tags      []string        `json:"tags"`
	Data      json.RawMessage `json:"data,omitempty"` // the parts of SRV and CAA, and of MX when it was sent that way
	Settings  recordSettings  `json:"settings"`
	Meta      struct{}        `json:"meta"`

	plain, wire string // as in the schema
}

// recordSettings is kept for clients that set it. It concerns proxied records, so nothing acts on it here.
type recordSettings struct {
	FlattenCNAME *bool `json:"flatten_cname,omitempty"`
	IPv4Only     *bool `json:"ipv4_only,omitempty"`
	IPv6Only     *bool `json:"ipv6_only,omitempty"`
}

// errNoRecord is also what a record of another zone gets.
func errNoRecord() error { return missing(81044, "Record does not exist.") }

const recordColumns = `record.id, record.name, record.type, record.content, record.priority, record.proxied, record.ttl,
	record.comment, record.created_on, record.modified_on, record.comment_modified_on, record.tags_modified_on,
	record.tags, record.data, record.settings, record.plain, record.wire`

func (t *tx) records(zone Zone, where, rest string, args ...any) ([]Record, error) {
	out := []Record{}
	query := "SELECT " + recordColumns + " FROM record WHERE record.zone_id = ? AND " + where + " " + rest
	err := t.each(query, func(s *sqlite.Stmt) error {
		r := Record{
			ID: s.ColumnText(0), Name: s.ColumnText(1), Type: s.ColumnText(2), Content: s.ColumnText(3),
			ZoneID: zone.ID, ZoneName: zone.Name,
			Proxied: s.ColumnBool(5), TTL: s.ColumnInt(6), Comment: textOrNil(s, 7),
			Created: s.ColumnText(8), Modified: s.ColumnText(9), Commented: textOrNil(s, 10), Tagged: textOrNil(s, 11),
			plain: s.ColumnText(15), wire: s.ColumnText(16),
		}
		r.Proxiable = proxiable(r.Type)
		if !s.ColumnIsNull(4) {
			n := s.ColumnInt(4)
			r.Priority = &n
		}
		if !s.ColumnIsNull(13) {
			r.Data = json.RawMessage(s.ColumnText(13))
		}
		if err := errors.Join(json.Unmarshal([]byte(s.ColumnText(12)), &r.Tags), json.Unmarshal([]byte(s.ColumnText(14)), &r.Settings)); err != nil {
			return fmt.Errorf("demo: record %s: %w", r.ID, err)
		}
		out = append(out, r)
		return nil
	}, append([]any{zone.ID}, args...)...)
	return out, err
}

func textOrNil(s *sqlite.Stmt, column int) *string {
	if s.ColumnIsNull(column) {
		return nil
	}
	text := s.ColumnText(column)
	return &text
}

func (t *tx) record(zone Zone, id string) (Record, error) {
	found, err := t.records(zone, "record.id = ?", "", id)
	if err == nil && len(found) == 0 {
		err = errNoRecord()
	}
	if err != nil {
		return Record{}, err
	}
	return found[0], nil
}

// insertRecord adds a record. Whether it clashes is checked by settle, at the end of the change.
func (t *tx) insertRecord(zone Zone, d draft) (Record, error) {
	r, err := d.record(zone)
	if err != nil {
		return Record{}, err
	}
	if r.ID, err = t.newID(); err != nil {
		return Record{}, err
	}
	r.Created = t.now
	r.stamp(Record{}, t.now)
	tags, settings, err := r.nested()
	if err != nil {
		return Record{}, err
	}
	return r, t.exec(`INSERT INTO record (id, zone_id, name, node, type, content, plain, wire, priority, data, ttl, proxied,
		settings, comment, tags, created_on, modified_on, comment_modified_on, tags_modified_on)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, zone.ID, r.Name, node(r.Name), r.Type, r.Content, r.plain, r.wire, orNil(r.Priority), jsonOrNil(r.Data), r.TTL, r.Proxied,
		settings, orNil(r.Comment), tags, r.Created, r.Modified, orNil(r.Commented), orNil(r.Tagged))
}

// updateRecord puts d in the place of old, keeping its id and age.
func (t *tx) updateRecord(zone Zone, old Record, d draft) (Record, error) {
	r, err := d.record(zone)
	if err != nil {
		return Record{}, err
	}
	r.ID, r.Created = old.ID, old.Created
	r.stamp(old, t.now)
	tags, settings, err := r.nested()
	if err != nil {
		return Record{}, err
	}
	return r, t.exec(`UPDATE record SET name = ?, node = ?, type = ?, content = ?, plain = ?, wire = ?, priority = ?, data = ?, ttl = ?,
		proxied = ?, settings = ?, comment = ?, tags = ?, modified_on = ?, comment_modified_on = ?, tags_modified_on = ? WHERE id = ?`,
		r.Name, node(r.Name), r.Type, r.Content, r.plain, r.wire, orNil(r.Priority), jsonOrNil(r.Data), r.TTL,
		r.Proxied, settings, orNil(r.Comment), tags, r.Modified, orNil(r.Commented), orNil(r.Tagged), r.ID)
}

// nested prints the columns that are JSON.
func (r Record) nested() (tags, settings string, err error) {
	t, err := marshal(r.Tags)
	if err != nil {
		return "", "", err
	}
	s, err := marshal(r.Settings)
	return string(t), string(s), err
}

func (t *tx) removeRecord(zone Zone, id string) (Record, error) {
	r, err := t.record(zone, id)
	if err != nil {
		return Record{}, err
	}
	return r, t.exec(`DELETE FROM record WHERE id = ?`, id)
}

// stamp sets the times of a change: modified always, those of comment and tags when they changed and are there.
func (r *Record) stamp(old Record, now string) {
	r.Modified = now
	if r.Comment != nil && *r.Comment != "" {
		r.Commented = &now
		if old.Comment != nil && *old.Comment == *r.Comment {
			r.Commented = old.Commented
		}
	}
	if len(r.Tags) > 0 {
		r.Tagged = &now
		if slices.Equal(old.Tags, r.Tags) {
			r.Tagged = old.Tagged
		}
	}
}

// settle ends a change of records: it refuses what cannot stand together and moves the zone's serial on.
// It looks at the outcome only, so a batch may pass through states that could not stand.
func (t *tx) settle(zone Zone, changed ...Record) error {
	for _, r := range changed {
		same, err := t.count(`SELECT count(*) FROM record WHERE zone_id = ? AND node = ? AND type = ? AND wire = ?`,
			zone.ID, node(r.Name), r.Type, r.wire)
		if err != nil {
			return err
		}
		if same > 1 {
			return clash(81058, "An identical record already exists.")
		}
		if !proxiable(r.Type) {
			continue
		}
		// TXT, MX and others may stand beside a CNAME, as registries of syncing tools want them to.
		aliases, err := t.count(`SELECT count(*) FROM record WHERE zone_id = ? AND node = ? AND type = 'CNAME'`, zone.ID, node(r.Name))
		if err != nil {
			return err
		}
		hosts, err := t.count(`SELECT count(*) FROM record WHERE zone_id = ? AND node = ? AND type IN ('A', 'AAAA', 'CNAME')`, zone.ID, node(r.Name))
		if err != nil {
			return err
		}
		if aliases > 0 && hosts > 1 {
			return clash(81053, "An A, AAAA, or CNAME record with that host already exists.")
		}
	}
	return t.touchZone(zone.ID)
}

func clash(code int, text string) error {
	return &Fault{Status: http.StatusBadRequest, Code: code, Message: text}
}

func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

func jsonOrNil(m json.RawMessage) any {
	if m == nil {
		return nil
	}
	return string(m)
}
