package gateway

import (
	"encoding/binary"
	"math/bits"
)

// text goes over a string.
func (s *scanner) text() error {
	for s.at++; ; {
		s.plain()
		if s.at >= len(s.data) {
			return errNotJSON
		}
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return nil
		case c != '\\':
			if c < ' ' {
				return errNotJSON
			}
			s.at++
		case !s.escape():
			return errNotJSON
		}
	}
}

// plain goes over text, eight bytes at a time, up to those that hold a quote, a backslash or a
// control character.
func (s *scanner) plain() {
	const each = 0x0101010101010101
	for ; len(s.data)-s.at >= 8; s.at += 8 {
		w := binary.LittleEndian.Uint64(s.data[s.at:])
		quote, slash := w^(each*'"'), w^(each*'\\')
		found := ((w - each*' ') & ^w) | ((quote - each) & ^quote) | ((slash - each) & ^slash)
		if found &= each << 7; found != 0 {
			s.at += bits.TrailingZeros64(found) / 8
			return
		}
	}
}

// escape goes over a backslash and what it stands for.
func (s *scanner) escape() bool {
	if len(s.data)-s.at < 2 {
		return false
	}
	switch s.data[s.at+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return true
	case 'u':
		if len(s.data)-s.at < 6 {
			return false
		}
		for _, c := range s.data[s.at+2 : s.at+6] {
			if ('0' > c || c > '9') && ('a' > c || c > 'f') && ('A' > c || c > 'F') {
				return false
			}
		}
		s.at += 6
		return true
	default:
		return false
	}
}

// number goes over a number.
func (s *scanner) number() error {
	if s.data[s.at] == '-' {
		s.at++
	}
	whole := s.at
	n := s.digits()
	if n == 0 || n > 1 && s.data[whole] == '0' {
		return errNotJSON
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		if s.at++; s.digits() == 0 {
			return errNotJSON
		}
	}
	if s.at < len(s.data) && (s.data[s.at] == 'e' || s.data[s.at] == 'E') {
		if s.at++; s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if s.digits() == 0 {
			return errNotJSON
		}
	}
	return nil
}

func (s *scanner) digits() int {
	from := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at - from
}
