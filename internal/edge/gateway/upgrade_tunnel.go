package gateway

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
)

const (
	headTime   = 10 * time.Second // to hand the client the head of the answer
	halfClosed = 10 * time.Second // without a byte, when one side has said that it is done
	pieceSize  = 16 << 10
)

var (
	errIdle     = errors.New("no byte came for too long")
	errStopping = errors.New("the server stops")
)

// tunnel is a connection that was upgraded: bytes pass as they come, both ways, as long as the
// request that it began with would be allowed.
type tunnel struct {
	client   *framing.Conn
	upstream io.ReadWriteCloser
	allowed  func() bool // asked before every piece goes on
	idle     time.Duration

	mu    sync.Mutex
	timer *time.Timer
}

// run passes bytes until both sides are done, one of them breaks, the context ends, the server
// stops or no byte comes any more. Both connections are closed then, and nothing of it runs on. It
// gives what ended it; nil when both sides were done.
func (t *tunnel) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t.timer = time.AfterFunc(t.idle, func() { cancel(errIdle) })
	defer t.timer.Stop()
	var running sync.WaitGroup
	running.Go(func() {
		select {
		case <-t.client.Stopping():
			cancel(errStopping)
		case <-ctx.Done():
		}
		t.close()
	})
	pass := func(to io.Writer, from io.Reader) {
		if err := t.pass(to, from); err != nil {
			cancel(err)
		}
	}
	var passing sync.WaitGroup
	passing.Go(func() { pass(t.upstream, t.client) })
	pass(t.client, t.upstream)
	passing.Wait()
	err := context.Cause(ctx)
	cancel(nil)
	running.Wait()
	return err
}

// pass copies until from is at its end, and says so to the other side.
func (t *tunnel) pass(to io.Writer, from io.Reader) error {
	piece := make([]byte, pieceSize)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			if !t.allowed() {
				return errNoLonger
			}
			t.moved()
			if _, err := to.Write(piece[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return t.finish(to)
		}
		if err != nil {
			return err
		}
	}
}

// moved puts off the end of an idle tunnel.
func (t *tunnel) moved() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer.Reset(t.idle)
}

// finish tells one side that the other will say no more. What is left is to be said soon.
func (t *tunnel) finish(to io.Writer) error {
	half, ok := to.(interface{ CloseWrite() error })
	if !ok {
		return io.EOF
	}
	t.mu.Lock()
	t.idle = min(t.idle, halfClosed)
	t.timer.Reset(t.idle)
	t.mu.Unlock()
	return half.CloseWrite()
}

func (t *tunnel) close() {
	_ = t.client.Close() // whatever it says, the connection is gone
	_ = t.upstream.Close()
}

// takenOver is a http.ResponseWriter for a connection that the server does not write to any more.
type takenOver struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *takenOver) Header() http.Header            { return a.header }
func (a *takenOver) WriteHeader(status int)         { a.status = status }
func (a *takenOver) Write(body []byte) (int, error) { return a.body.Write(body) }

// send writes the whole answer.
func (a *takenOver) send(c net.Conn) error {
	answer := http.Response{StatusCode: a.status, ProtoMajor: 1, ProtoMinor: 1, Header: a.header}
	if a.body.Len() > 0 {
		answer.Body, answer.ContentLength = io.NopCloser(&a.body), int64(a.body.Len())
	}
	var whole bytes.Buffer
	if err := answer.Write(&whole); err != nil {
		return err
	}
	if err := c.SetWriteDeadline(time.Now().Add(headTime)); err != nil {
		return err
	}
	if _, err := c.Write(whole.Bytes()); err != nil {
		return err
	}
	return c.SetWriteDeadline(time.Time{})
}
