package control

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Argon2id parameters: OWASP's first choice (19 MiB, two passes, one lane).
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonLanes   = 1
	argonSaltLen = 16
	argonKeyLen  = 32

	shortestPassword = 12
	longestPassword  = 256
)

// HashPassword gives the argon2id hash of a password in PHC form.
func HashPassword(password string, random io.Reader) (string, error) {
	if n := len([]rune(password)); n < shortestPassword || n > longestPassword {
		return "", invalid("/password", "a password has %d to %d characters", shortestPassword, longestPassword)
	}
	var salt [argonSaltLen]byte
	if _, err := io.ReadFull(random, salt[:]); err != nil {
		return "", err
	}
	return inPHCForm(salt[:], argon2.IDKey([]byte(password), salt[:], argonTime, argonMemory, argonLanes, argonKeyLen)), nil
}

// NobodysHash looks like the hash of a password, takes as long to check, and is of none.
func NobodysHash(random io.Reader) (string, error) {
	var raw [argonSaltLen + argonKeyLen]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", err
	}
	return inPHCForm(raw[:argonSaltLen], raw[argonSaltLen:]), nil
}

func inPHCForm(salt, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonLanes, b64(salt), b64(key))
}

// CheckPassword reports whether the password is the one that was hashed. The parameters are
// those of the hash, so that old hashes keep working when the defaults grow.
func CheckPassword(hash, password string) (bool, error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, errors.New("control: a password hash that is not argon2id")
	}
	var version, memory, time int
	var lanes uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errors.New("control: a password hash of an unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &lanes); err != nil {
		return false, fmt.Errorf("control: parameters of a password hash: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("control: salt of a password hash: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("control: key of a password hash: %w", err)
	}
	if memory < 1 || memory > 1<<20 || time < 1 || time > 64 || lanes < 1 || len(want) < 16 {
		return false, errors.New("control: parameters of a password hash are out of range")
	}
	got := argon2.IDKey([]byte(password), salt, uint32(time), uint32(memory), lanes, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}
