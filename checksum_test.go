package leastkey

import (
	"fmt"
	"hash/crc32"
	"testing"

	"pgregory.net/rapid"
)

// The checksum is that of the standard library, for every text.
func TestChecksum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		want := fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(text)))
		if got := checksum(text); got != want || !isChecksum(want, text) {
			t.Fatalf("%q has %s, want %s", text, got, want)
		}
		for i := range want {
			wrong := []byte(want)
			wrong[i] ^= 1
			if isChecksum(string(wrong), text) || isChecksum(want[:i], text) {
				t.Fatalf("%q is taken for %s", wrong, want)
			}
		}
	})
}

// Recognize reads what ParseAny reads, and gives the hash of what that gives.
func TestRecognize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`lk[ua]t_[0-9A-Za-z]{36}[0-9a-f]{8}`), rapid.StringMatching(`[0-9a-f]{37}`), rapid.StringMatching(`v1\.0-[0-9a-f]{24}-[0-9a-f]{146}`),
			rapid.StringMatching(`[A-Za-z0-9._~+/=-]{15,60}`), rapid.String(),
			rapid.Map(rapid.StringMatching(`lk[ua]t_[0-9A-Za-z]{36}`), func(s string) string { return s + checksum(s) }),
		).Draw(t, "text")
		secret, kind, err := DefaultBrand.ParseAny(text)
		hash, same, err2 := DefaultBrand.Recognize(text)
		if kind != same || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("%q is %v (%v) to the one, and %v (%v) to the other", text, kind, err, same, err2)
		}
		if err == nil && (hash != secret.Hash() || ImportedHashOf(text) != secret.ImportedHash()) {
			t.Fatalf("%q has two hashes", text)
		}
	})
}

func BenchmarkChecksum(b *testing.B) {
	const text = "lkut_0123456789abcdefghijABCDEFGHIJ012345"
	b.Run("own", func(b *testing.B) {
		for b.Loop() {
			crcOf(text)
		}
	})
	b.Run("library", func(b *testing.B) {
		data := []byte(text)
		for b.Loop() {
			crc32.ChecksumIEEE(data)
		}
	})
}
