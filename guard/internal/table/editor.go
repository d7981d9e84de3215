package table

// Editor makes the next version of a table. One goroutine may use it, until it calls Done.
type Editor struct {
	Table
	shared bool     // the list of shelves is that of the version before
	roomy  []uint32 // pages that may have room to grow
}

// Edit starts the next version. It copies nothing yet.
func (t *Table) Edit() *Editor { return &Editor{Table: *t, shared: true} }

// Done is the new version. The editor keeps nothing of it, and is not to be used any more: chunks and
// shelves remember who made them, and would keep every version alive.
func (e *Editor) Done() Table {
	e.trim()
	done := e.Table
	e.Table = Table{}
	return done
}

// trim takes away the room that pages have to grow.
func (e *Editor) trim() {
	for _, at := range e.roomy {
		if p := e.page(at); cap(p) > len(p) {
			e.set(at, p.clone())
		}
	}
	e.roomy = nil
}

// own gives the chunk that page at is in, which nobody else reads.
func (e *Editor) own(at uint32) *chunk {
	if e.shared {
		e.shared = false
		e.shelves = append(make([]*shelf, 0, len(e.shelves)+1), e.shelves...)
	}
	i := int(at / shelfPages)
	if i == len(e.shelves) {
		e.shelves = append(e.shelves, &shelf{edit: e})
	}
	s := e.shelves[i]
	if s.edit != e {
		s = &shelf{s.chunks, e}
		e.shelves[i] = s
	}
	c := &s.chunks[at/chunkPages%shelfChunks]
	switch {
	case *c == nil:
		*c = &chunk{edit: e}
	case (*c).edit != e:
		*c = &chunk{pages: (*c).pages, edit: e}
	}
	return *c
}

// isMine reports whether this edit made the page, so that nobody else reads it.
func (e *Editor) isMine(at uint32) bool {
	c := e.shelves[at/shelfPages].chunks[at/chunkPages%shelfChunks]
	return c.edit == e && c.mine&(1<<(at%chunkPages)) != 0
}

func (e *Editor) set(at uint32, p page) {
	c := e.own(at)
	i := at % chunkPages
	e.bytes += len(p) - len(c.pages[i])
	c.pages[i] = p
	c.mine |= 1 << i
}

// Put adds a record, which is copied. Others with the same key stay.
func (e *Editor) Put(key uint32, record []byte) {
	if e.pages == 0 {
		e.own(0)
		e.pages = 1
	}
	at := e.place(key)
	was := e.page(at)
	p := was.with(key, record, e.isMine(at))
	if cap(p) > len(p) && cap(p) != cap(was) {
		e.roomy = append(e.roomy, at)
	}
	e.set(at, p)
	e.count++
	if e.count > perPage*int(e.pages) && e.pages < 1<<31 {
		e.grow()
	}
}

// grow adds a page, and moves to it what belongs there: all of it stands in one other page.
func (e *Editor) grow() {
	next := e.pages
	if next > e.mask {
		e.mask = e.mask<<1 | 1
	}
	from := next & (e.mask >> 1)
	e.own(next)
	stay, move := e.page(from).divided(func(key uint32) bool { return key&e.mask != next })
	e.pages++
	if move != nil { // otherwise the page is as it was, and may be another version's
		e.set(from, stay)
		e.set(next, move)
	}
}

// Drop takes out the first record with the key that is the one meant; false when there is none.
func (e *Editor) Drop(key uint32, is func(record []byte) bool) bool {
	return e.change(key, is, nil)
}

// Replace puts another record in the place of the first with the key that is the one meant, and
// copies it; false when there is none.
func (e *Editor) Replace(key uint32, is func(record []byte) bool, record []byte) bool {
	if record == nil {
		record = []byte{}
	}
	return e.change(key, is, record)
}

func (e *Editor) change(key uint32, is func([]byte) bool, record []byte) bool {
	at, i := e.find(key, is)
	if i < 0 {
		return false
	}
	e.set(at, e.page(at).replaced(i, record))
	if record == nil {
		e.count--
		e.gaps = true
	}
	return true
}

// Write gives the first record with the key that is the one meant, to be written to in place, as
// long as the editor is not used for anything else; nil when there is none.
func (e *Editor) Write(key uint32, is func(record []byte) bool) []byte {
	at, i := e.find(key, is)
	if i < 0 {
		return nil
	}
	if !e.isMine(at) {
		e.set(at, e.page(at).clone())
	}
	return e.page(at).record(i)
}

func (e *Editor) find(key uint32, is func([]byte) bool) (at uint32, i int) {
	if e.pages == 0 {
		return 0, -1
	}
	at = e.place(key)
	p := e.page(at)
	for i = p.find(key, 0); i >= 0; i = p.find(key, i+1) {
		if is(p.record(i)) {
			return at, i
		}
	}
	return at, -1
}
