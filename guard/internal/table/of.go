package table

import (
	"iter"
	"math/bits"
)

// Of makes a table of many records at once: each page is made once, in its last size, where records that
// come one by one make a page anew for every one of them. each is walked three times, and gives the same
// records in the same order; those with one key stand in it too.
func Of(each iter.Seq2[uint32, []byte]) Table {
	t := Table{}
	for range each {
		t.count++
	}
	if t.count == 0 {
		return t
	}
	t.pages = uint32((t.count + perPage - 1) / perPage)
	t.mask = 1<<bits.Len32(t.pages-1) - 1
	pages := make([]made, t.pages)
	for key, record := range each {
		m := &pages[t.place(key)]
		m.n++
		m.to += len(record)
	}
	e := t.Edit()
	for at := range pages {
		m := &pages[at]
		*m = newPage(m.n, m.to)
		e.set(uint32(at), m.page)
	}
	for key, record := range each {
		pages[e.place(key)].add(key, record)
	}
	return e.Done()
}

// Twice reports whether two records with one key are the same.
func (t *Table) Twice(same func(a, b []byte) bool) bool {
	for at := range t.pages {
		p := t.page(at)
		for i := range p.len() {
			for j := p.find(p.key(i), i+1); j >= 0; j = p.find(p.key(i), j+1) {
				if same(p.record(i), p.record(j)) {
					return true
				}
			}
		}
	}
	return false
}
