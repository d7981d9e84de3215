// Package table keeps many small byte records so that one change makes a new version of all of them
// at a small price, while readers of the old version go on without a lock.
//
// A [Table] is found into by keys of 32 bits, which must be spread evenly: it does not hash them
// again. Several records may have one key; the caller tells them apart. Records stand together in
// pages of some two dozen, one allocation each and without a pointer in it, so that a look-up touches
// few lines of memory and the garbage collector has nothing to follow. The number of pages grows by
// one at a time (linear hashing, W. Litwin, 1980): no insertion pays for a rebuild.
package table

import (
	"encoding/binary"
	"iter"
)

// perPage is how many records a page has on average. Fewer make changes cheaper and memory dearer.
const perPage = 24

// The directory of pages has three levels, of which a change copies one way down: a list of shelves, which
// are so many chunks, which are so many pages. Even of ten million records the list has some hundred.
const (
	chunkPages  = 64
	shelfChunks = 64
	shelfPages  = shelfChunks * chunkPages
)

type chunk struct {
	pages [chunkPages]page
	edit  *Editor // that made it
	mine  uint64  // pages that the same edit made, a bit each
}

type shelf struct {
	chunks [shelfChunks]*chunk
	edit   *Editor // that made it
}

// Table is one version. It never changes; the zero Table is empty.
type Table struct {
	shelves []*shelf
	pages   uint32 // in use, at least 1 when there are any
	mask    uint32 // the next power of two above pages-1, less one
	count   int
	bytes   int
	gaps    bool // something was taken out of it
}

// Len is the number of records.
func (t *Table) Len() int { return t.count }

// Bytes is what pages take, in bytes, without what the allocator adds.
func (t *Table) Bytes() int { return t.bytes }

// Gaps reports whether a record was ever taken out, of this version or one before it.
func (t *Table) Gaps() bool { return t.gaps }

// place is the number of the page for a key.
func (t *Table) place(key uint32) uint32 {
	at := key & t.mask
	if at >= t.pages {
		at &= t.mask >> 1
	}
	return at
}

func (t *Table) page(at uint32) page {
	return t.shelves[at/shelfPages].chunks[at/chunkPages%shelfChunks].pages[at%chunkPages]
}

// Seek begins a walk over the records with a key.
func (t *Table) Seek(key uint32) Cursor {
	if t.pages == 0 {
		return Cursor{}
	}
	return Cursor{page: t.page(t.place(key)), key: key}
}

// All gives every key with its record, in no order. Records are not to be written to.
func (t *Table) All() iter.Seq2[uint32, []byte] {
	return func(yield func(uint32, []byte) bool) {
		for at := range t.pages {
			p := t.page(at)
			for i := range p.len() {
				if !yield(p.key(i), p.record(i)) {
					return
				}
			}
		}
	}
}

// Cursor walks over the records with one key.
type Cursor struct {
	page page
	key  uint32
	next int
}

// Next gives the next record, which is not to be written to; false after the last.
func (c *Cursor) Next() ([]byte, bool) {
	i := c.page.find(c.key, c.next)
	if i < 0 {
		return nil, false
	}
	c.next = i + 1
	return c.page.record(i), true
}

// page is a number of records: their count; the key of each with where it ends, counted from the first;
// then the records. An empty one is nil. All numbers have 32 bits, little-endian.
type page []byte

const (
	word = 4
	pair = 2 * word // a key, and the end of its record
)

func (p page) len() int {
	if len(p) == 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(p))
}

// records is where the first record begins, of a page that is not empty.
func records(n int) int { return word + pair*n }

func (p page) key(i int) uint32 { return binary.LittleEndian.Uint32(p[word+pair*i:]) }
func (p page) end(i int) int    { return int(binary.LittleEndian.Uint32(p[word+pair*i+word:])) }

func (p page) record(i int) []byte {
	start, from := records(p.len()), 0
	if i > 0 {
		from = p.end(i - 1)
	}
	to := start + p.end(i)
	return p[start+from : to : to]
}

// find is the first record with the key from i on; -1 for none.
func (p page) find(key uint32, i int) int {
	n := p.len()
	if n == 0 {
		return -1
	}
	pairs := p[word:records(n)]
	for ; i < n; i++ {
		if binary.LittleEndian.Uint32(pairs[pair*i:]) == key {
			return i
		}
	}
	return -1
}

// made builds a page of n records, which add is called for to fill in their order.
type made struct {
	page page
	n, i int
	to   int // bytes of records so far
}

func newPage(n, bytes int) made {
	if n == 0 {
		return made{}
	}
	p := make(page, records(n)+bytes)
	binary.LittleEndian.PutUint32(p, uint32(n))
	return made{page: p, n: n}
}

func (m *made) add(key uint32, record []byte) {
	copy(m.page[records(m.n)+m.to:], record)
	m.to += len(record)
	binary.LittleEndian.PutUint32(m.page[word+pair*m.i:], key)
	binary.LittleEndian.PutUint32(m.page[word+pair*m.i+word:], uint32(m.to))
	m.i++
}

// bytes is what the records take.
func (p page) bytes() int {
	if n := p.len(); n > 0 {
		return len(p) - records(n)
	}
	return 0
}

// clone is a copy without room to grow.
func (p page) clone() page { return append(make(page, 0, len(p)), p...) }

// with is the page and one record more. When the page is nobody else's, it may be the same one, and has
// room for some more.
func (p page) with(key uint32, record []byte, mine bool) page {
	n, bytes := p.len(), p.bytes()
	size := records(n+1) + bytes + len(record)
	to := p
	if !mine {
		to = make(page, size)
	} else if cap(p) < size {
		to = make(page, size, size+size/4)
	}
	to = to[:size]
	if n > 0 { // all stand as they are, one pair apart from where they stood
		copy(to[records(n+1):], p[records(n):])
		copy(to[word:], p[word:records(n)])
	}
	binary.LittleEndian.PutUint32(to, uint32(n+1))
	m := made{page: to, n: n + 1, i: n, to: bytes}
	m.add(key, record)
	return to
}

// replaced is the page with another record in the place of record i; without, when it is nil.
func (p page) replaced(i int, record []byte) page {
	n := p.len()
	left := n
	if record == nil {
		left--
	}
	m := newPage(left, p.bytes()-len(p.record(i))+len(record))
	for j := range n {
		switch {
		case j != i:
			m.add(p.key(j), p.record(j))
		case record != nil:
			m.add(p.key(j), record)
		}
	}
	return m.page
}

// divided are the records that stay, and those that move on, each in a page of its own. When all stay,
// it is the page itself, and nil.
func (p page) divided(stays func(key uint32) bool) (stay, move page) {
	n, kept, keptBytes := p.len(), 0, 0
	for i := range n {
		if stays(p.key(i)) {
			kept++
			keptBytes += len(p.record(i))
		}
	}
	if kept == n {
		return p, nil
	}
	s, m := newPage(kept, keptBytes), newPage(n-kept, p.bytes()-keptBytes)
	for i := range n {
		to := &m
		if stays(p.key(i)) {
			to = &s
		}
		to.add(p.key(i), p.record(i))
	}
	return s.page, m.page
}
