package demo

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A shape checks one JSON value at a place in a request and returns what of it is kept.
type shape func(at string, v any) (any, error)

// field is a named part of an object.
type field struct {
	name  string
	shape shape
	must  bool
}

func required(name string, s shape) field { return field{name, s, true} }
func optional(name string, s shape) field { return field{name, s, false} }

// object keeps the fields it knows and drops those that are null or unknown.
func object(fields ...field) shape {
	return func(at string, v any) (any, error) {
		in, ok := v.(map[string]any)
		if !ok {
			return nil, fieldFault(at, "this must be an object")
		}
		out := map[string]any{}
		for _, f := range fields {
			if in[f.name] == nil {
				if f.must {
					return nil, fieldFault(at+"/"+f.name, "%s is missing", f.name)
				}
				continue
			}
			kept, err := f.shape(at+"/"+f.name, in[f.name])
			if err != nil {
				return nil, err
			}
			out[f.name] = kept
		}
		return out, nil
	}
}

// mapOf is an object with any names.
func mapOf(item shape) shape {
	return func(at string, v any) (any, error) {
		in, ok := v.(map[string]any)
		if !ok {
			return nil, fieldFault(at, "this must be an object")
		}
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(in)) {
			kept, err := item(at+"/"+name, in[name])
			if err != nil {
				return nil, err
			}
			out[name] = kept
		}
		return out, nil
	}
}

func list(least, most int, item shape) shape {
	return func(at string, v any) (any, error) {
		in, ok := v.([]any)
		if !ok {
			return nil, fieldFault(at, "this must be an array")
		}
		if len(in) < least || len(in) > most {
			return nil, fieldFault(at, "this must have %d to %d entries", least, most)
		}
		out := make([]any, len(in))
		for i := range in {
			kept, err := item(at+"/"+strconv.Itoa(i), in[i])
			if err != nil {
				return nil, err
			}
			out[i] = kept
		}
		return out, nil
	}
}

// text is a string of that many characters.
func text(least, most int) shape {
	return func(at string, v any) (any, error) {
		s, ok := v.(string)
		if n := utf8.RuneCountInString(s); !ok || n < least || n > most {
			return nil, fieldFault(at, "this must be a string of %d to %d characters", least, most)
		}
		return s, nil
	}
}

func oneOf(allowed ...string) shape {
	return func(at string, v any) (any, error) {
		if s, ok := v.(string); ok && slices.Contains(allowed, s) {
			return s, nil
		}
		return nil, fieldFault(at, "this must be one of: %s", strings.Join(allowed, ", "))
	}
}

func number(least, most float64) shape {
	return func(at string, v any) (any, error) {
		n, ok := v.(json.Number)
		f, err := n.Float64()
		if !ok || err != nil || f < least || f > most {
			return nil, fieldFault(at, "this must be a number from %v to %v", least, most)
		}
		return n, nil
	}
}

func numberOf(allowed ...int) shape {
	return func(at string, v any) (any, error) {
		n, ok := v.(json.Number)
		whole, isWhole := wholeNumber(n)
		if !ok || !isWhole || !slices.Contains(allowed, whole) {
			return nil, fieldFault(at, "this must be one of these numbers: %v", allowed)
		}
		return n, nil
	}
}

func flag(at string, v any) (any, error) {
	if _, ok := v.(bool); !ok {
		return nil, fieldFault(at, "this must be true or false")
	}
	return v, nil
}

func id(at string, v any) (any, error) {
	if s, ok := v.(string); !ok || !isID(s) {
		return nil, fieldFault(at, "this must be an id: 32 lower-case hex digits")
	}
	return v, nil
}

// anything is for parts that nothing here would act on: they are kept as they are.
func anything(_ string, v any) (any, error) { return v, nil }

// either accepts what one of the shapes does, and complains as the last.
func either(shapes ...shape) shape {
	return func(at string, v any) (kept any, err error) {
		for _, s := range shapes {
			if kept, err = s(at, v); err == nil {
				return kept, nil
			}
		}
		return nil, err
	}
}
