package leastkey_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	. "github.com/leastkey/leastkey"
)

// constant is randomness for tests: every byte is this one.
type constant byte

func (c constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

// TestPublishedVectors holds the code to docs/token-format.md, which others implement from.
func TestPublishedVectors(t *testing.T) {
	text, err := os.ReadFile("docs/token-format.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `([^`]+)` \\| (user token|account token|Global API Key|malformed) \\| `?([0-9a-f]{64}|-)`? \\|").FindAllStringSubmatch(string(text), -1)
	if len(rows) < 8 {
		t.Fatalf("docs/token-format.md has %d vectors; expected at least 8", len(rows))
	}
	kinds := map[string]SecretKind{"user token": UserTokenSecret, "account token": AccountTokenSecret, "Global API Key": GlobalKeySecret}
	for _, row := range rows {
		secret, kind, err := DefaultBrand.Parse(row[1])
		if row[2] == "malformed" {
			if err == nil {
				t.Errorf("%s parses, and is published as malformed", row[1])
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
			continue
		}
		hash := secret.Hash()
		if kind != kinds[row[2]] || hex.EncodeToString(hash[:]) != row[3] {
			t.Errorf("%s: kind %d, hash %x; published as %s, %s", row[1], kind, hash, row[2], row[3])
		}
	}
}

var (
	tokenShape  = regexp.MustCompile(`^lk(ut|at)_[0-9A-Za-z]{36}[0-9a-f]{8}$`)
	globalShape = regexp.MustCompile(`^[0-9a-f]{37}$`)
	clientShape = regexp.MustCompile(`^[A-Za-z0-9_-]{40,50}$`) // what every client seen accepts as a token
)

func TestMint(t *testing.T) {
	seen := map[string]bool{}
	for kind, shape := range map[SecretKind]*regexp.Regexp{UserTokenSecret: tokenShape, AccountTokenSecret: tokenShape, GlobalKeySecret: globalShape} {
		for range 200 {
			secret, err := DefaultBrand.Mint(kind, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			text := secret.Reveal()
			if !shape.MatchString(text) || seen[text] {
				t.Fatalf("minted %q: wrong shape, or seen before", text)
			}
			if kind != GlobalKeySecret && (!clientShape.MatchString(text) || globalShape.MatchString(text)) {
				t.Fatalf("%q would not be taken for a token by every client", text)
			}
			seen[text] = true
			back, backKind, err := DefaultBrand.Parse(text)
			if err != nil || backKind != kind || back.Reveal() != text {
				t.Fatalf("%q parses as %d, %v", text, backKind, err)
			}
		}
	}
	if _, err := DefaultBrand.Mint(0, rand.Reader); err == nil {
		t.Error("minted a secret of no kind")
	}
	if _, err := DefaultBrand.Mint(UserTokenSecret, bytes.NewReader(make([]byte, 10))); err == nil {
		t.Error("minted without enough randomness")
	}
}

// TestMintHasNoBias: bytes that do not fit a multiple of 62 are thrown away, so each character is
// as likely as any other. 72,000 draws of 62 characters: each is expected 1,161 times, with a
// standard deviation of 34; eight of those either way is never seen by chance.
func TestMintHasNoBias(t *testing.T) {
	counts := map[rune]int{}
	for range 2000 {
		secret, err := DefaultBrand.Mint(UserTokenSecret, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range secret.Reveal()[5:41] {
			counts[c]++
		}
	}
	if len(counts) != 62 {
		t.Fatalf("%d different characters, want 62", len(counts))
	}
	for c, n := range counts {
		if n < 1161-8*34 || n > 1161+8*34 {
			t.Errorf("%q came %d times; about 1,161 expected", c, n)
		}
	}
	// 248 to 255 would be the first eight characters a fifth time; they must be skipped.
	if _, err := DefaultBrand.Mint(UserTokenSecret, bytes.NewReader(bytes.Repeat([]byte{250}, 64))); err == nil {
		t.Error("bytes above 247 were used")
	}
}

// TestChecksumFindsTypos: no single changed, dropped or swapped character still parses.
func TestChecksumFindsTypos(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret, err := DefaultBrand.Mint(rapid.SampledFrom([]SecretKind{UserTokenSecret, AccountTokenSecret}).Draw(t, "kind"), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(secret.Reveal())
		i := rapid.IntRange(0, len(text)-2).Draw(t, "at")
		switch rapid.IntRange(0, 2).Draw(t, "typo") {
		case 0:
			text[i] ^= 1 << rapid.IntRange(0, 6).Draw(t, "bit")
		case 1:
			text = append(text[:i], text[i+1:]...)
		case 2:
			text[i], text[i+1] = text[i+1], text[i]
		}
		if string(text) == secret.Reveal() {
			return
		}
		if _, _, err := DefaultBrand.Parse(string(text)); err == nil {
			t.Fatalf("%s parses, %s was meant", text, secret.Reveal())
		}
	})
}

// TestLaw6SecretNeverPrints: no way of printing, logging or marshalling shows a secret, wherever
// it stands.
func TestLaw6SecretNeverPrints(t *testing.T) {
	secret, err := DefaultBrand.Mint(UserTokenSecret, constant(7))
	if err != nil {
		t.Fatal(err)
	}
	holder := struct {
		S Secret
		P *Secret
		M map[string]Secret
		u Secret // methods of unexported fields are not called
	}{secret, &secret, map[string]Secret{"s": secret}, secret}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%10s"} {
		fmt.Fprintf(&out, verb+verb, secret, &secret)
		fmt.Fprintf(&out, verb, holder)
	}
	for _, v := range []any{secret, &secret, holder} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("made", "secret", secret, "pointer", &secret, "holder", holder)
	}
	_, _, err = DefaultBrand.Parse(secret.Reveal() + "x")
	out.WriteString(err.Error())
	for _, part := range []string{secret.Reveal(), secret.Reveal()[5:30], hex.EncodeToString([]byte(secret.Reveal()))[:40]} {
		if strings.Contains(out.String(), part) {
			t.Errorf("the secret shows: %s", out.String())
		}
	}
	if !strings.Contains(out.String(), "[secret]") {
		t.Error("nothing was printed at all")
	}
}

func TestParseBrand(t *testing.T) {
	for text, good := range map[string]bool{"lk": true, "abc": true, "a": false, "abcd": false, "LK": false, "l1": false, "": false, "lé": false} {
		if _, err := ParseBrand(text); (err == nil) != good {
			t.Errorf("brand %q: %v", text, err)
		}
	}
	if _, _, err := Brand("abc").Parse("lkut_0"); err == nil {
		t.Error("a token of another brand parses")
	}
}

func FuzzParseSecret(f *testing.F) {
	for _, kind := range []SecretKind{UserTokenSecret, AccountTokenSecret, GlobalKeySecret} {
		secret, err := DefaultBrand.Mint(kind, constant(9))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(secret.Reveal())
	}
	f.Fuzz(func(t *testing.T, text string) {
		secret, kind, err := DefaultBrand.Parse(text)
		if err != nil {
			if len(text) > 16 && strings.Contains(err.Error(), text) {
				t.Errorf("the error repeats the input: %v", err)
			}
			return
		}
		isToken := tokenShape.MatchString(text)
		if kind == 0 || secret.Reveal() != text || isToken == globalShape.MatchString(text) || isToken != (kind != GlobalKeySecret) {
			t.Errorf("%q parses as kind %d", text, kind)
		}
	})
}
