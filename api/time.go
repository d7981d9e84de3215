package api

import (
	"strings"
	"time"
)

// Time is an instant on the wire: RFC 3339, written in UTC with Z. The zero Time is no time and
// is left out of answers.
type Time struct{ time.Time }

// At is t on the wire.
func At(t time.Time) Time { return Time{t} }

// MarshalJSON writes the instant in UTC, with a fraction only where there is one. There is no
// JSON for the zero Time: a member that may be unset is left out.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().MarshalJSON()
}

// UnmarshalJSON reads RFC 3339 strictly; null is no time. Text that would read as no time, such
// as "" or the year 1, is an error: an end that was meant must not become "never".
func (t *Time) UnmarshalJSON(data []byte) error {
	if isNull(data) {
		*t = Time{}
		return nil
	}
	s, err := text(data)
	if err != nil {
		return err
	}
	var parsed time.Time
	// Package time is laxer than RFC 3339 about hours of one digit and about a comma.
	if err := parsed.UnmarshalText([]byte(s)); err != nil || s[:19] != parsed.Format("2006-01-02T15:04:05") || strings.Contains(s, ",") {
		return &FieldError{"", "want a time such as 2030-01-31T09:30:00Z (RFC 3339), or nothing at all"}
	}
	parsed = parsed.UTC()
	if parsed.Year() < 2 || parsed.Year() > 9999 {
		return &FieldError{"", "want a time in the years 2 to 9999"}
	}
	*t = Time{parsed}
	return nil
}
