package gateway

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/leastkey/leastkey/guard"
)

// requestBody remembers why it could not be read, so that a broken request is not taken for a
// broken upstream.
type requestBody struct {
	io.ReadCloser
	mu     sync.Mutex
	failed error
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, http.ErrBodyReadAfterClose) {
		b.mu.Lock()
		b.failed = err
		b.mu.Unlock()
	}
	return n, err
}

func (b *requestBody) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failed
}

// keepBody reads the whole body and puts it back, to be sent on as it is.
func keepBody(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit {
		return nil, guard.ErrBodyTooLarge
	}
	data, err := readAll(r.Body, limit)
	if err != nil {
		return nil, err
	}
	replaceBody(r, data)
	return data, nil
}

// readAll reads at most limit bytes; more fail with guard.ErrBodyTooLarge.
func readAll(from io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, guard.ErrBodyTooLarge
	}
	return data, nil
}

func replaceBody(r *http.Request, data []byte) {
	r.Body = io.NopCloser(bytes.NewReader(data))
	r.ContentLength = int64(len(data))
	r.TransferEncoding = nil
}
