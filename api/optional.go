package api

import "encoding/json"

// Optional is a member of a request that may be absent, null, or have a value. The zero Optional
// is absent.
type Optional[T any] struct {
	Present bool // the member was there, be it null
	Null    bool
	Value   T
}

// Some is a member with a value.
func Some[T any](v T) Optional[T] { return Optional[T]{Present: true, Value: v} }

// Null is a member that is null.
func Null[T any]() Optional[T] { return Optional[T]{Present: true, Null: true} }

// Get gives the value, and whether there is one: absent and null have none.
func (o Optional[T]) Get() (T, bool) { return o.Value, o.Present && !o.Null }

// IsZero reports whether the member is absent, for omitzero.
func (o Optional[T]) IsZero() bool { return !o.Present }

// MarshalJSON writes null or the value.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	if v, ok := o.Get(); ok {
		return json.Marshal(v)
	}
	return []byte("null"), nil
}

// optional reads the member called name with read.
func optional[T any](members map[string]json.RawMessage, name string, read func([]byte) (T, error)) (Optional[T], error) {
	raw, present := members[name]
	switch {
	case !present:
		return Optional[T]{}, nil
	case isNull(raw):
		return Null[T](), nil
	}
	v, err := read(raw)
	if err != nil {
		return Optional[T]{}, at(err, name)
	}
	return Some(v), nil
}

// unmarshal reads a value by its own UnmarshalJSON.
func unmarshal[T any](data []byte) (T, error) {
	var v T
	err := json.Unmarshal(data, &v)
	return v, err
}
