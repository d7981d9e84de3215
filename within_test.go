package leastkey

import (
	"crypto/rand"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWithinFindsEverySecret(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]SecretKind{UserTokenSecret, AccountTokenSecret, GlobalKeySecret, ServiceKeySecret}).Draw(t, "kind")
		secret, err := DefaultBrand.Mint(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		before := rapid.StringMatching(`([a-zA-Z0-9_.-]{0,60}[._x-])?`).Draw(t, "before")
		after := rapid.StringMatching(`([._x-][a-zA-Z0-9_.-]{0,60})?`).Draw(t, "after")
		if text := before + secret.Reveal() + after; !DefaultBrand.Within(text) {
			t.Fatalf("not found in %q", text)
		}
	})
}

func TestWithinLeavesOthers(t *testing.T) {
	for _, text := range []string{
		"", "chat", "v12.stomp", "graphql-transport-ws", "base64url.bearer.authorization.k8s.io.c29tZXRoaW5nIGVsc2U",
		strings.Repeat("a", 36), strings.Repeat("a", 38), strings.Repeat("0", 64), "lkut_" + strings.Repeat("A", 44), "v1.0-" + strings.Repeat("a", 171),
	} {
		if DefaultBrand.Within(text) {
			t.Errorf("found one in %q", text)
		}
	}
}
