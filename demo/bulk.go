package demo

import (
	"strconv"
	"strings"
)

// The handlers of kinds whose collection takes arrays. All of an array is done, or nothing.

func (k *kind) createAll(t *tx, q *request) (reply, error) {
	return k.each(q, func(f *form) (any, error) { return t.postDoc(k, q, f) })
}

func (k *kind) replaceAll(t *tx, q *request) (reply, error) {
	return k.each(q, func(f *form) (any, error) { return t.putDoc(k, q, f.text("id"), f) })
}

func (k *kind) editAll(t *tx, q *request) (reply, error) {
	return k.each(q, func(f *form) (any, error) { return t.patchDoc(k, q, f.text("id"), f) })
}

func (k *kind) each(q *request, do func(*form) (any, error)) (reply, error) {
	forms, err := q.objects()
	if err != nil {
		return reply{}, err
	}
	out := []any{}
	for _, f := range forms {
		doc, err := do(f)
		if f.err != nil {
			err = f.err
		}
		if err != nil {
			return reply{}, within(f.at, err)
		}
		out = append(out, doc)
	}
	return reply{result: out}, nil
}

// editInArray edits one, and answers with an array of one, as the live API does for firewall rules. The body may be missing.
func (k *kind) editInArray(t *tx, q *request) (reply, error) {
	f, err := q.optionalObject()
	if err != nil {
		return reply{}, err
	}
	doc, err := t.patchDoc(k, q, q.ids[k.param], f)
	return reply{result: []any{doc}}, err
}

// deleteAll deletes the ids in the query (?id=a&id=b or ?id=a,b), or in the body (ids, or objects that have one).
func (k *kind) deleteAll(t *tx, q *request) (reply, error) {
	ids, err := bulkIDs(q)
	if err != nil {
		return reply{}, err
	}
	out := []idOnly{}
	for _, id := range ids {
		gone, err := t.deleteDoc(k, q, id)
		if err != nil {
			return reply{}, err
		}
		out = append(out, gone)
	}
	return reply{result: out}, nil
}

func bulkIDs(q *request) ([]string, error) {
	var ids []string
	for _, list := range q.URL.Query()["id"] {
		ids = append(ids, strings.Split(list, ",")...)
	}
	if len(ids) == 0 && len(strings.TrimSpace(string(q.body))) > 0 {
		v, err := parseJSON(q.body)
		if err != nil {
			return nil, err
		}
		list, _ := v.([]any)
		for i, item := range list {
			if o, ok := item.(map[string]any); ok {
				item = o["id"]
			}
			s, ok := item.(string)
			if !ok {
				return nil, fieldFault("/"+strconv.Itoa(i), "this must be an id, or an object that has one")
			}
			ids = append(ids, s)
		}
	}
	if len(ids) == 0 {
		return nil, bad(codeInvalid, "Say which to delete: ?id= in the query, or an array of ids in the body")
	}
	return ids, nil
}
