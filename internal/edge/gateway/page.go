package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/leastkey/leastkey/catalog"
)

// spot is a place in the documents of a list at which there is something to find, at or below it.
type spot struct {
	key   string
	below []*spot
	items bool // the array of the items
	info  bool // what is said of pages, to be written anew
	count int  // one of the counts, from 1; 0 for none
	kept  bool // items or info are here, or below
}

// The counts of a page.
const (
	pageCount = iota + 1
	pagesCount
	totalCount
	counts = totalCount
)

// spotsOf says where there is something to find in a list.
func spotsOf(op *catalog.Operation) *spot {
	top := &spot{}
	top.at(op.Items.At).items = true
	if op.Paging != nil && op.Paging.Info != nil {
		info := top.at(op.Paging.Info)
		info.info = len(op.Paging.Info) > 0 && !info.leadsToItems()
		for i, name := range []string{"page", "total_pages", "total_count"} {
			info.at(catalog.Pointer{name}).count = i + 1
		}
	}
	top.keep()
	return top
}

// at is the spot at a pointer from here.
func (s *spot) at(p catalog.Pointer) *spot {
	if len(p) == 0 {
		return s
	}
	next := s.find([]byte(p[0]))
	if next == nil {
		next = &spot{key: p[0]}
		s.below = append(s.below, next)
	}
	return next.at(p[1:])
}

func (s *spot) find(key []byte) *spot {
	for _, b := range s.below {
		if b.key == string(key) {
			return b
		}
	}
	return nil
}

func (s *spot) leadsToItems() bool {
	return s.items || slices.ContainsFunc(s.below, (*spot).leadsToItems)
}

func (s *spot) keep() bool {
	s.kept = s.items || s.info
	for _, b := range s.below {
		s.kept = b.keep() || s.kept
	}
	return s.kept
}

// listed is one item of a list, byte for byte, and its id.
type listed struct {
	raw []byte
	id  string
}

// page is what was found in one document of a list.
type page struct {
	items []listed
	found bool // items, or null in their place
	count [counts + 1]int
	told  [counts + 1]bool
	shape shape // what is left when items and info are taken out
}

// readPage goes once through a document.
func readPage(data []byte, op *catalog.Operation, spots *spot) (*page, error) {
	r := pageReader{scanner: scanner{data: data}, op: op, page: &page{}}
	err := r.spot(spots, true, true)
	if err == nil {
		err = r.end()
	}
	return r.page, err
}

type pageReader struct {
	scanner
	op   *catalog.Operation
	page *page
}

// spot goes over what stands at a spot. Within what is written anew nothing is kept.
func (r *pageReader) spot(s *spot, top, keeps bool) error {
	switch {
	case s.items:
		r.page.shape.hole(holeItems)
		r.page.found = true
		return r.items()
	case s.count > 0:
		return r.number(s.count)
	}
	keeps = keeps && s.kept
	if keeps && s.info {
		r.page.shape.hole(holeInfo)
		keeps = false
	}
	kept := 0
	if keeps {
		r.page.shape.text("{")
		defer r.page.shape.text("}")
	}
	return r.object(func(key []byte) error {
		begin := func() {
			if kept++; kept > 1 {
				r.page.shape.text(",")
			}
			r.page.shape.key(key)
		}
		if below := s.find(key); below != nil {
			if keeps && below.kept {
				begin()
			}
			return r.spot(below, false, keeps && below.kept)
		}
		raw, err := r.value()
		if err != nil || !top || !keeps {
			return err
		}
		// Of what an envelope says beside the items, only its outcome tells of no item.
		switch outcome := string(key) == "success" && (string(raw) == "true" || string(raw) == "false"); {
		case outcome:
			begin()
			r.page.shape.text(string(raw))
		case string(key) == "errors", string(key) == "messages":
			begin()
			r.page.shape.text("[]")
		}
		return nil
	})
}

// items goes over the items. Some programs write an empty list as null.
func (r *pageReader) items() error {
	if r.next() != '[' {
		if raw, err := r.value(); err != nil || string(raw) != "null" {
			return errors.Join(errNoArray, err)
		}
		return nil
	}
	return r.elements(func() error {
		r.next()
		from := r.at
		raw, err := r.valueAt(r.op.Items.ID)
		if err != nil && !errors.Is(err, errAbsent) {
			return err
		}
		i := listed{raw: r.data[from:r.at]}
		if err == nil {
			i.id, err = textOf(raw)
		}
		if err != nil {
			r.page.shape.broken = fmt.Errorf("an item of the list has no id: at %s: %w", r.op.Items.ID, err)
		}
		r.page.items = append(r.page.items, i)
		return nil
	})
}

// number goes over one of the counts.
func (r *pageReader) number(count int) error {
	raw, err := r.value()
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 {
		return nil //nolint:nilerr // it was not told, then
	}
	r.page.count[count], r.page.told[count] = n, true
	return nil
}

// shape is a document with holes.
type shape struct {
	parts  []string // what stands in front of each hole, and behind the last
	holes  []hole
	broken error // why it is of no use
}

// hole is what goes where something was taken out.
type hole uint8

const (
	holeItems hole = iota
	holeInfo
)

func (s *shape) text(text string) {
	if len(s.parts) == len(s.holes) {
		s.parts = append(s.parts, "")
	}
	s.parts[len(s.parts)-1] += text
}

func (s *shape) key(key []byte) {
	quoted, err := json.Marshal(string(key))
	s.broken = errors.Join(s.broken, err)
	s.text(string(quoted) + ":")
}

func (s *shape) hole(h hole) {
	s.text("")
	s.holes = append(s.holes, h)
}

// fill gives the document with items and info.
func (s *shape) fill(items []listed, info []byte) []byte {
	size := len(info) + 2
	for _, i := range items {
		size += len(i.raw) + 1
	}
	for _, p := range s.parts {
		size += len(p)
	}
	out := make([]byte, 0, size)
	for n, text := range s.parts {
		out = append(out, text...)
		switch {
		case n == len(s.holes):
		case s.holes[n] == holeInfo:
			out = append(out, info...)
		default:
			out = append(out, '[')
			for i, item := range items {
				if i > 0 {
					out = append(out, ',')
				}
				out = append(out, item.raw...)
			}
			out = append(out, ']')
		}
	}
	return out
}
