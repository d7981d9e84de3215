package demo

import (
	"net/url"
	"strings"
)

func listRecords(t *tx, q *request) (reply, error) {
	v := q.URL.Query()
	info, err := parsePage(v, 100, 5_000_000)
	if err != nil {
		return reply{}, err
	}
	order, err := parseOrder(v, "record", "type", "name", "content", "ttl", "proxied", "created_on", "modified_on")
	if err != nil {
		return reply{}, err
	}
	f, err := recordFilter(q.zone.Name, v)
	if err != nil {
		return reply{}, err
	}
	where, err := f.where(v)
	if err != nil {
		return reply{}, err
	}
	total, err := t.count("SELECT count(*) FROM record WHERE record.zone_id = ? AND "+where, append([]any{q.zone.ID}, f.args...)...)
	if err != nil {
		return reply{}, err
	}
	out, err := t.records(q.zone, where, "ORDER BY "+order+" LIMIT ? OFFSET ?", append(f.args, info.PerPage, info.offset())...)
	return reply{result: out, info: info.of(len(out), total)}, err
}

// recordFilter reads the filters of a list of records. Texts compare without regard to case. Names are
// normalised as those of records are, content as it is stored, and TXT content with and without its quotes.
func recordFilter(zone string, v url.Values) (*filter, error) {
	f := &filter{}
	for param, values := range v {
		if len(values) == 0 {
			continue
		}
		s := values[0]
		field, how, _ := strings.Cut(param, ".")
		switch field {
		case "type":
			f.add("record.type = ?", strings.ToUpper(s))
		case "proxied":
			if s != "true" && s != "false" {
				return nil, bad(codeInvalid, "The query parameter proxied must be true or false")
			}
			f.add("record.proxied = ?", s == "true")
		case "name":
			if how == "" || how == "exact" {
				s = nameAsStored(zone, s)
			}
			f.text("record.name", how, strings.TrimSuffix(s, "."))
		case "content":
			bare, _ := unquote(s)
			if host, dotted := strings.CutSuffix(s, "."); dotted && s != "." && how != "contains" {
				bare = host
			}
			f.anyText([]string{"record.content", "record.plain"}, how, s, bare)
		case "comment":
			f.text("coalesce(record.comment, '')", how, s)
		case "tag":
			f.tag(how, s)
		case "search":
			f.anyText([]string{"record.name", "record.content", "record.comment"}, "contains", s)
		}
	}
	return f, nil
}

// nameAsStored normalises a name that is looked for; one that no record can have stays as it is and finds none.
func nameAsStored(zone, s string) string {
	name, err := recordName(zone, s)
	if err != nil {
		return s
	}
	return name
}

func (f *filter) text(column, how, s string) { f.anyText([]string{column}, how, s) }

// anyText adds the condition that one of the columns compares with one of the texts.
func (f *filter) anyText(columns []string, how string, texts ...string) {
	var terms []string
	var args []any
	for _, c := range columns {
		for _, s := range texts {
			switch how {
			case "", "exact":
				terms = append(terms, c+" = ? COLLATE NOCASE")
			case "contains":
				terms = append(terms, "instr(lower("+c+"), lower(?)) > 0")
			case "startswith":
				terms = append(terms, "instr(lower("+c+"), lower(?)) = 1")
			case "endswith":
				terms = append(terms, "substr(lower("+c+"), -length(?)) = lower(?)")
				args = append(args, s)
			case "present":
				terms = append(terms, c+" <> ''")
				continue
			case "absent":
				terms = append(terms, c+" = ''")
				continue
			default:
				return
			}
			args = append(args, s)
		}
	}
	f.add("("+strings.Join(terms, " OR ")+")", args...)
}

// tag adds a condition on the tags: "name:value", or a name alone.
func (f *filter) tag(how, s string) {
	const some = "EXISTS (SELECT 1 FROM json_each(record.tags) WHERE "
	switch how {
	case "", "exact":
		f.add(some+"value = ? COLLATE NOCASE)", s)
	case "present":
		f.add(some+"instr(lower(value) || ':', lower(?) || ':') = 1)", s)
	case "absent":
		f.add("NOT "+some+"instr(lower(value) || ':', lower(?) || ':') = 1)", s)
	case "contains":
		f.add(some+"instr(lower(value), lower(?)) > 0)", s)
	}
}

func createRecord(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	r, err := t.postRecord(q.zone, f)
	if err != nil {
		return reply{}, err
	}
	return reply{result: r}, t.settle(q.zone, r)
}

func getRecord(t *tx, q *request) (reply, error) {
	r, err := t.record(q.zone, q.ids["dns_record_id"])
	return reply{result: r}, err
}

func replaceRecord(t *tx, q *request) (reply, error) { return changeRecord(t, q, t.putRecord) }

func editRecord(t *tx, q *request) (reply, error) { return changeRecord(t, q, t.patchRecord) }

func changeRecord(t *tx, q *request, change func(Zone, string, *form) (Record, error)) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	r, err := change(q.zone, q.ids["dns_record_id"], f)
	if err != nil {
		return reply{}, err
	}
	return reply{result: r}, t.settle(q.zone, r)
}

func deleteRecord(t *tx, q *request) (reply, error) {
	r, err := t.removeRecord(q.zone, q.ids["dns_record_id"])
	if err != nil {
		return reply{}, err
	}
	return reply{result: idOnly{r.ID}}, t.settle(q.zone)
}

func (t *tx) postRecord(zone Zone, f *form) (Record, error) {
	var d draft
	if err := d.overlay(f); err != nil {
		return Record{}, err
	}
	return t.insertRecord(zone, d)
}

// putRecord replaces everything: what f does not have is unset.
func (t *tx) putRecord(zone Zone, id string, f *form) (Record, error) {
	old, err := t.record(zone, id)
	if err != nil {
		return Record{}, err
	}
	d := draft{keep: &old}
	if err := d.overlay(f); err != nil {
		return Record{}, err
	}
	return t.updateRecord(zone, old, d)
}

// patchRecord changes what f has.
func (t *tx) patchRecord(zone Zone, id string, f *form) (Record, error) {
	old, err := t.record(zone, id)
	if err != nil {
		return Record{}, err
	}
	d := old.draft()
	d.keep = &old
	if err := d.overlay(f); err != nil {
		return Record{}, err
	}
	return t.updateRecord(zone, old, d)
}
