package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/leastkey/leastkey/guard"
)

// aheadMost bounds how much of a body is read before the request is decided. Bodies of this size
// and less are decided when they are whole, by what holds then; a longer one is looked at again
// and again while its rest goes through.
const aheadMost = 1 << 20

// requestBody is the body of a request. It remembers why it could not be read, so that a broken
// request is not taken for a broken upstream.
type requestBody struct {
	request *http.Request
	source  io.ReadCloser
	ahead   []byte               // what was read before the decision
	sent    int                  // of it
	whole   bool                 // whether that is all
	again   func() guard.Verdict // decides the request anew; set once it was decided

	mu     sync.Mutex
	failed error
	denial *guard.Denial // why the rest was not let through
}

// receive puts a requestBody in the place of r's body, of at most limit bytes.
func receive(w http.ResponseWriter, r *http.Request, limit int64) *requestBody {
	b := &requestBody{request: r, source: http.MaxBytesReader(w, r.Body, limit)}
	r.Body = b
	return b
}

// arrive reads ahead. A body that is whole by then goes on with its length.
func (b *requestBody) arrive() error {
	data, err := readAll(b.source, aheadMost)
	b.ahead = data
	switch {
	case errors.Is(err, guard.ErrBodyTooLarge):
		return nil
	case err != nil:
		b.fail(err, nil)
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return guard.ErrBodyTooLarge
		}
		return err
	}
	b.whole = true
	b.request.ContentLength, b.request.TransferEncoding = int64(len(data)), nil
	return nil
}

// bytes gives the whole body, and keeps it to be sent on. It fails with guard.ErrBodyTooLarge when
// it is longer than limit, or than what is read ahead.
func (b *requestBody) bytes(limit int64) ([]byte, error) {
	if !b.whole || int64(len(b.ahead)) > limit {
		return nil, guard.ErrBodyTooLarge
	}
	return b.ahead, nil
}

// Read implements io.Reader: what was read ahead, then the rest, as long as the request is allowed.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.sent < len(b.ahead) { // it is kept: the request may be decided anew
		n := copy(p, b.ahead[b.sent:])
		b.sent += n
		return n, nil
	}
	if b.whole {
		return 0, io.EOF
	}
	n, err := b.source.Read(p)
	if b.again != nil {
		if v := b.again(); !v.Allowed() {
			b.fail(errNoLonger, v.Denial)
			return 0, errNoLonger
		}
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, http.ErrBodyReadAfterClose) {
		b.fail(err, nil)
	}
	return n, err
}

// Close implements io.Closer.
func (b *requestBody) Close() error { return b.source.Close() }

// errNoLonger ends a request that ceased to be allowed while its body came in.
var errNoLonger = errors.New("the request is no longer allowed")

func (b *requestBody) fail(err error, d *guard.Denial) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed, b.denial = err, d
}

// failure tells why the body could not be read, and what to answer when that is because the
// request is no longer allowed.
func (b *requestBody) failure() (*guard.Denial, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.denial, b.failed
}

// readAll reads at most limit bytes; more fail with guard.ErrBodyTooLarge, beside what was read.
func readAll(from io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = guard.ErrBodyTooLarge
	}
	return data, err
}
