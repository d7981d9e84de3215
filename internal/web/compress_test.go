package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/leastkey/leastkey/internal/nodetest"
)

// Pages are compressed for those who take that, and are the same; the page of a secret is not.
func TestPagesAreCompressed(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	b := n.SignIn(t, n.Ada)
	plain := b.Get("/profile/api-tokens")
	r := b.Request(http.MethodGet, "/profile/api-tokens", nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	packed := b.Send(r)
	if packed.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" {
		t.Fatalf("encodings %q and %q", packed.Header.Get("Content-Encoding"), plain.Header.Get("Content-Encoding"))
	}
	body, err := gzip.NewReader(bytes.NewReader(packed.Body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(text, plain.Body) {
		t.Errorf("%d bytes, %v; want the %d of the plain page", len(text), err, len(plain.Body))
	}
	r = b.Request(http.MethodPost, "/profile/global-api-key/change", url.Values{"once": {"0123456789abcdef0123456789abcdef"}})
	r.Header.Set("Accept-Encoding", "gzip")
	secret := b.Send(r)
	if secret.Status != http.StatusOK || secret.Header.Get("Content-Encoding") != "" || !bytes.Contains(secret.Body, []byte("data-once")) {
		t.Errorf("the page of a secret: %d, encoding %q", secret.Status, secret.Header.Get("Content-Encoding"))
	}
}
