package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestStatic(t *testing.T) {
	static, err := newAssets(staticFiles)
	if err != nil {
		t.Fatal(err)
	}
	served := headers(static)
	answer := func(target, encoding string) *http.Response {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		served.ServeHTTP(w, r)
		return w.Result()
	}
	for name, contentType := range map[string]string{
		"style.css": "text/css; charset=utf-8", "htmx.js": "text/javascript; charset=utf-8",
		"leastkey.js": "text/javascript; charset=utf-8", "logo.svg": "image/svg+xml",
	} {
		t.Run(name, func(t *testing.T) {
			url, err := static.url(name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile("static/" + name)
			if err != nil {
				t.Fatal(err)
			}
			for encoding, gzipped := range map[string]bool{"": false, "br": false, "gzip;q=0": false, "br, gzip": true} {
				got := answer(url, encoding)
				for header, value := range map[string]string{
					"Content-Type": contentType, "Cache-Control": "public, max-age=31536000, immutable",
					"X-Content-Type-Options": "nosniff", "Vary": "Accept-Encoding",
				} {
					if got.Header.Get(header) != value {
						t.Errorf("%s: %q, want %q", header, got.Header.Get(header), value)
					}
				}
				var body io.Reader = got.Body
				if (got.Header.Get("Content-Encoding") == "gzip") != gzipped {
					t.Fatalf("to %q: Content-Encoding %q", encoding, got.Header.Get("Content-Encoding"))
				}
				if gzipped {
					if body, err = gzip.NewReader(body); err != nil {
						t.Fatal(err)
					}
				}
				content, err := io.ReadAll(body)
				if err != nil || !bytes.Equal(content, want) {
					t.Errorf("to %q: %d bytes, %v, want %d", encoding, len(content), err, len(want))
				}
			}
		})
	}
	url, _ := static.url("style.css")
	for _, gone := range []string{"/dashboard/0000000000000000/style.css", strings.TrimSuffix(url, ".css"), url + "/", "/dashboard/"} {
		if got := answer(gone, ""); got.StatusCode != http.StatusNotFound || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, kept by %q", gone, got.StatusCode, got.Header.Get("Cache-Control"))
		}
	}
	if _, err := static.url("other.css"); err == nil {
		t.Error("a file that is not there has an address")
	}
}

func TestStaticOfNoType(t *testing.T) {
	files := fstest.MapFS{"static/a.exe": &fstest.MapFile{}}
	if _, err := newAssets(files); err == nil || !strings.Contains(err.Error(), "a.exe") {
		t.Errorf("a file of no known type: %v", err)
	}
}

// TestStaticIsSmall holds what we wrote ourselves to its promise.
func TestStaticIsSmall(t *testing.T) {
	for name, most := range map[string]int{"style.css": 22 << 10, "leastkey.js": 6 << 10, "logo.svg": 1 << 10} {
		content, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) > most {
			t.Errorf("%s has %d bytes, more than %d", name, len(content), most)
		}
	}
}

// TestVendored compares htmx with what is written down of it.
func TestVendored(t *testing.T) {
	content, err := os.ReadFile("static/htmx.js")
	if err != nil {
		t.Fatal(err)
	}
	words, err := os.ReadFile("static/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if sum := fmt.Sprintf("%x", sha256.Sum256(content)); !strings.Contains(string(words), "    "+sum+"\n") {
		t.Errorf("static/README.md does not have the sum %s of htmx.js", sum)
	}
	if version := `version:"2.0.11"`; !bytes.Contains(content, []byte(version)) || !strings.Contains(string(words), "2.0.11") {
		t.Errorf("htmx.js does not say %s", version)
	}
}
