package guard

import (
	"errors"
	"fmt"

	"github.com/leastkey/leastkey"
)

// words gives small numbers to the permission groups and resource types that records are about, so
// that a record says them in two bytes. It only grows: a number means the same in every snapshot of
// a state, whatever catalogue is in force. Whoever may change the state may use it; readers have the
// lists of their snapshot.
type words struct {
	groups  []leastkey.ID
	groupAt map[leastkey.ID]uint16
	types   []leastkey.ResourceType
	typeAt  map[leastkey.ResourceType]uint16
}

// noType is the number of the empty type, which no target is of.
const noType uint16 = 0

// Bounds of the numbers: groups have 16 bits in a record; types share theirs with an extent.
const (
	mostGroups = 1 << 16
	mostTypes  = 1 << typeBits
)

func newWords() *words {
	return &words{
		groupAt: map[leastkey.ID]uint16{},
		types:   []leastkey.ResourceType{""}, typeAt: map[leastkey.ResourceType]uint16{"": noType},
	}
}

func (w *words) group(id leastkey.ID) (uint16, error) {
	n, known := w.groupAt[id]
	if known {
		return n, nil
	}
	if len(w.groups) == mostGroups {
		return 0, fmt.Errorf("guard: more than %d permission groups", mostGroups)
	}
	n = uint16(len(w.groups))
	w.groups, w.groupAt[id] = append(w.groups, id), n
	return n, nil
}

func (w *words) kind(t leastkey.ResourceType) (uint16, error) {
	n, known := w.typeAt[t]
	if known {
		return n, nil
	}
	if len(w.types) == mostTypes {
		return 0, errors.New("guard: too many resource types")
	}
	n = uint16(len(w.types))
	w.types, w.typeAt[t] = append(w.types, t), n
	return n, nil
}
