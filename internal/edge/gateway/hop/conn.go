package hop

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey/internal/edge/socket"
)

// conn is one connection to the server.
type conn struct {
	t        *Transport
	socket   *socket.Conn
	net.Conn // the socket, or TLS over it

	in       []byte // what was read is in[from:to]
	from, to int
	out      []byte // for the head of a request, and what goes with it
	used     bool   // an answer came on it before

	idleSince time.Time
	aborted   atomic.Bool
	abort     func() // ends what waits for the connection, now and later
}

// Sizes of what a connection reads into. Long answers are read into the buffer of whoever wants them.
const (
	firstBuffer = 4 << 10
	firstOut    = 1 << 10
)

func newConn(t *Transport, over net.Conn, s *socket.Conn) *conn {
	c := &conn{t: t, socket: s, Conn: over, in: make([]byte, firstBuffer), out: make([]byte, 0, firstOut)}
	c.abort = func() {
		c.aborted.Store(true)
		_ = c.SetDeadline(longAgo()) // it fails when the connection is closed, which ends as much
	}
	return c
}

// longAgo is a deadline that has passed.
func longAgo() time.Time { return time.Unix(1, 0) }

// within bounds how long the next reads may take, and writes too when they are to be.
func (c *conn) within(d time.Duration, set func(time.Time) error) { c.until(time.Now().Add(d), set) }

// until sets a deadline, unless the connection was aborted. No deadline is the zero time.
func (c *conn) until(deadline time.Time, set func(time.Time) error) {
	_ = set(deadline) // it fails when the connection is closed, as the next read will
	if c.aborted.Load() {
		c.abort()
	}
}

// quiet reports whether the server said nothing since the last answer, and did not close.
func (c *conn) quiet() bool {
	if c.from < c.to || !c.socket.Quiet() {
		return false
	}
	encrypted, ok := c.Conn.(*tls.Conn)
	if !ok {
		return true
	}
	// What TLS has read ahead does not show on the socket.
	if encrypted.SetReadDeadline(longAgo()) != nil {
		return false
	}
	n, err := encrypted.Read(c.in[:1])
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// fill reads more behind what is there.
func (c *conn) fill() error {
	if c.from == c.to {
		c.from, c.to = 0, 0
	}
	if c.to == len(c.in) {
		if c.from > 0 {
			c.to = copy(c.in, c.in[c.from:c.to])
			c.from = 0
		} else {
			c.in = append(c.in, make([]byte, len(c.in))...)
		}
	}
	n, err := c.Conn.Read(c.in[c.to:])
	c.to += n
	if n > 0 {
		return nil // an error that came with it comes again
	}
	return err
}

// discard closes the connection as it is. Over TLS nothing is said of that: to the server, what it got
// did not end in order.
func (c *conn) discard() { _ = c.socket.Close() } // there is nothing to lose

// leave closes a connection on which nothing is under way.
func (c *conn) leave() { _ = c.Close() } // as above
