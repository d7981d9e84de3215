package harness

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// ServiceKey is an Origin CA Key of the owner, taken in as one that another system made.
func (d *Demo) ServiceKey(t *testing.T) string {
	t.Helper()
	var random [85]byte
	_, _ = rand.Read(random[:]) // never fails
	digits := hex.EncodeToString(random[:])
	key := "v1.0-" + digits[:24] + "-" + digits[24:]
	d.Ledger.AddSeed(key)
	line, err := json.Marshal(map[string]string{"kind": "origin_ca_key", "owner": "user:" + d.Owner().Email, "secret": key})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.jsonl")
	if err := os.WriteFile(file, line, 0o600); err != nil {
		t.Fatal(err)
	}
	d.CommandLine(t, "", "token", "import", "--data", d.DataDir(), file)
	return key
}

// SigningRequest is what `openssl req` makes, with an ECDSA key.
func SigningRequest(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// IsCertificate fails the test unless the text is an X.509 certificate for exactly these names.
func IsCertificate(t *testing.T, text string, names ...string) {
	t.Helper()
	block, rest := pem.Decode([]byte(text))
	if block == nil || len(rest) > 0 {
		t.Fatalf("not one PEM block: %q", text)
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil || strings.Join(parsed.DNSNames, " ") != strings.Join(names, " ") {
		t.Errorf("a certificate for %v (%v), want %v", parsed.DNSNames, err, names)
	}
}
