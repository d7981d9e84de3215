package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

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
	client  *http.ResponseController
	ahead   []byte               // what was read before the decision
	sent    int                  // of it
	whole   bool                 // whether that is all
	again   func() guard.Verdict // decides the request anew; set once it was decided

	mu      sync.Mutex
	failed  error
	denial  *guard.Denial // why the rest was not let through
	reading bool          // the rest, and so the connection of the client
	ended   bool          // the rest was read to its end
	closed  bool          // no more of it is to be read
	cut     bool          // the connection is of no use to read a next request from
}

// receive puts a requestBody in the place of r's body, of at most limit bytes, when r has one.
func receive(w http.ResponseWriter, r *http.Request, limit int64) *requestBody {
	if r.Body == http.NoBody {
		return &requestBody{whole: true}
	}
	b := &requestBody{request: r, source: http.MaxBytesReader(w, r.Body, limit), client: http.NewResponseController(w)}
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
	if !b.enter() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.source.Read(p)
	b.left(err)
	if b.again != nil {
		if v := b.again(); !v.Allowed() {
			b.fail(errNoLonger, v.Denial())
			return 0, errNoLonger
		}
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, http.ErrBodyReadAfterClose) {
		b.fail(err, nil)
	}
	return n, err
}

func (b *requestBody) enter() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = !b.closed
	return b.reading
}

func (b *requestBody) left(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reading = false
	b.ended = errors.Is(err, io.EOF)
}

// Close implements io.Closer. The server closes what it gave; this ends a Read that waits for the
// client, and whatever else it sends is not read by anyone.
func (b *requestBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.whole || b.ended {
		return nil
	}
	b.closed = true
	if b.reading {
		b.cut = true
		return b.client.SetReadDeadline(time.Unix(1, 0))
	}
	return nil
}

// goOn lets the rest of a body go on while the answer does. The server would read it, and take it
// from us, as soon as the answer begins.
func (b *requestBody) goOn(w http.ResponseWriter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.whole && !b.ended {
		w.Header().Set("Connection", "close")
		_ = b.client.EnableFullDuplex() // where there is none to enable, nobody reads on
	}
}

// leave has the client sent away, when the rest of its body was given up in the middle.
func (b *requestBody) leave(w http.ResponseWriter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cut {
		w.Header().Set("Connection", "close")
		hurry(w)
	}
}

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
