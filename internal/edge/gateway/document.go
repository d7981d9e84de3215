package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/leastkey/leastkey/catalog"
)

// wholeAnswer reads an answer that must be understood.
func wholeAnswer(answer *http.Response, limit int64) ([]byte, error) {
	if encoding := answer.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, errors.New("the answer is compressed, though identity was asked for")
	}
	data, err := readAll(answer.Body, limit)
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	return data, answer.Body.Close()
}

func replaceAnswer(answer *http.Response, data []byte) {
	answer.Body = io.NopCloser(bytes.NewReader(data))
	answer.ContentLength = int64(len(data))
	answer.TransferEncoding = nil
	answer.Trailer = nil
	answer.Header.Set("Content-Length", strconv.Itoa(len(data)))
}

// member is one member of a JSON object, its value byte for byte.
type member struct {
	key   string
	value json.RawMessage
}

// members takes an object apart. A key that occurs twice is an error: programs differ on which
// of the two counts.
func members(object []byte) ([]member, error) {
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
	return all, atEnd(d)
}

// elements takes an array apart.
func elements(array []byte) ([]json.RawMessage, error) {
	var all []json.RawMessage
	if err := json.Unmarshal(array, &all); err != nil || all == nil {
		return nil, errors.New("no JSON array where one was expected")
	}
	return all, nil
}

func atEnd(d *json.Decoder) error {
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows the JSON value")
	}
	return nil
}

// errAbsent says that a document has nothing at a pointer.
var errAbsent = errors.New("nothing there")

// valueAt finds what the document has at the pointer.
func valueAt(document []byte, p catalog.Pointer) (json.RawMessage, error) {
	if len(p) == 0 {
		if !json.Valid(document) {
			return nil, errors.New("not JSON")
		}
		return bytes.TrimSpace(document), nil
	}
	trimmed := bytes.TrimSpace(document)
	if len(trimmed) > 0 && trimmed[0] == '[' {
		all, err := elements(trimmed)
		if err != nil {
			return nil, err
		}
		i, err := strconv.Atoi(p[0])
		if err != nil || strconv.Itoa(i) != p[0] || i < 0 || i >= len(all) {
			return nil, errAbsent
		}
		return valueAt(all[i], p[1:])
	}
	all, err := members(document)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.key == p[0] {
			return valueAt(m.value, p[1:])
		}
	}
	return nil, errAbsent
}

// textAt finds an id or a name: a string, or a whole number as it is written.
func textAt(document []byte, p catalog.Pointer) (string, error) {
	raw, err := valueAt(document, p)
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

// countAt finds a whole number.
func countAt(document []byte, p catalog.Pointer) (int, error) {
	raw, err := valueAt(document, p)
	if err != nil {
		return 0, fmt.Errorf("at %s: %w", p, err)
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil || n < 0 {
		return 0, fmt.Errorf("at %s: not a count", p)
	}
	return n, nil
}
