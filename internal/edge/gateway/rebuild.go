package gateway

import (
	"encoding/json"

	"github.com/leastkey/leastkey/catalog"
)

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

// rebuild gives the document with the parts, and nothing else of it that could tell of items that
// were taken out: beside the parts only the outcome that an envelope has stays.
func rebuild(document []byte, parts []part, top bool) (json.RawMessage, error) {
	if len(parts) == 1 && len(parts[0].at) == 0 {
		return parts[0].value, nil
	}
	all, err := members(document)
	if err != nil {
		return nil, err
	}
	var kept []member
	for _, m := range all {
		below := partsBelow(parts, m.key)
		switch {
		case len(below) > 0:
			value, err := rebuild(m.value, below, false)
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
