package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static/*.css static/*.js static/*.svg
var staticFiles embed.FS

// assets serves the files that every page loads. The content of a file is part of its address, so that a browser
// keeps it for good and never has an old one.
type assets struct {
	files map[string]asset // by address
	urls  map[string]string
}

type asset struct {
	contentType  string
	plain, small []byte // as it is, and with gzip
}

// newAssets reads and compresses static/.
func newAssets(files fs.FS) (*assets, error) {
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return nil, err
	}
	a := &assets{files: map[string]asset{}, urls: map[string]string{}}
	for _, entry := range entries {
		plain, err := fs.ReadFile(files, path.Join("static", entry.Name()))
		if err != nil {
			return nil, err
		}
		// The types are not asked of the machine, whose tables differ.
		contentType, known := map[string]string{
			".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
		}[path.Ext(entry.Name())]
		if !known {
			return nil, fmt.Errorf("web: static/%s: no content type is known for it", entry.Name())
		}
		small, err := compress(plain)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(plain)
		url := "/dashboard/" + hex.EncodeToString(sum[:8]) + "/" + entry.Name()
		a.files[url] = asset{contentType, plain, small}
		a.urls[entry.Name()] = url
	}
	return a, nil
}

func compress(plain []byte) ([]byte, error) {
	var small bytes.Buffer
	z, err := gzip.NewWriterLevel(&small, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return small.Bytes(), nil
}

// url is the address of a file of static/.
func (a *assets) url(name string) (string, error) {
	url, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("there is no static/%s", name)
	}
	return url, nil
}

// ServeHTTP answers /dashboard/<hash>/<file>.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.URL.Path]
	if !ok {
		http.Error(w, "no such file; load the page again", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	content := file.plain
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		content = file.small
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.Write(content)
}

// acceptsGzip reports whether the client says so in plain words. What is put in any other way is not worth reading:
// the file as it is does for everyone.
func acceptsGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}
