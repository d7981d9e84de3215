package demo

import (
	"fmt"
	"maps"
	"strconv"

	"zombiezen.com/go/sqlite"
)

// kind describes one sort of JSON object that is stored under a zone or an account.
// Answers have what the client set, an id, the times, and the defaults that clients' schemas document: anything more would
// be a difference to tools that compare.
type kind struct {
	name     string         // in the database and in messages
	param    string         // of the id in routes
	missing  int            // code when there is none of that id
	perPage  int            // of a list that does not say
	shape    shape          // of the object
	defaults map[string]any // documented ones
	// check looks at what the shape cannot: other objects, the zone's name. It may change doc. Optional.
	check func(t *tx, q *request, id string, doc map[string]any) error
	// inUse refuses a deletion. Optional.
	inUse func(t *tx, q *request, id string) error
	// show adds what is printed but not stored. Optional.
	show func(t *tx, scope string, doc map[string]any) error
	// fixed names an object that a change leaves alone when it comes empty, as some clients send it. Optional.
	fixed string
	// match reads the filters of a list. Optional.
	match func(q *request, f *filter) error
}

// scope is the id of the zone or account the request is about.
func (q *request) scope() string {
	if id, ok := q.ids["zone_id"]; ok {
		return id
	}
	return q.ids["account_id"]
}

func (k *kind) absent() error { return missing(k.missing, "There is no %s with that id here", k.name) }

// docs returns documents as the API prints them.
func (t *tx) docs(k *kind, scope, where, rest string, args ...any) ([]any, error) {
	out := []any{}
	query := "SELECT id, body, created_on, modified_on FROM document WHERE scope = ? AND kind = ? AND " + where + " " + rest
	err := t.each(query, func(s *sqlite.Stmt) error {
		v, err := parseJSON([]byte(s.ColumnText(1)))
		if err != nil {
			return fmt.Errorf("demo: %s %s: %s", k.name, s.ColumnText(0), err) // not the caller's fault: no %w
		}
		doc, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("demo: %s %s is not an object", k.name, s.ColumnText(0))
		}
		doc["id"], doc["created_on"], doc["modified_on"] = s.ColumnText(0), s.ColumnText(2), s.ColumnText(3)
		out = append(out, doc)
		return nil
	}, append([]any{scope, k.name}, args...)...)
	if err != nil {
		return nil, err
	}
	for i, doc := range out {
		if k.show != nil {
			if err := k.show(t, scope, doc.(map[string]any)); err != nil {
				return nil, err
			}
		}
		out[i] = inOrder(doc)
	}
	return out, nil
}

func (t *tx) doc(k *kind, scope, id string) (ordered, error) {
	found, err := t.docs(k, scope, "id = ?", "", id)
	if err == nil && len(found) == 0 {
		err = k.absent()
	}
	if err != nil {
		return nil, err
	}
	return found[0].(ordered), nil
}

func (t *tx) hasDoc(k *kind, scope, id string) (bool, error) {
	n, err := t.count("SELECT count(*) FROM document WHERE scope = ? AND kind = ? AND id = ?", scope, k.name, id)
	return n > 0, err
}

func (t *tx) mustHave(k *kind, scope, id string) error {
	ok, err := t.hasDoc(k, scope, id)
	if err == nil && !ok {
		err = k.absent()
	}
	return err
}

// body is the stored object, for a change that starts from it.
func (t *tx) body(k *kind, scope, id string) (map[string]any, error) {
	var text string
	err := t.each("SELECT body FROM document WHERE scope = ? AND kind = ? AND id = ?", func(s *sqlite.Stmt) error {
		text = s.ColumnText(0)
		return nil
	}, scope, k.name, id)
	if err == nil && text == "" {
		err = k.absent()
	}
	if err != nil {
		return nil, err
	}
	v, err := parseJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("demo: %s %s: %s", k.name, id, err)
	}
	return v.(map[string]any), nil
}

// accept checks what a client sent and returns the text to store.
func (t *tx) accept(k *kind, q *request, id string, f *form) (string, error) {
	in := map[string]any{}
	maps.Copy(in, k.defaults)
	for name, v := range f.fields {
		if v != nil {
			in[name] = v
		}
	}
	kept, err := k.shape(f.at, in)
	if err != nil {
		return "", err
	}
	doc := kept.(map[string]any)
	if k.check != nil {
		if err := k.check(t, q, id, doc); err != nil {
			return "", within(f.at, err)
		}
	}
	text, err := marshal(ordered(doc))
	return string(text), err
}

func (t *tx) postDoc(k *kind, q *request, f *form) (ordered, error) {
	id, err := t.newID()
	if err != nil {
		return nil, err
	}
	text, err := t.accept(k, q, id, f)
	if err != nil {
		return nil, err
	}
	if err := t.exec("INSERT INTO document (id, kind, scope, body, created_on, modified_on) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
		id, k.name, q.scope(), text, t.now); err != nil {
		return nil, err
	}
	return t.doc(k, q.scope(), id)
}

func (t *tx) putDoc(k *kind, q *request, id string, f *form) (ordered, error) {
	if err := t.mustHave(k, q.scope(), id); err != nil {
		return nil, err
	}
	text, err := t.accept(k, q, id, f)
	if err != nil {
		return nil, err
	}
	if err := t.exec("UPDATE document SET body = ?, modified_on = ? WHERE id = ?", text, t.now, id); err != nil {
		return nil, err
	}
	return t.doc(k, q.scope(), id)
}

// patchDoc changes the fields that f has; null unsets one.
func (t *tx) patchDoc(k *kind, q *request, id string, f *form) (ordered, error) {
	merged, err := t.body(k, q.scope(), id)
	if err != nil {
		return nil, err
	}
	for name, v := range f.fields {
		if parts, ok := v.(map[string]any); ok && name == k.fixed && len(parts) == 0 {
			continue
		}
		merged[name] = v
	}
	return t.putDoc(k, q, id, &form{at: f.at, fields: merged})
}

func (t *tx) deleteDoc(k *kind, q *request, id string) (idOnly, error) {
	if err := t.mustHave(k, q.scope(), id); err != nil {
		return idOnly{}, err
	}
	if k.inUse != nil {
		if err := k.inUse(t, q, id); err != nil {
			return idOnly{}, err
		}
	}
	return idOnly{id}, t.exec("DELETE FROM document WHERE id = ?", id)
}

// The handlers of a kind, for the table of routes.

func (k *kind) list(t *tx, q *request) (reply, error) {
	v := q.URL.Query()
	info, err := parsePage(v, k.perPage, 1000)
	if err != nil {
		return reply{}, err
	}
	descending, err := parseDirection(v)
	if err != nil {
		return reply{}, err
	}
	var f filter
	if k.match != nil {
		if err := k.match(q, &f); err != nil {
			return reply{}, err
		}
	}
	where, err := f.where(v)
	if err != nil {
		return reply{}, err
	}
	rest := "ORDER BY seq LIMIT ? OFFSET ?"
	if descending {
		rest = "ORDER BY seq DESC LIMIT ? OFFSET ?"
	}
	total, err := t.count("SELECT count(*) FROM document WHERE scope = ? AND kind = ? AND "+where, append([]any{q.scope(), k.name}, f.args...)...)
	if err != nil {
		return reply{}, err
	}
	out, err := t.docs(k, q.scope(), where, rest, append(f.args, info.PerPage, info.offset())...)
	return reply{result: out, info: info.of(len(out), total)}, err
}

func (k *kind) create(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	doc, err := t.postDoc(k, q, f)
	return reply{result: doc}, err
}

func (k *kind) get(t *tx, q *request) (reply, error) {
	doc, err := t.doc(k, q.scope(), q.ids[k.param])
	return reply{result: doc}, err
}

func (k *kind) replace(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	doc, err := t.putDoc(k, q, q.ids[k.param], f)
	return reply{result: doc}, err
}

func (k *kind) edit(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	doc, err := t.patchDoc(k, q, q.ids[k.param], f)
	return reply{result: doc}, err
}

func (k *kind) delete(t *tx, q *request) (reply, error) {
	gone, err := t.deleteDoc(k, q, q.ids[k.param])
	return reply{result: gone}, err
}

// references reports whether some document of a kind has the id anywhere in its body.
func (t *tx) references(k *kind, scope, id string) (bool, error) {
	n, err := t.count("SELECT count(*) FROM document WHERE scope = ? AND kind = ? AND instr(body, ?) > 0", scope, k.name, strconv.Quote(id))
	return n > 0, err
}

// mustRefer refuses a reference to a document that is not there.
func (t *tx) mustRefer(k *kind, scope, at string, v any) error {
	id, _ := v.(string)
	ok, err := t.hasDoc(k, scope, id)
	if err == nil && !ok {
		err = fieldFault(at, "there is no %s with the id %q", k.name, id)
	}
	return err
}
