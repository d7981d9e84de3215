package demo_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// issued is an origin certificate as a client sees it.
type issued struct {
	ID          string
	Certificate string
	Hostnames   []string
	ExpiresOn   string `json:"expires_on"`
	RequestType string `json:"request_type"`
	Validity    int    `json:"requested_validity"`
	CSR         string
	RevokedAt   string `json:"revoked_at"`
}

// requestFor is a signing request in PEM, which asks for more than anybody gets.
func requestFor(t testing.TB, key crypto.Signer) string {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "everything.example"}, DNSNames: []string{"bank.example"},
		ExtraExtensions: []pkix.Extension{{Id: []int{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func ecKey(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func asked(t testing.TB, fields map[string]any) string {
	t.Helper()
	text, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// An origin certificate is for the names that were asked for and nothing else, signed by the authority
// for its kind of key; it is listed, shown and revoked.
func TestCertificates(t *testing.T) {
	w := start(t)
	rsaPEM, eccPEM, err := w.p.Authorities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for kind, c := range map[string]struct {
		key       crypto.Signer
		authority []byte
	}{"origin-rsa": {rsaKey(t, 2048), rsaPEM}, "origin-ecc": {ecKey(t, elliptic.P256()), eccPEM}} {
		got := w.do("POST", "/certificates", asked(t, map[string]any{
			"csr": requestFor(t, c.key), "hostnames": []string{"Staging.example", "*.staging.example", "staging.example."}, "request_type": kind, "requested_validity": 90,
		}))
		var made issued
		if err := json.Unmarshal(got.Result, &made); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s", kind, got.status, got.raw)
		}
		if !slices.Equal(made.Hostnames, []string{"staging.example", "*.staging.example"}) || made.RequestType != kind || made.Validity != 90 || made.RevokedAt != "" {
			t.Errorf("%+v", made)
		}
		block, _ := pem.Decode([]byte(made.Certificate))
		if block == nil {
			t.Fatalf("not PEM: %q", made.Certificate)
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(c.authority)
		for _, name := range []string{"staging.example", "www.staging.example"} {
			if _, err := parsed.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
				t.Errorf("%s for %s: %v", kind, name, err)
			}
		}
		if parsed.IsCA || !slices.Equal(parsed.DNSNames, made.Hostnames) || parsed.SerialNumber.String() != made.ID || strings.Contains(parsed.Subject.String(), "everything") {
			t.Errorf("%s: %+v", kind, parsed.Subject)
		}
		if days := time.Until(parsed.NotAfter).Hours() / 24; days < 89 || days > 91 || parsed.NotAfter.Format("2006-01-02 15:04:05 -0700 MST") != made.ExpiresOn {
			t.Errorf("%s ends %v, and expires_on is %q", kind, parsed.NotAfter, made.ExpiresOn)
		}
		ids = append(ids, made.ID)
	}
	if got := w.do("GET", "/certificates?zone_id="+w.zone.ID, ""); strings.Count(got.raw, `"certificate"`) != 2 || !strings.Contains(got.raw, `"total_count":2`) {
		t.Errorf("the list: %s", got.raw)
	}
	if got := w.do("GET", "/certificates/"+ids[0], ""); got.status != 200 || !strings.Contains(got.raw, ids[0]) {
		t.Errorf("one: %d %s", got.status, got.raw)
	}
	if got := w.do("DELETE", "/certificates/"+ids[0], ""); got.status != 200 || !strings.Contains(got.raw, "revoked_at") {
		t.Errorf("revoke: %d %s", got.status, got.raw)
	}
	for path, want := range map[string]int{"/certificates/" + ids[0]: 400, "/certificates/1234567": 404, "/certificates/00": 404} {
		if got := w.do("DELETE", path, ""); got.status != want {
			t.Errorf("DELETE %s: %d %s, want %d", path, got.status, got.raw, want)
		}
	}
	if got := w.do("GET", "/certificates?zone_id="+w.zone.ID, ""); !strings.Contains(got.raw, `"total_count":1`) || strings.Contains(got.raw, ids[0]) {
		t.Errorf("the list after a revocation: %s", got.raw)
	}
	if got := w.do("GET", "/certificates/"+ids[0], ""); !strings.Contains(got.raw, "revoked_at") {
		t.Errorf("a revoked one: %s", got.raw)
	}
	for _, path := range []string{"/certificates", "/certificates?zone_id=x", "/certificates?zone_id=" + absent} {
		if got := w.do("GET", path, ""); got.status != 400 {
			t.Errorf("GET %s: %d", path, got.status)
		}
	}
	if got := w.do("DELETE", "/zones/"+w.zone.ID, ""); got.status != 200 {
		t.Fatal(got.raw)
	}
	if got := w.do("GET", "/certificates/"+ids[1], ""); got.status != 404 {
		t.Errorf("a certificate of a zone that is gone: %d", got.status)
	}
}

// What is wrong with a request is said, and nothing is signed.
func TestCertificatesAreRefused(t *testing.T) {
	w := start(t)
	other, err := w.p.SeedZone(t.Context(), account, "dev.staging.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	csr := requestFor(t, ecKey(t, elliptic.P256()))
	forged := []byte(csr)
	block, _ := pem.Decode(forged)
	block.Bytes[len(block.Bytes)-1] ^= 1
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		field string
		value any
		want  string
	}{
		"no names":                {"hostnames", []string{}, "1 to 200 hosts"},
		"a name that is none":     {"hostnames", []string{"a..staging.example"}, "empty label"},
		"a wildcard inside":       {"hostnames", []string{"a.*.staging.example"}, "punycode"},
		"a name of nobody":        {"hostnames", []string{"nowhere.example"}, "in no zone"},
		"names of two zones":      {"hostnames", []string{"staging.example", "a.dev.staging.example"}, "in another zone"},
		"a number":                {"hostnames", []any{7}, "array of strings"},
		"another kind":            {"request_type", "keyless-certificate", "must be origin-rsa or origin-ecc"},
		"the other kind":          {"request_type", "origin-rsa", "origin-ecc takes P-256"},
		"a validity of one's own": {"requested_validity", 36500, "5475 days"},
		"no request":              {"csr", "", "openssl req"},
		"a certificate":           {"csr", strings.ReplaceAll(csr, "CERTIFICATE REQUEST", "CERTIFICATE"), "openssl req"},
		"two requests":            {"csr", csr + csr, "openssl req"},
		"a forged request":        {"csr", string(pem.EncodeToMemory(block)), "signed with its own key"},
		"a short RSA key":         {"csr", requestFor(t, rsaKey(t, 1024)), "1024 bits"},
		"another curve":           {"csr", requestFor(t, ecKey(t, elliptic.P521())), "P-521"},
		"another sort of key":     {"csr", requestFor(t, edKey), "RSA or ECDSA"},
	} {
		t.Run(name, func(t *testing.T) {
			fields := map[string]any{"csr": csr, "hostnames": []string{"staging.example"}, "request_type": "origin-ecc"}
			fields[c.field] = c.value
			if got := w.do("POST", "/certificates", asked(t, fields)); got.status != 400 || !strings.Contains(got.raw, c.want) {
				t.Errorf("%d %s; want it to say %q", got.status, got.raw, c.want)
			}
		})
	}
	for _, zone := range []string{w.zone.ID, other.ID} {
		if got := w.do("GET", "/certificates?zone_id="+zone, ""); !strings.Contains(got.raw, `"total_count":0`) {
			t.Errorf("something was signed: %s", got.raw)
		}
	}
}

// The authorities, and what they signed, are there after a restart; openssl takes them for what they are.
func TestAuthoritiesStay(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir)
	rsaBefore, eccBefore, err := p.Authorities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, dir)
	defer func() { _ = p.Close() }()
	rsaAfter, eccAfter, err := p.Authorities(t.Context())
	if err != nil || !bytes.Equal(rsaBefore, rsaAfter) || !bytes.Equal(eccBefore, eccAfter) {
		t.Fatalf("other authorities after a restart: %v", err)
	}
	for name, text := range map[string][]byte{"rsa.pem": rsaAfter, "ecc.pem": eccAfter} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		openssl, err := exec.LookPath("openssl")
		if err != nil {
			t.Skip("openssl is not here; e2e/certificates needs it")
		}
		if out, err := exec.CommandContext(t.Context(), openssl, "verify", "-x509_strict", "-CAfile", file, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
