package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
)

// scanner goes once through a JSON document, and takes for JSON what encoding/json does. It makes no
// tree: what is not looked for is passed over.
type scanner struct {
	data  []byte
	at    int
	depth int
	names [][]byte // of the objects that are open, to find those that occur twice
}

// deepest is how deep values may be nested, as encoding/json has it.
const deepest = 10_000

var (
	errNotJSON  = errors.New("not JSON")
	errNoObject = errors.New("no JSON object where one was expected")
	errNoArray  = errors.New("no JSON array where one was expected")
	errTwice    = errors.New("a JSON object has a key twice")
	errFollows  = errors.New("something follows the JSON value")
)

// next is the byte at which the next token begins; 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// take goes over a byte that must come next.
func (s *scanner) take(c byte) error {
	if s.next() != c {
		return errNotJSON
	}
	s.at++
	return nil
}

// end wants nothing more.
func (s *scanner) end() error {
	if s.next(); s.at < len(s.data) {
		return errFollows
	}
	return nil
}

// value goes over a value, and gives it byte for byte.
func (s *scanner) value() ([]byte, error) {
	c := s.next()
	from := s.at
	var err error
	switch {
	case c == '"':
		err = s.text()
	case c == '{':
		err = s.members(func() error {
			_, err := s.value()
			return err
		})
	case c == '[':
		err = s.elements(func() error {
			_, err := s.value()
			return err
		})
	case c == '-' || '0' <= c && c <= '9':
		err = s.number()
	case s.literal("true") || s.literal("false") || s.literal("null"):
	default:
		err = errNotJSON
	}
	return s.data[from:s.at], err
}

func (s *scanner) literal(word string) bool {
	if len(s.data)-s.at < len(word) || string(s.data[s.at:s.at+len(word)]) != word {
		return false
	}
	s.at += len(word)
	return true
}

// members goes over an object, and calls each in front of every value.
func (s *scanner) members(each func() error) error {
	return s.list('{', '}', func() error {
		if s.next() != '"' {
			return errNotJSON
		}
		if err := s.text(); err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		return each()
	})
}

// elements goes over an array, and calls each in front of every value.
func (s *scanner) elements(each func() error) error { return s.list('[', ']', each) }

func (s *scanner) list(open, shut byte, each func() error) error {
	if s.next() != open {
		return errNotJSON
	}
	if s.depth++; s.depth > deepest {
		return errNotJSON
	}
	s.at++
	if s.next() == shut {
		s.at++
		s.depth--
		return nil
	}
	for {
		if err := each(); err != nil {
			return err
		}
		switch s.next() {
		case ',':
			s.at++
		case shut:
			s.at++
			s.depth--
			return nil
		default:
			return errNotJSON
		}
	}
}

// object goes over an object in which something is looked for, and calls each with the key in front
// of every value. A key that occurs twice is an error: programs differ on which of the two counts.
func (s *scanner) object(each func(key []byte) error) error {
	if s.next() != '{' {
		return errNoObject
	}
	open := len(s.names)
	var many map[string]bool
	err := s.list('{', '}', func() error {
		key, err := s.key()
		if err != nil {
			return err
		}
		if many == nil && len(s.names)-open == mostCompared {
			many = map[string]bool{}
			for _, name := range s.names[open:] {
				many[string(name)] = true
			}
		}
		if many != nil {
			if many[string(key)] {
				return errTwice
			}
			many[string(key)] = true
			return each(key)
		}
		for _, name := range s.names[open:] {
			if bytes.Equal(name, key) {
				return errTwice
			}
		}
		s.names = append(s.names, key)
		return each(key)
	})
	s.names = s.names[:open]
	return err
}

// mostCompared is how many keys are compared with each other one by one.
const mostCompared = 24

// key goes over a key and the colon behind it, and gives what it spells.
func (s *scanner) key() ([]byte, error) {
	if s.next() != '"' {
		return nil, errNotJSON
	}
	from := s.at
	if err := s.text(); err != nil {
		return nil, err
	}
	raw := s.data[from:s.at]
	if err := s.take(':'); err != nil {
		return nil, err
	}
	for _, c := range raw {
		if c == '\\' || c >= 0x80 {
			var spelled string
			err := json.Unmarshal(raw, &spelled)
			return []byte(spelled), err
		}
	}
	return raw[1 : len(raw)-1], nil
}
