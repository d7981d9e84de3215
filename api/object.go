package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// object reads one JSON object without the kindness of encoding/json: names are exact, and a
// name that comes twice is an error, because two readers of one body might then read different
// things. Values are left as they are.
func object(data []byte) (map[string]json.RawMessage, error) {
	if len(data) == 0 {
		return nil, &FieldError{"", "missing: want a JSON object"}
	}
	if !utf8.Valid(data) {
		return nil, &FieldError{"", "not UTF-8"}
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	open, err := dec.Token()
	if err != nil {
		return nil, &FieldError{"", "not JSON: " + err.Error()}
	}
	if open != json.Delim('{') {
		return nil, &FieldError{"", "want a JSON object"}
	}
	members := map[string]json.RawMessage{}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, &FieldError{"", "not JSON: " + err.Error()}
		}
		name := key.(string) // the decoder refuses any other kind of name
		if _, twice := members[name]; twice {
			return nil, &FieldError{token(name), "given twice"}
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, &FieldError{token(name), "not JSON: " + err.Error()}
		}
		members[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, &FieldError{"", "not JSON: " + err.Error()}
	}
	return members, nil
}

// array reads one JSON array, leaving its items as they are.
func array(data []byte) ([]json.RawMessage, error) {
	var items []json.RawMessage
	if !bytes.HasPrefix(data, []byte("[")) || json.Unmarshal(data, &items) != nil {
		return nil, &FieldError{"", "want an array"}
	}
	return items, nil
}

// text reads one JSON string.
func text(data []byte) (string, error) {
	var s string
	if !bytes.HasPrefix(data, []byte(`"`)) || json.Unmarshal(data, &s) != nil {
		return "", &FieldError{"", "want a string"}
	}
	return s, nil
}

func isNull(data []byte) bool { return len(data) == 0 || bytes.Equal(data, []byte("null")) }

// whole checks that a body is one JSON value and nothing behind it.
func whole(body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	if !json.Valid(body) {
		return nil, &SyntaxError{fmt.Sprintf("the body of %d bytes is not one JSON value", len(body))}
	}
	return body, nil
}

// SyntaxError is a body that is not JSON at all.
type SyntaxError struct{ message string }

// Error implements error.
func (e *SyntaxError) Error() string { return e.message }

// Wire is the error as a caller sees it.
func (e *SyntaxError) Wire() Error {
	return Error{Code: CodeMalformedJSON, Message: "Malformed JSON in request body"}
}
