package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const maxDepth = 32

// parseJSON reads one JSON value: objects as map[string]any, numbers as json.Number. Names are compared
// byte for byte, and a name that comes twice is refused: the gateway may have decided about the other one.
func parseJSON(body []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, err := parseValueOf(d, 0)
	if err == nil {
		if _, extra := d.Token(); extra != io.EOF {
			err = errors.New("there is more after the first JSON value")
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
		if len(bytes.TrimSpace(body)) == 0 {
			err = errors.New("it is empty")
		}
	}
	if err != nil {
		return nil, bad(codeMalformed, "Malformed JSON in request body: %v (at byte %d)", err, d.InputOffset())
	}
	return v, nil
}

func parseValueOf(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValueOf(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			key := name.(string) // the decoder accepts nothing else here
			if _, twice := object[key]; twice {
				return nil, fmt.Errorf("the name %q comes twice in one object", key)
			}
			if object[key], err = parseValueOf(d, depth+1); err != nil {
				return nil, err
			}
		}
		_, err = d.Token()
		return object, err
	}
	return token, nil
}

// ordered prints an object with "id" and "name" first, then plain values, then nested ones:
// clients that scrape text take the first "id" and "name" they see.
type ordered map[string]any

func (o ordered) MarshalJSON() ([]byte, error) {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if d := rank(a, o[a]) - rank(b, o[b]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	out := []byte{'{'}
	for i, k := range keys {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := marshal(k)
		if err != nil {
			return nil, err
		}
		value, err := marshal(inOrder(o[k]))
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

func rank(key string, v any) int {
	switch v.(type) {
	case map[string]any, ordered, []any:
		return 3
	}
	switch key {
	case "id":
		return 0
	case "name":
		return 1
	}
	return 2
}

// inOrder makes every object within v an ordered one.
func inOrder(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return ordered(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = inOrder(v[i])
		}
		return out
	}
	return v
}

// marshal is json.Marshal without the HTML escapes that would change texts clients compare.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
