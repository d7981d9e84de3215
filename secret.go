package leastkey

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
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

// Parse reads a secret in any shape of this installation and says which kind it is.
// The checksum of a token covers its prefix, so a relabelled token does not parse.
// The error never repeats the input.
func (b Brand) Parse(s string) (Secret, SecretKind, error) {
	kind, err := b.kindOf(s)
	if err != nil {
		return Secret{}, 0, err
	}
	return secretOf(s), kind, nil
}

// kindOf says which kind of secret a text has the shape of.
func (b Brand) kindOf(s string) (SecretKind, error) {
	if kind := b.tokenKind(s); kind != 0 {
		return kind, b.checkToken(s)
	}
	if isLowerHex(s, globalLength) {
		return GlobalKeySecret, nil
	}
	if rest, ok := strings.CutPrefix(s, servicePrefix); ok {
		id, body, _ := strings.Cut(rest, "-")
		if isLowerHex(id, serviceID) && isLowerHex(body, serviceBody) {
			return ServiceKeySecret, nil
		}
	}
	return 0, errors.New("not a token or key of this installation")
}

// tokenPrefix is the length of what follows the brand.
const tokenPrefix = len("ut_")

// tokenKind is what a text that begins as a token of this brand is, or mistyped; 0 for another.
func (b Brand) tokenKind(s string) SecretKind {
	if len(s) < len(b)+tokenPrefix || s[:len(b)] != string(b) {
		return 0
	}
	switch s[len(b) : len(b)+tokenPrefix] {
	case "ut_":
		return UserTokenSecret
	case "at_":
		return AccountTokenSecret
	default:
		return 0
	}
}

// checkToken holds a text that begins as a token to the rest of its shape.
func (b Brand) checkToken(s string) error {
	prefix := len(b) + tokenPrefix
	if want := prefix + randomLength + sumLength; len(s) != want {
		return fmt.Errorf("token of %d characters: want %d", len(s), want)
	}
	body, sum := s[:len(s)-sumLength], s[len(s)-sumLength:]
	for i := prefix; i < len(body); i++ {
		if !base62Bytes[body[i]] {
			return fmt.Errorf("token has a character outside A-Z, a-z, 0-9 at position %d", i+1)
		}
	}
	if !isChecksum(sum, body) {
		return errors.New("token has a wrong checksum: it was mistyped or cut")
	}
	return nil
}

// base62Bytes tells the bytes of base62.
var base62Bytes = func() (is [256]bool) {
	for i := range len(base62) {
		is[base62[i]] = true
	}
	return is
}()

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
func (s Secret) Hash() SecretHash { return hashOf(s.Reveal()) }

func hashOf(text string) SecretHash { return sumOf(hashTag, text) }

// sumOf is SHA-256 of a tag and a text. All shapes of secrets but one are short, and need no allocation
// on the way of every request.
func sumOf(tag, text string) [sha256.Size]byte {
	if len(text) <= maxPrintable {
		var buf [len(hashTag) + maxPrintable]byte
		n := copy(buf[:len(hashTag)], tag)
		n += copy(buf[n:], text)
		return sha256.Sum256(buf[:n])
	}
	return sha256.Sum256([]byte(tag + text))
}

// Recognize says which kind of secret a text is, as [Brand.ParseAny] does, and gives the hash that is
// kept of such a secret, without making one. It is for those who only look a credential up.
func (b Brand) Recognize(s string) (SecretHash, SecretKind, error) {
	kind, err := b.anyKind(s)
	if err != nil {
		return SecretHash{}, 0, err
	}
	return hashOf(s), kind, nil
}

// ImportedHashOf is [Secret.ImportedHash] of a text that [Brand.Recognize] knows.
func ImportedHashOf(s string) SecretHash { return ImportedHash(sumOf("", s)) }

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
