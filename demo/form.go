package demo

import (
	"encoding/json"
	"math"
	"strconv"
)

// form reads the fields of a JSON object, keeping the first thing that is wrong in err.
// A field that is null reads like one that is absent.
type form struct {
	at     string // JSON pointer of the object
	fields map[string]any
	err    error
}

func (f *form) fail(name, format string, args ...any) {
	if f.err == nil {
		f.err = fieldFault(f.at+"/"+name, format, args...)
	}
}

func (f *form) has(name string) bool { return f.fields[name] != nil }

func (f *form) text(name string) string {
	if !f.has(name) {
		return ""
	}
	s, ok := f.fields[name].(string)
	if !ok {
		f.fail(name, "%s must be a string", name)
	}
	return s
}

func (f *form) flag(name string) bool {
	if !f.has(name) {
		return false
	}
	b, ok := f.fields[name].(bool)
	if !ok {
		f.fail(name, "%s must be true or false", name)
	}
	return b
}

// number reads a whole number; "10" and 10.0 count as 10, because clients send both. Absent is nil.
func (f *form) number(name string) *int {
	if !f.has(name) {
		return nil
	}
	n, ok := wholeNumber(f.fields[name])
	if !ok {
		f.fail(name, "%s must be a whole number", name)
		return nil
	}
	return &n
}

func wholeNumber(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		n, err := strconv.Atoi(v)
		return n, err == nil
	case json.Number:
		if n, err := strconv.Atoi(v.String()); err == nil {
			return n, true
		}
		f, err := v.Float64()
		return int(f), err == nil && f > -1e9 && f < 1e9 && f == math.Trunc(f)
	}
	return 0, false
}

func (f *form) object(name string) *form {
	if !f.has(name) {
		return &form{at: f.at + "/" + name}
	}
	o, ok := f.fields[name].(map[string]any)
	if !ok {
		f.fail(name, "%s must be an object", name)
	}
	return &form{at: f.at + "/" + name, fields: o}
}

func (f *form) list(name string) []any {
	if !f.has(name) {
		return nil
	}
	l, ok := f.fields[name].([]any)
	if !ok {
		f.fail(name, "%s must be an array", name)
	}
	return l
}

func (f *form) texts(name string) []string {
	out := []string{}
	for i, v := range f.list(name) {
		s, ok := v.(string)
		if !ok {
			f.fail(name+"/"+strconv.Itoa(i), "%s must be an array of strings", name)
		}
		out = append(out, s)
	}
	return out
}

// forms reads a list of objects.
func (f *form) forms(name string) []*form {
	var out []*form
	for i, v := range f.list(name) {
		at := f.at + "/" + name + "/" + strconv.Itoa(i)
		o, ok := v.(map[string]any)
		if !ok {
			f.fail(name+"/"+strconv.Itoa(i), "%s must be an array of objects", name)
		}
		out = append(out, &form{at: at, fields: o})
	}
	return out
}
