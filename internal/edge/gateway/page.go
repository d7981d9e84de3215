package gateway

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/leastkey/leastkey/catalog"
)

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
