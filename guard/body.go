package guard

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/leastkey/leastkey/catalog"
)

// errUnclear says that a body cannot be read in one way only.
var errUnclear = errors.New("the body is not one JSON value with names that occur once, in one spelling")

// stringAt finds the string that the pointer leads to; false when there is none. Two readers of
// one body must find the same, so an object on the way that has a name twice, in any case of
// letters or with a name that some programs take for the one looked for, is an error, and so is anything but one JSON value in UTF-8.
func stringAt(body []byte, p catalog.Pointer) (string, bool, error) {
	value, found, err := valueAt(body, p)
	if err != nil || !found {
		return "", false, err
	}
	s, found := isString(value)
	return s, found, nil
}

// stringsAt finds a string, or an array of at least one string and nothing else.
func stringsAt(body []byte, p catalog.Pointer) ([]string, bool, error) {
	value, found, err := valueAt(body, p)
	if err != nil || !found {
		return nil, false, err
	}
	items := []json.RawMessage{value}
	if value[0] == '[' && json.Unmarshal(value, &items) != nil {
		return nil, false, errUnclear
	}
	all := make([]string, len(items))
	for i, item := range items {
		if all[i], found = isString(item); !found {
			return nil, false, nil
		}
	}
	return all, len(all) > 0, nil
}

// valueAt finds a value of a JSON document, without spaces around it.
func valueAt(body []byte, p catalog.Pointer) (json.RawMessage, bool, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, false, errUnclear
	}
	value := json.RawMessage(body)
	for _, name := range p {
		next, found, err := member(value, name)
		if err != nil || !found {
			return nil, false, err
		}
		value = next
	}
	value = bytes.TrimSpace(value)
	return value, len(value) > 0, nil
}

func isString(value json.RawMessage) (string, bool) {
	var s string
	if len(value) == 0 || value[0] != '"' || json.Unmarshal(value, &s) != nil {
		return "", false
	}
	return s, true
}

// member finds one member of a JSON object. A value that is not an object has none.
func member(object json.RawMessage, name string) (json.RawMessage, bool, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, false, nil //nolint:nilerr // what is no object has no member
	}
	var found json.RawMessage
	seen := map[string]bool{}
	for dec.More() {
		token, err := dec.Token()
		key, isName := token.(string)
		if err != nil || !isName {
			return nil, false, errUnclear
		}
		if seen[folded(key)] {
			return nil, false, errUnclear
		}
		seen[folded(key)] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, false, errUnclear
		}
		switch {
		case key == name:
			found = value
		case strings.ContainsFunc(key, unicode.IsControl), sameParameter(key, name):
			return nil, false, errUnclear // some program takes it for the name
		}
	}
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		return nil, false, errUnclear
	}
	return found, found != nil, nil
}

// folded is one spelling for all that differ in case only, by Unicode's simple folding: to Go's
// own reader of JSON the long s is an s too.
func folded(key string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
