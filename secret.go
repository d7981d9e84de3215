package leastkey

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"strings"
)

// Secret is the string a caller sends. It exists in memory while it is made, checked or shown
// once; only its [SecretHash] is ever kept. Printing, logging or marshalling a Secret yields a
// placeholder; [Secret.Reveal] alone gives the string. The zero Secret is no secret.
//
// The string is behind a pointer because fmt does not ask an unexported field how it wants to be
// printed: it would print a string there, and prints a pointer as an address.
type Secret struct {
	text *string
	_    [0]func() // not comparable: == would compare addresses
}

func secretOf(text string) Secret { return Secret{text: &text} }

// SecretKind tells the shapes of secrets apart. The zero kind is no secret at all.
type SecretKind uint8

// The shapes of secrets. docs/token-format.md gives the grammar and test vectors.
const (
	_                  SecretKind = iota
	UserTokenSecret               // <brand>ut_ + 36 base62 + 8 hex of CRC-32
	AccountTokenSecret            // <brand>at_ + 36 base62 + 8 hex of CRC-32
	GlobalKeySecret               // 37 lower-case hex digits
	ServiceKeySecret              // v1.0- + 24 lower-case hex + - + 146 lower-case hex
	ForeignTokenSecret            // a token of another system, which may have been imported; none is made
)

// Brand is the two or three lower-case letters that tokens of one installation begin with.
type Brand string

// DefaultBrand is what an installation that sets nothing uses.
const DefaultBrand Brand = "lk"

const (
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	randomLength  = 36 // base62 characters: 214 bits
	sumLength     = 8  // hex digits of CRC-32 (IEEE)
	globalLength  = 37 // clients tell a Global API Key from a token by exactly this length
	placeholder   = "[secret]"
	servicePrefix = "v1.0-"
	serviceID     = 24 // hex digits
	serviceBody   = 146
	hashTag       = "leastkey secret v1\x00" // domain separation: the hash is of no use elsewhere
	maxPrintable  = 128
)

// ParseBrand checks a configured brand.
func ParseBrand(s string) (Brand, error) {
	if len(s) < 2 || len(s) > 3 {
		return "", fmt.Errorf("brand %q: want two or three letters", clip(s))
	}
	for i := range len(s) {
		if s[i] < 'a' || s[i] > 'z' {
			return "", fmt.Errorf("brand %q: want lower-case letters a to z only", clip(s))
		}
	}
	return Brand(s), nil
}

func (b Brand) prefix(k SecretKind) string {
	switch k {
	case UserTokenSecret:
		return string(b) + "ut_"
	case AccountTokenSecret:
		return string(b) + "at_"
	default:
		return ""
	}
}

// Mint makes a new secret of the kind from random, which is crypto/rand.Reader outside tests.
func (b Brand) Mint(k SecretKind, random io.Reader) (Secret, error) {
	switch k {
	case UserTokenSecret, AccountTokenSecret:
		body, err := randomBase62(random, randomLength)
		if err != nil {
			return Secret{}, err
		}
		text := b.prefix(k) + body
		return secretOf(text + checksum(text)), nil
	case GlobalKeySecret:
		var raw [(globalLength + 1) / 2]byte
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return Secret{}, fmt.Errorf("leastkey: read randomness for a secret: %w", err)
		}
		return secretOf(hex.EncodeToString(raw[:])[:globalLength]), nil
	case ServiceKeySecret:
		var raw [(serviceID + serviceBody) / 2]byte
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return Secret{}, fmt.Errorf("leastkey: read randomness for a secret: %w", err)
		}
		digits := hex.EncodeToString(raw[:])
		return secretOf(servicePrefix + digits[:serviceID] + "-" + digits[serviceID:]), nil
	default:
		return Secret{}, fmt.Errorf("leastkey: mint: unknown kind of secret %d", k)
	}
}

// randomBase62 draws n characters without modulo bias: a byte of 248 or more is thrown away,
// because 248 is the largest multiple of 62 that fits.
func randomBase62(random io.Reader, n int) (string, error) {
	out := make([]byte, 0, n)
	var buf [64]byte
	for len(out) < n {
		if _, err := io.ReadFull(random, buf[:]); err != nil {
			return "", fmt.Errorf("leastkey: read randomness for a secret: %w", err)
		}
		for _, b := range buf {
			if b < 248 && len(out) < n {
				out = append(out, base62[b%62])
			}
		}
	}
	return string(out), nil
}

func checksum(text string) string {
	return fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(text)))
}

// Parse reads a secret in any shape of this installation and says which kind it is.
// The checksum of a token covers its prefix, so a relabelled token does not parse.
// The error never repeats the input.
func (b Brand) Parse(s string) (Secret, SecretKind, error) {
	for _, k := range []SecretKind{UserTokenSecret, AccountTokenSecret} {
		prefix := b.prefix(k)
		if !strings.HasPrefix(s, prefix) {
			continue
		}
		if len(s) != len(prefix)+randomLength+sumLength {
			return Secret{}, 0, fmt.Errorf("token of %d characters: want %d", len(s), len(prefix)+randomLength+sumLength)
		}
		body, sum := s[:len(s)-sumLength], s[len(s)-sumLength:]
		for i := len(prefix); i < len(body); i++ {
			if strings.IndexByte(base62, body[i]) < 0 {
				return Secret{}, 0, fmt.Errorf("token has a character outside A-Z, a-z, 0-9 at position %d", i+1)
			}
		}
		if checksum(body) != sum {
			return Secret{}, 0, fmt.Errorf("token has a wrong checksum: it was mistyped or cut")
		}
		return secretOf(s), k, nil
	}
	if isLowerHex(s, globalLength) {
		return secretOf(s), GlobalKeySecret, nil
	}
	if rest, ok := strings.CutPrefix(s, servicePrefix); ok {
		id, body, _ := strings.Cut(rest, "-")
		if isLowerHex(id, serviceID) && isLowerHex(body, serviceBody) {
			return secretOf(s), ServiceKeySecret, nil
		}
	}
	return Secret{}, 0, fmt.Errorf("not a token or key of this installation")
}

// Reveal gives the secret itself. Call it to show a secret once, or to send it; nowhere else.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.text == nil }

// Hash is what is kept of a secret.
func (s Secret) Hash() SecretHash {
	text := s.Reveal()
	if len(text) <= maxPrintable { // every shape is shorter: no allocation on the decision path
		var buf [len(hashTag) + maxPrintable]byte
		n := copy(buf[:], hashTag)
		n += copy(buf[n:], text)
		return sha256.Sum256(buf[:n])
	}
	return sha256.Sum256([]byte(hashTag + text))
}

// Tail is the last four characters, which owners use to tell two secrets of one token apart.
// For a token they are half of its checksum and say nothing about the random part.
func (s Secret) Tail() string {
	text := s.Reveal()
	if len(text) < 8 {
		return ""
	}
	return text[len(text)-4:]
}

// String implements fmt.Stringer with a placeholder.
func (s Secret) String() string { return placeholder }

// GoString implements fmt.GoStringer with a placeholder.
func (s Secret) GoString() string { return placeholder }

// Format implements fmt.Formatter with a placeholder, for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// LogValue implements slog.LogValuer with a placeholder.
func (s Secret) LogValue() slog.Value { return slog.StringValue(placeholder) }

// MarshalText implements encoding.TextMarshaler with a placeholder.
func (s Secret) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// MarshalJSON implements json.Marshaler with a placeholder.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + placeholder + `"`), nil }

// SecretHash is SHA-256 over a domain tag and the whole secret. A slow hash would add nothing:
// secrets are random, not chosen by people.
type SecretHash [32]byte

// Lookup is the half by which a credential is found.
func (h SecretHash) Lookup() [16]byte { return [16]byte(h[:16]) }

// Equal compares in constant time, so that how far a guess agrees does not show.
func (h SecretHash) Equal(other SecretHash) bool {
	return subtle.ConstantTimeCompare(h[:], other[:]) == 1
}

// ParseSecretHash reads 64 lower-case hex digits.
func ParseSecretHash(s string) (SecretHash, error) {
	var h SecretHash
	if !isLowerHex(s, 64) {
		return h, fmt.Errorf("%q is not a secret hash: want 64 lower-case hex digits", clip(s))
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err
}

// MarshalText gives 64 lower-case hex digits.
func (h SecretHash) MarshalText() ([]byte, error) {
	return hex.AppendEncode(nil, h[:]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *SecretHash) UnmarshalText(text []byte) error {
	parsed, err := ParseSecretHash(string(text))
	if err != nil {
		return err
	}
	*h = parsed
	return nil
}
