package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/leastkey/leastkey/catalog"
)

// What this file does with encoding/json, value by value, is what the scanner is held against.

// member is one member of a JSON object, its value byte for byte.
type member struct {
	key   string
	value json.RawMessage
}

// treeMembers takes an object apart. A key that occurs twice is an error: programs differ on which
// of the two counts.
func treeMembers(object []byte) ([]member, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("no JSON object where one was expected")
	}
	var all []member
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok || seen[key] {
			return nil, errors.New("a JSON object has a key twice")
		}
		seen[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		all = append(all, member{key, value})
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	return all, treeAtEnd(d)
}

// treeElements takes an array apart.
func treeElements(array []byte) ([]json.RawMessage, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(array, &all); err != nil || all == nil {
		return nil, errors.New("no JSON array where one was expected")
	}
	return all, nil
}

func treeAtEnd(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// treeValueAt finds what the document has at the pointer.
func treeValueAt(document []byte, p catalog.Pointer) (json.RawMessage, error) {
	if len(p) == 0 {
		if !json.Valid(document) {
			return nil, errors.New("not JSON")
		}
		return bytes.TrimSpace(document), nil
	}
	trimmed := bytes.TrimSpace(document)
	if len(trimmed) > 0 && trimmed[0] == '[' {
		all, err := treeElements(trimmed)
		if err != nil {
			return nil, err
		}
		i, err := strconv.Atoi(p[0])
		if err != nil || strconv.Itoa(i) != p[0] || i < 0 || i >= len(all) {
			return nil, errAbsent
		}
		return treeValueAt(all[i], p[1:])
	}
	all, err := treeMembers(document)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.key == p[0] {
			return treeValueAt(m.value, p[1:])
		}
	}
	return nil, errAbsent
}

// treeTextAt finds an id or a name: a string, or a whole number as it is written.
func treeTextAt(document []byte, p catalog.Pointer) (string, error) {
	raw, err := treeValueAt(document, p)
	if err != nil {
		return "", fmt.Errorf("at %s: %w", p, err)
	}
	var text string
	if err := json.Unmarshal(raw, &text); err == nil && len(raw) > 0 && raw[0] == '"' {
		return text, nil
	}
	if _, err := strconv.ParseUint(string(raw), 10, 64); err == nil {
		return string(raw), nil
	}
	return "", fmt.Errorf("at %s: neither a string nor a whole number", p)
}

// treeCountAt finds a whole number.
func treeCountAt(document []byte, p catalog.Pointer) (int, error) {
	raw, err := treeValueAt(document, p)
	if err != nil {
		return 0, fmt.Errorf("at %s: %w", p, err)
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("at %s: not a count", p)
	}
	return n, nil
}

func joinArray(items []json.RawMessage) json.RawMessage {
	out := []byte{'['}
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	return append(out, ']')
}

// part is what takes the place of what a document has at a pointer.
type part struct {
	at    catalog.Pointer
	value json.RawMessage
}

// treeRebuild gives the document with the parts, and nothing else of it that could tell of items that
// were taken out: beside the parts only the outcome that an envelope has stays.
func treeRebuild(document []byte, parts []part, top bool) (json.RawMessage, error) {
	if len(parts) == 1 && len(parts[0].at) == 0 {
		return parts[0].value, nil
	}
	all, err := treeMembers(document)
	if err != nil {
		return nil, err
	}
	var kept []member
	for _, m := range all {
		below := partsBelow(parts, m.key)
		switch {
		case len(below) > 0:
			value, err := treeRebuild(m.value, below, false)
			if err != nil {
				return nil, err
			}
			kept = append(kept, member{m.key, value})
		case top && m.key == "success" && (string(m.value) == "true" || string(m.value) == "false"):
			kept = append(kept, m)
		case top && (m.key == "errors" || m.key == "messages"):
			kept = append(kept, member{m.key, json.RawMessage("[]")})
		}
	}
	return joinObject(kept)
}

// partsBelow are the parts that lie at or below a member.
func partsBelow(parts []part, key string) []part {
	var below []part
	for _, p := range parts {
		if len(p.at) > 0 && p.at[0] == key {
			below = append(below, part{p.at[1:], p.value})
		}
	}
	return below
}

func joinObject(all []member) (json.RawMessage, error) {
	out := []byte{'{'}
	for i, m := range all {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), m.value...)
	}
	return append(out, '}'), nil
}
