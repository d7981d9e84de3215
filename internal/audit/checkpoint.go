package audit

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"github.com/leastkey/leastkey"
)

// Checkpoint says what the log was when it had Size rows. Signed, and kept where whoever can write to
// the database cannot, it makes every change of those rows visible.
type Checkpoint struct {
	Origin string // which log: the name of its key
	Size   leastkey.Revision
	Root   Hash
}

// NewKey makes a signing key for a log, and gives it as one line of text, which is a secret.
func NewKey(random io.Reader) (string, error) {
	var id [4]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return "", fmt.Errorf("audit: read randomness: %w", err)
	}
	key, _, err := note.GenerateKey(random, fmt.Sprintf("leastkey/audit/%x", id))
	return key, err
}

// Signer signs checkpoints of one log.
type Signer struct {
	signer note.Signer
	public string
}

// NewSigner reads a key that NewKey made.
func NewSigner(key string) (*Signer, error) {
	key = strings.TrimSpace(key)
	signer, err := note.NewSigner(key)
	if err != nil {
		return nil, errors.New("audit: this is no key of an audit log, which is one line that begins with PRIVATE+KEY+")
	}
	public, err := publicOf(key)
	if err != nil {
		return nil, err
	}
	return &Signer{signer, public}, nil
}

// Public is the key with which others check what this one signs, as one line of text.
func (s *Signer) Public() string { return s.public }

// Sign gives the checkpoint as a signed note in the form of C2SP tlog-checkpoint. The origin is that of
// the key.
func (s *Signer) Sign(c Checkpoint) ([]byte, error) {
	text := fmt.Sprintf("%s\n%d\n%s\n", s.signer.Name(), c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
	return note.Sign(&note.Note{Text: text}, s.signer)
}

// ParseCheckpoint checks a signed checkpoint with the public key of a log, and reads it.
func ParseCheckpoint(signed []byte, public string) (Checkpoint, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return Checkpoint{}, errors.New("audit: this is no public key of an audit log, which is one line that begins with leastkey/audit/")
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	switch {
	case err == nil:
	case errors.As(err, new(*note.UnverifiedNoteError)):
		return Checkpoint{}, fmt.Errorf("audit: the checkpoint is not signed by %s: it is of another log, or somebody changed it", verifier.Name())
	case errors.As(err, new(*note.InvalidSignatureError)):
		return Checkpoint{}, errors.New("audit: the signature of the checkpoint is wrong: somebody changed it")
	default:
		return Checkpoint{}, fmt.Errorf("audit: this is no signed checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	wrong := errors.New("audit: what is signed is no checkpoint: want the name of the log, the number of rows and a hash")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return Checkpoint{}, wrong
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, wrong
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, wrong
	}
	return Checkpoint{Origin: lines[0], Size: leastkey.Revision(size), Root: Hash(root)}, nil
}

// publicOf derives the public key from a key that note has accepted.
func publicOf(key string) (string, error) {
	parts := strings.SplitN(key, "+", 5) // PRIVATE, KEY, name, hash, and algorithm with seed in base64
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(parts) != 5 || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("audit: the key is not one of Ed25519")
	}
	public, ok := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return "", errors.New("audit: the key is not one of Ed25519")
	}
	return note.NewEd25519VerifierKey(parts[2], public)
}
