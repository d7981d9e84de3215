package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/leastkey/leastkey/guard"
)

// errStalled ends an answer of which no more comes.
var errStalled = errors.New("the upstream sent nothing more of its answer for too long")

// stream bounds an answer by how long nothing comes, not by how long it is; and ends it when its
// request would no longer be allowed.
type stream struct {
	end   context.CancelCauseFunc // of the request to the upstream
	idle  time.Duration
	again func() guard.Verdict
	to    *http.ResponseController
}

// body is in the place of the answer's. Trailers are dropped, since nobody has looked at them.
func (s stream) body(answer *http.Response) io.ReadCloser {
	return &streamed{ReadCloser: answer.Body, answer: answer, stream: s, timer: time.AfterFunc(s.idle, func() { s.end(errStalled) })}
}

// streamed is the body of an answer that goes through as it comes.
type streamed struct {
	io.ReadCloser
	answer *http.Response
	stream stream
	timer  *time.Timer
	begun  bool
}

// Read implements io.Reader. What comes first belongs to the moment of the decision, and a short
// answer is nothing more; all that comes later must be allowed when it comes.
func (b *streamed) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.answer.Trailer = nil
	}
	if n == 0 {
		return n, err
	}
	if b.begun && !b.stream.again().Allowed() {
		return 0, errNoLonger
	}
	b.begun = true
	b.timer.Reset(b.stream.idle)
	// The server's own bound is for whole answers. Where there is none to set, there is none to move.
	_ = b.stream.to.SetWriteDeadline(time.Now().Add(b.stream.idle))
	return n, err
}

// Close implements io.Closer.
func (b *streamed) Close() error {
	b.timer.Stop()
	return b.ReadCloser.Close()
}
