package audit_test

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/audit"
)

func TestCheckpoint(t *testing.T) {
	key, err := audit.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := audit.NewSigner(key + "\n")
	if err != nil {
		t.Fatal(err)
	}
	k := logOf(t, 5)
	signed, err := signer.Sign(audit.Checkpoint{Size: 5, Root: k.root(t)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := audit.ParseCheckpoint(signed, signer.Public())
	if err != nil || got.Size != 5 || got.Root != k.root(t) || !strings.HasPrefix(got.Origin, "leastkey/audit/") {
		t.Errorf("%+v, %v", got, err)
	}
	for i := range signed {
		broken := slices.Clone(signed)
		broken[i] ^= 1
		if c, err := audit.ParseCheckpoint(broken, signer.Public()); err == nil && c != got { // the same in other base64 is the same
			t.Errorf("with another byte %d: %+v", i, c)
		}
	}
	other, err := audit.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := audit.NewSigner(other)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := audit.ParseCheckpoint(signed, stranger.Public()); err == nil || !strings.Contains(err.Error(), "another log") {
		t.Errorf("with another's key: %+v, %v", c, err)
	}
	for _, key := range []string{"", "PRIVATE+KEY+", signer.Public(), key[:len(key)-4]} {
		if _, err := audit.NewSigner(key); err == nil {
			t.Errorf("%q is a key", key)
		}
	}
	if _, err := audit.ParseCheckpoint(signed, key); err == nil {
		t.Error("the secret key is taken for the public one")
	}
}
