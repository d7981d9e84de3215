package hop

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/leastkey/leastkey/internal/edge/socket"
)

// errStale says that a connection that was kept turned out to be closed, and that the request may
// be sent on another.
var errStale = errors.New("the server had closed the connection")

// exchange is one request and its answer. It is the body of the answer.
type exchange struct {
	c       *conn
	ctx     context.Context //nolint:containedctx // of the request, which lasts as long
	unbind  func() bool     // from the context
	sending *sending        // nil when the whole request went out at once
	answer  http.Response
	body    body
	ended   bool
}

// exchange sends a request and reads the head of its answer. The connection is closed when that
// fails; with errStale the body of the request is as it was.
func (c *conn) exchange(r *http.Request) (*http.Response, error) {
	x := &exchange{c: c, ctx: r.Context()}
	x.unbind = context.AfterFunc(x.ctx, c.abort)
	wrote, err := x.send(r)
	var h head
	if err == nil {
		h, err = x.final()
	}
	if err != nil {
		nothing := c.from == c.to && x.sending == nil
		err = x.fail(err)
		if c.used && nothing && isClosed(err) && (repeatable(r) || !wrote && length(r) == 0) {
			return nil, errStale
		}
		if x.sending == nil {
			closeBody(r)
		}
		return nil, err
	}
	c.used = true
	if x.sending == nil {
		closeBody(r)
	}
	x.take(r, h)
	return &x.answer, nil
}

// final reads the head of the answer that counts. What nobody has looked at is not passed on, so
// interim answers are dropped.
func (x *exchange) final() (head, error) {
	for range maxInterim + 1 {
		h, err := x.c.readHead()
		if err == nil && h.status < 200 && h.status != http.StatusSwitchingProtocols && h.promises() {
			err = malformed("an interim answer with a body")
		}
		if err != nil || h.status >= 200 || h.status == http.StatusSwitchingProtocols {
			x.sending.answered()
			return h, err
		}
	}
	return head{}, malformed("too many interim answers")
}

// take makes the answer out of its head.
func (x *exchange) take(r *http.Request, h head) {
	x.answer = http.Response{
		Status: h.phrase, StatusCode: h.status, Proto: h.proto, ProtoMajor: 1, ProtoMinor: h.minor,
		Header: h.header, ContentLength: h.length, Close: h.last, Request: r, Body: x,
	}
	if h.chunks {
		x.answer.TransferEncoding = []string{"chunked"}
	}
	x.body = body{c: x.c, last: h.last}
	switch {
	case h.status == http.StatusSwitchingProtocols:
		x.answer.Body = &switched{x.c, x}
		x.c.until(time.Time{}, x.c.SetDeadline) // whoever goes on has bounds of their own
	case h.bodyless(r.Method):
		x.answer.Body = http.NoBody
		// What it promises may yet come, and would be taken for the next answer.
		x.end(!h.last && (h.status != http.StatusNoContent || !h.promises()))
	case h.chunks:
		x.body.kind = chunked
	case h.length > 0:
		x.body.kind, x.body.left = fixed, h.length
	case h.length == 0:
		x.answer.Body = http.NoBody
		x.end(!h.last)
	default:
		x.body.kind, x.body.last = untilClosed, true
	}
}

// Read implements io.Reader.
func (x *exchange) Read(p []byte) (int, error) {
	if x.ended {
		return 0, io.EOF
	}
	n, err := x.body.read(p)
	switch {
	case errors.Is(err, io.EOF):
		x.end(!x.body.last)
		return n, io.EOF
	case err != nil:
		return n, x.fail(err)
	}
	return n, nil
}

// Close implements io.Closer. An answer that was not read to its end takes its connection with it.
func (x *exchange) Close() error {
	x.end(false)
	return nil
}

// BeforeWait has f called whenever the rest of the answer has to be waited for, by whoever reads.
func (x *exchange) BeforeWait(f func()) { x.c.socket.Attend = f }

// fail ends an exchange that went wrong, and says why: when its context ended, because of that.
func (x *exchange) fail(err error) error {
	if failed := x.sending.failed(); failed != nil {
		err = failed
	}
	x.end(false)
	if cause := context.Cause(x.ctx); cause != nil && x.c.aborted.Load() {
		return cause
	}
	return err
}

// end gives the connection back, or closes it.
func (x *exchange) end(whole bool) {
	if x.ended {
		return
	}
	x.ended = true
	c := x.c
	c.socket.Attend = nil
	sent := x.sending.finish(whole)
	if x.unbind() && whole && sent && socket.Reusable && c.from == c.to {
		c.t.idle.put(c)
		return
	}
	c.discard()
	x.sending.interrupt()
}
