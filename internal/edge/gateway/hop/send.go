package hop

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"time"
)

// What goes out in one write with its head, and the pieces of what does not.
const (
	aheadMost = 16 << 10
	pieceSize = 32 << 10
)

// send sends a request, or begins to. wrote says whether the server may have seen any of it.
func (x *exchange) send(r *http.Request) (wrote bool, err error) {
	c, n := x.c, length(r)
	c.within(c.t.config.Answer, c.SetDeadline)
	c.out = appendHead(c.out[:0], r, n)
	if n < 0 || n > aheadMost {
		x.sending = &sending{c: c, body: r.Body, done: make(chan struct{}), waits: true}
		c.until(time.Time{}, c.SetReadDeadline) // the time for the answer begins when the request has ended
		go x.sending.run(n)
		return true, nil
	}
	if n > 0 {
		head := len(c.out)
		c.out = append(c.out, make([]byte, n)...)
		if _, err := io.ReadFull(r.Body, c.out[head:]); err != nil {
			return false, bodyError(err)
		}
	}
	n2, err := c.Write(c.out)
	if cap(c.out) > aheadMost {
		c.out = make([]byte, 0, firstOut)
	}
	return n2 > 0, err
}

// bodyError is for a body that ended before its length.
func bodyError(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isClosed reports whether an error says that the other side had closed. Over TLS, that it had not said so.
func isClosed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
