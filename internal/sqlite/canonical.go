package sqlite

import (
	"encoding/hex"
	"strings"

	"github.com/leastkey/leastkey"
)

// canonical reads conditions and policies in the very form in which encode writes the common ones: no
// white space, every field in its place, texts of plain ASCII. What it does not recognise to the last
// byte is left to encoding/json, which says the same of all that it does recognise, in many times as long.
type canonical struct {
	text string
	at   int

	types    map[string]leastkey.ResourceType // each kept once, not once for every pattern
	policies chunks[leastkey.Policy]
	ids      chunks[leastkey.ID]
	patterns chunks[leastkey.Pattern]
	ranges   chunks[leastkey.AddressRange]
	texts    texts
}

// mostTypes bounds what is remembered of types; a catalogue has a few dozen.
const mostTypes = 1000

// decodePolicies reads the policies of a credential.
func (c *canonical) decodePolicies(text string) ([]leastkey.Policy, error) {
	c.text, c.at = text, 0
	if list, ok := list(c, &c.policies, c.policy); ok && c.at == len(text) {
		return list, nil
	}
	return decode[[]leastkey.Policy](text)
}

// decodeCondition reads the condition of a credential.
func (c *canonical) decodeCondition(text string) (leastkey.Condition, error) {
	if text == "{}" {
		return leastkey.Condition{}, nil
	}
	c.text, c.at = text, 0
	if found, ok := c.condition(); ok && c.at == len(text) {
		return found, nil
	}
	return decode[leastkey.Condition](text)
}

func (c *canonical) condition() (found leastkey.Condition, ok bool) {
	if c.is(`{"in":`) {
		if found.In, ok = list(c, &c.ranges, c.addresses); !ok {
			return found, false
		}
		if c.is(`}`) {
			return found, true
		}
		if !c.is(`,"not_in":`) {
			return found, false
		}
	} else if !c.is(`{"not_in":`) {
		return found, false
	}
	found.NotIn, ok = list(c, &c.ranges, c.addresses)
	return found, ok && c.is(`}`)
}

func (c *canonical) addresses() (leastkey.AddressRange, bool) {
	text, ok := c.string()
	if !ok {
		return leastkey.AddressRange{}, false
	}
	r, err := leastkey.ParseAddressRange(text)
	return r, err == nil
}

func (c *canonical) policy() (p leastkey.Policy, ok bool) {
	if !c.is(`{"id":`) {
		return p, false
	}
	if p.ID, ok = c.id(); !ok {
		return p, false
	}
	switch {
	case c.is(`,"effect":"allow","groups":`):
		p.Effect = leastkey.Allow
	case c.is(`,"effect":"deny","groups":`):
		p.Effect = leastkey.Deny
	default:
		return p, false
	}
	if p.Groups, ok = list(c, &c.ids, c.id); !ok || !c.is(`,"patterns":`) {
		return p, false
	}
	p.Patterns, ok = list(c, &c.patterns, c.pattern)
	return p, ok && c.is(`}`)
}

func (c *canonical) pattern() (p leastkey.Pattern, ok bool) {
	switch {
	case c.is(`{"extent":1,"type":`):
		p.Extent = leastkey.One
	case c.is(`{"extent":2,"type":`):
		p.Extent = leastkey.Every
	case c.is(`{"extent":3,"type":`):
		p.Extent = leastkey.Under
	default:
		return p, false
	}
	if p.Type, ok = c.kind(); !ok {
		return p, false
	}
	if c.is(`,"id":`) {
		if p.ID, ok = c.string(); !ok {
			return p, false
		}
		p.ID = c.texts.keep(p.ID) // or it would keep the whole text
	}
	if c.is(`,"parent":{"type":`) {
		if p.Parent.Type, ok = c.kind(); !ok || !c.is(`,"id":`) {
			return p, false
		}
		if p.Parent.ID, ok = c.string(); !ok || !c.is(`}`) {
			return p, false
		}
		p.Parent.ID = c.texts.keep(p.Parent.ID)
	}
	return p, c.is(`}`)
}

func (c *canonical) kind() (leastkey.ResourceType, bool) {
	text, ok := c.string()
	if !ok {
		return "", false
	}
	kept, known := c.types[text]
	if !known {
		kept = leastkey.ResourceType(strings.Clone(text))
		if c.types == nil {
			c.types = map[string]leastkey.ResourceType{}
		}
		if len(c.types) < mostTypes {
			c.types[string(kept)] = kept
		}
	}
	return kept, true
}

// id reads 32 lower-case hexadecimal digits in quotes.
func (c *canonical) id() (id leastkey.ID, ok bool) {
	const length = 2 + 2*len(id)
	if len(c.text)-c.at < length || c.text[c.at] != '"' || c.text[c.at+length-1] != '"' {
		return id, false
	}
	digits := []byte(c.text[c.at+1 : c.at+length-1])
	c.at += length
	lower := byte(' ') // is a bit of digits and of lower-case letters, not of upper-case ones
	for _, digit := range digits {
		lower &= digit
	}
	_, err := hex.Decode(id[:], digits)
	return id, err == nil && lower != 0
}

// string reads plain ASCII in quotes, as a part of the text.
func (c *canonical) string() (string, bool) {
	if c.at == len(c.text) || c.text[c.at] != '"' {
		return "", false
	}
	for i := c.at + 1; i < len(c.text); i++ {
		switch b := c.text[i]; {
		case b == '"':
			found := c.text[c.at+1 : i]
			c.at = i + 1
			return found, true
		case b == '\\' || b < ' ' || b > '~':
			return "", false
		}
	}
	return "", false
}

// is goes past what comes next, when that is it.
func (c *canonical) is(next string) bool {
	if !strings.HasPrefix(c.text[c.at:], next) {
		return false
	}
	c.at += len(next)
	return true
}

// list reads an array with something in it.
func list[T any](c *canonical, in *chunks[T], item func() (T, bool)) ([]T, bool) {
	if !c.is(`[`) {
		return nil, false
	}
	begin := len(in.open)
	for {
		one, ok := item()
		if !ok {
			in.open = in.open[:begin]
			return nil, false
		}
		in.open = append(in.open, one)
		if c.is(`,`) {
			continue
		}
		kept := in.keep(in.open[begin:])
		in.open = in.open[:begin]
		return kept, c.is(`]`)
	}
}

// chunks hands out many small slices of few large ones. They are nobody else's, and have no room to grow.
type chunks[T any] struct {
	open []T // of lists that are being read, inner ones behind outer ones
	room []T // of which nothing was handed out
	size int // of the last large one
}

func (c *chunks[T]) keep(items []T) []T {
	if len(items) > len(c.room) {
		if len(items) > mostRoom/4 {
			return append([]T(nil), items...)
		}
		c.size = min(max(2*c.size, len(items)), mostRoom)
		c.room = make([]T, c.size)
	}
	kept := c.room[:len(items):len(items)]
	c.room = c.room[len(items):]
	copy(kept, items)
	return kept
}

// mostRoom bounds the large slices, which begin small: most often one credential is read.
const mostRoom = 512

// texts hands out copies of many short texts, which are parts of few longer ones.
type texts struct{ room strings.Builder }

// mostText bounds the longer ones, in bytes.
const mostText = 16 << 10

func (t *texts) keep(text string) string {
	if size := t.room.Cap(); size-t.room.Len() < len(text) {
		t.room.Reset()
		t.room.Grow(max(min(2*size, mostText), len(text)))
	}
	begin := t.room.Len()
	t.room.WriteString(text)
	return t.room.String()[begin:]
}
