package leastkey

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// importTag keeps what is kept of an imported secret from being the hash that the other system kept.
const importTag = "leastkey imported secret v1\x00"

// ImportedHash is what is kept of a secret that another system made, from SHA-256 of that secret.
func ImportedHash(sum [sha256.Size]byte) SecretHash {
	var buf [len(importTag) + sha256.Size]byte // on the stack: every unknown token comes here
	copy(buf[copy(buf[:], importTag):], sum[:])
	return sha256.Sum256(buf[:])
}

// ImportedHash is what is kept of the secret when it was imported, whatever its shape. It is not
// [Secret.Hash], so a secret made here is never taken for an imported one, nor the other way round.
func (s Secret) ImportedHash() SecretHash { return ImportedHash(sha256.Sum256([]byte(s.Reveal()))) }

// The lengths of secrets that another system made. A shorter one could be guessed from its hash.
const (
	shortestForeign = 20
	longestForeign  = 512
)

// ParseAny reads a secret in a shape of this installation, as [Brand.Parse] does, or else one that may
// have been imported, by [ForeignSecret]. What begins as a token of this brand is one, or mistyped.
func (b Brand) ParseAny(s string) (Secret, SecretKind, error) {
	kind, err := b.anyKind(s)
	if err != nil {
		return Secret{}, 0, err
	}
	return secretOf(s), kind, nil
}

func (b Brand) anyKind(s string) (SecretKind, error) {
	kind, err := b.kindOf(s)
	if err == nil || b.tokenKind(s) != 0 {
		return kind, err
	}
	if err := foreign(s); err != nil {
		return 0, err
	}
	return ForeignTokenSecret, nil
}

// ForeignSecret reads a token that another system made: 20 to 512 characters that a bearer token may
// have (RFC 6750, section 2.1). The error never repeats the input.
func ForeignSecret(s string) (Secret, error) {
	if err := foreign(s); err != nil {
		return Secret{}, err
	}
	return secretOf(s), nil
}

func foreign(s string) error {
	switch {
	case len(s) < shortestForeign:
		return fmt.Errorf("a token of %d characters: want at least %d, for a shorter one could be guessed", len(s), shortestForeign)
	case len(s) > longestForeign:
		return fmt.Errorf("a token of %d characters: want at most %d", len(s), longestForeign)
	case strings.ContainsFunc(s, notBearer):
		return errors.New("a token with a character that cannot be sent as one: want A-Z, a-z, 0-9 and -._~+/=")
	default:
		return nil
	}
}

// notBearer tells what a b64token (RFC 6750, section 2.1) cannot hold.
func notBearer(r rune) bool {
	const marks = "-._~+/="
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune(marks, r)
}
