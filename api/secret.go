package api

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
)

// Secret is a secret on its way to the caller that it is shown to, once. It prints and logs as a
// placeholder, like leastkey.Secret. Unlike that one it marshals to JSON as itself: to be sent
// is what it is for. Hold one only where a body is written or was just read.
type Secret struct {
	// A pointer, because package fmt calls no method of an unexported field that holds a Secret:
	// it then prints an address.
	revealed *string
}

// ShowOnce puts the revealed secret into an answer. Of "" it makes no secret.
func ShowOnce(revealed string) Secret {
	if revealed == "" {
		return Secret{}
	}
	return Secret{&revealed}
}

// Reveal gives the secret itself. Call it to show a secret once, or to send it; nowhere else.
func (s Secret) Reveal() string {
	if s.revealed == nil {
		return ""
	}
	return *s.revealed
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.revealed == nil }

const placeholder = "[secret]"

// String implements fmt.Stringer with a placeholder.
func (s Secret) String() string { return placeholder }

// GoString implements fmt.GoStringer with a placeholder.
func (s Secret) GoString() string { return placeholder }

// Format implements fmt.Formatter with a placeholder, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// LogValue implements slog.LogValuer with a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(placeholder) }

// MarshalJSON writes the secret itself.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.Reveal()) }

// UnmarshalJSON reads a bare string.
func (s *Secret) UnmarshalJSON(data []byte) error {
	var revealed string
	if err := json.Unmarshal(data, &revealed); err != nil {
		return &FieldError{"", "want a string"} // the decoder's own words might repeat the input
	}
	*s = ShowOnce(revealed)
	return nil
}
