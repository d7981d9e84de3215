package walk

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/e2e/harness"
)

func openssl(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "openssl", arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

// withServiceKey presents an Origin CA Key.
func withServiceKey(key string) harness.Credential {
	return func(h http.Header) { h.Set("X-Auth-User-Service-Key", key) }
}

// A request of openssl becomes a certificate that openssl verifies against the authority, with the Origin CA Key;
// which is refused by every other route of the catalogue.
func TestOriginCertificates(t *testing.T) {
	d := harness.Start(t)
	key := withServiceKey(d.ServiceKey(t))
	dir := t.TempDir()
	for kind, ask := range map[string][]string{
		"rsa": {"-newkey", "rsa:2048"},
		"ecc": {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"},
	} {
		request, file := filepath.Join(dir, kind+".csr"), filepath.Join(dir, kind+".pem")
		openssl(t, append([]string{"req", "-new", "-nodes", "-subj", "/CN=ignored", "-keyout", filepath.Join(dir, kind+".key"), "-out", request}, ask...)...)
		csr, err := os.ReadFile(request)
		if err != nil {
			t.Fatal(err)
		}
		var made struct{ ID, Certificate string }
		d.As(key).Call(t, http.MethodPost, "/certificates", map[string]any{
			"csr": string(csr), "hostnames": []string{"www." + d.Staging().Name}, "request_type": "origin-" + kind, "requested_validity": 7,
		}).Want(t, http.StatusOK).Into(t, &made)
		if err := os.WriteFile(file, []byte(made.Certificate), 0o600); err != nil {
			t.Fatal(err)
		}
		authority := filepath.Join(d.DataDir(), "origin-ca-"+kind+".pem")
		openssl(t, "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", "www."+d.Staging().Name, "-CAfile", authority, file)
		if text := openssl(t, "x509", "-in", file, "-noout", "-text"); !strings.Contains(text, "DNS:www."+d.Staging().Name) || strings.Contains(text, "ignored") {
			t.Errorf("the certificate is for something else:\n%s", text)
		}
		d.As(harness.GlobalKey(d.Users[1])).Call(t, http.MethodGet, "/certificates/"+made.ID, nil).Refused(t, harness.Denied("a zone"))
		d.As(harness.GlobalKey(d.Users[1])).Call(t, http.MethodGet, "/certificates/1234567890", nil).Refused(t, harness.Denied("a zone"))
		token := editor(t, d, d.Staging())
		d.As(harness.Bearer(token.Value)).Call(t, http.MethodGet, "/certificates/"+made.ID, nil).Refused(t, harness.Denied("a zone"))
		d.As(key).Call(t, http.MethodDelete, "/certificates/"+made.ID, nil).Want(t, http.StatusOK)
	}
	refused := 0
	all, err := catalog.Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range all.Operations() {
		if op.ServiceKey {
			continue
		}
		path := strings.NewReplacer("{zone_id}", d.Staging().ID, "{account_id}", d.Staging().AccountID).Replace(op.Route)
		for strings.Contains(path, "{") {
			from := strings.Index(path, "{")
			path = path[:from] + "0123456789abcdef0123456789abcdef" + path[from+strings.Index(path[from:], "}")+1:]
		}
		base := strings.TrimSuffix(d.API, "/client/v4")
		r, err := http.NewRequestWithContext(t.Context(), op.Method, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		key(r.Header)
		answer, err := d.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var said struct{ Success bool }
		err = json.NewDecoder(answer.Body).Decode(&said)
		_ = answer.Body.Close()
		if err != nil || said.Success || answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%v with an Origin CA Key: %d (%v)", op, answer.StatusCode, err)
		}
		refused++
	}
	if refused < 80 {
		t.Errorf("only %d routes were tried", refused)
	}
}
