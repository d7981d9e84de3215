package gateway

import (
	"slices"

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
