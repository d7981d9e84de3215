package demo

import (
	"errors"
	"fmt"
)

// batchResult has the outcome of each part of a batch, in the order sent.
type batchResult struct {
	Deletes []Record `json:"deletes"`
	Patches []Record `json:"patches"`
	Puts    []Record `json:"puts"`
	Posts   []Record `json:"posts"`
}

// batchRecords deletes, patches, replaces and creates, in that order, all or nothing.
func batchRecords(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	var out batchResult
	steps := []struct {
		name string
		into *[]Record
		do   func(*form) (Record, error)
	}{
		{"deletes", &out.Deletes, func(f *form) (Record, error) { return t.removeRecord(q.zone, f.text("id")) }},
		{"patches", &out.Patches, func(f *form) (Record, error) { return t.patchRecord(q.zone, f.text("id"), f) }},
		{"puts", &out.Puts, func(f *form) (Record, error) { return t.putRecord(q.zone, f.text("id"), f) }},
		{"posts", &out.Posts, func(f *form) (Record, error) { return t.postRecord(q.zone, f) }},
	}
	var changed []Record
	for i, s := range steps {
		*s.into = []Record{}
		for j, item := range f.forms(s.name) {
			r, err := s.do(item)
			if err == nil {
				err = item.err
			}
			if err != nil {
				return reply{}, within(fmt.Sprintf("/%s/%d", s.name, j), err)
			}
			*s.into = append(*s.into, r)
			if i > 0 {
				changed = append(changed, r)
			}
		}
	}
	if f.err != nil {
		return reply{}, f.err
	}
	return reply{result: out}, t.settle(q.zone, changed...)
}

// within says which item of a request a fault is about, unless the fault does already.
func within(at string, err error) error {
	fault := (*Fault)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	placed := *fault
	switch {
	case placed.Pointer == "":
		placed.Pointer = at
	case len(placed.Pointer) < len(at) || placed.Pointer[:len(at)] != at:
		placed.Pointer = at + placed.Pointer
	}
	return &placed
}
