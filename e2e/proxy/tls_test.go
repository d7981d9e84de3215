package proxy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

// The example of nginx with its own listen.conf: TLS, and HTTP/2. Of that file the address and the two paths are replaced.
func TestNginxTLS(t *testing.T) {
	w := newWorld(t)
	behind := newAPI(t)
	addr := harness.FreeAddress(t)
	certificate, private, roots := newCertificate(t)
	listen := read(t, filepath.Join("..", "..", "examples", "nginx", "leastkey", "listen.conf"))
	for from, to := range map[string]string{"listen 443": "listen " + addr, "/etc/nginx/leastkey/cert.pem": certificate, "/etc/nginx/leastkey/key.pem": private} {
		if strings.Count(listen, from) != 1 {
			t.Fatalf("the example does not have %s once", from)
		}
		listen = strings.Replace(listen, from, to, 1)
	}
	nginxWith(t, w.at(t), behind.addr, addr, listen)

	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: site, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true, DisableCompression: true,
	}}
	defer client.CloseIdleConnections()
	for target, want := range map[string]int{own: http.StatusOK, foreign: http.StatusForbidden} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+addr+target, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = site
		r.Header.Set("Authorization", strings.TrimPrefix(w.bearer(t, "reader")[0], "Authorization: "))
		r.Header.Set("X-Original-URI", own)
		r.Header.Set("Leastkey-Principal", "user 1")
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != want || answer.ProtoMajor != 2 {
			t.Errorf("%s: %s %s %v %s; want %d over HTTP/2", target, answer.Proto, answer.Status, err, text, want)
		}
		seen := behind.take()
		if want != http.StatusOK {
			if !strings.Contains(answer.Header.Get("WWW-Authenticate"), "insufficient_scope") || len(seen) > 0 {
				t.Errorf("%s: refused with %v; the API saw %d requests", target, answer.Header, len(seen))
			}
			continue
		}
		if len(seen) == 1 && seen[0].Header.Get("X-Forwarded-Proto") != "https" {
			t.Errorf("the API is told %v", seen[0].Header)
		}
		for _, r := range seen {
			r.Header.Set("X-Forwarded-Proto", "http") // as the other tests have it
		}
		w.check(t, seen, "GET "+target, "reader", "127.0.0.1")
	}
}

// newCertificate gives the files of a certificate for the site and its key, and whom to trust for it.
func newCertificate(t *testing.T) (certificate, private string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{site}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, private = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, certificate, string(text))
	write(t, private, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	roots = x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatal("the certificate cannot be read")
	}
	return certificate, private, roots
}
