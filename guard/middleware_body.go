package guard

import (
	"errors"
	"io"
	"net/http"
)

// ErrNoLongerAllowed ends the body of a request that ceased to be allowed while it came in.
var ErrNoLongerAllowed = errors.New("guard: the request is no longer allowed")

// requestBody is a body of which the guard may read the beginning, and the handler then all.
type requestBody struct {
	source io.ReadCloser
	most   int64          // how much may be read before the decision
	ahead  []byte         // what was
	read   int            // how much of it the handler has
	whole  bool           // whether that is all
	again  func() Verdict // decides anew
	ended  bool           // it is no longer allowed
}

// arrive reads ahead.
func (b *requestBody) arrive() error {
	data, err := io.ReadAll(io.LimitReader(b.source, b.most+1))
	b.ahead = data
	if err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return ErrBodyTooLarge
		}
		return err
	}
	b.whole = int64(len(data)) <= b.most
	return nil
}

// bytes gives the whole body. It may still be read.
func (b *requestBody) bytes(limit int64) ([]byte, error) {
	if !b.whole || int64(len(b.ahead)) > limit {
		return nil, ErrBodyTooLarge
	}
	return b.ahead, nil
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	if b.read < len(b.ahead) {
		n := copy(p, b.ahead[b.read:])
		b.read += n
		return n, nil
	}
	if b.whole {
		return 0, io.EOF
	}
	if b.ended {
		return 0, ErrNoLongerAllowed // also when it is allowed again: something is missing
	}
	n, err := b.source.Read(p)
	if b.ended = !b.again().Allowed(); b.ended {
		return 0, ErrNoLongerAllowed
	}
	return n, err
}

// Close implements io.Closer.
func (b *requestBody) Close() error { return b.source.Close() }
