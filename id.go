package leastkey

import (
	"encoding/hex"
	"fmt"
	"io"
)

// ID identifies a user, an account, a token, a policy, a permission group or a role.
// It prints as 32 lower-case hex digits, the only spelling that is accepted.
// The zero ID names nothing.
type ID [16]byte

// NewID reads a fresh id from random, which is crypto/rand.Reader outside tests.
func NewID(random io.Reader) (ID, error) {
	var id ID
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return ID{}, fmt.Errorf("leastkey: read randomness for an id: %w", err)
	}
	return id, nil
}

// ParseID reads 32 lower-case hex digits. Ids are compared byte for byte on the wire, so an
// upper-case spelling is an error rather than the same id.
func ParseID(s string) (ID, error) {
	var id ID
	if !isLowerHex(s, 32) {
		return ID{}, fmt.Errorf("%q is not an id: want 32 lower-case hex digits", clip(s))
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err
}

// MustParseID is ParseID for constants; it panics on a malformed id.
func MustParseID(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// IsZero reports whether the id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// String gives the 32 lower-case hex digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

func isLowerHex(s string, length int) bool {
	if len(s) != length {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// clip keeps hostile input out of error messages at full length.
func clip(s string) string {
	const most = 64
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
