package gateway

import (
	"encoding/json"
	"errors"
)

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
