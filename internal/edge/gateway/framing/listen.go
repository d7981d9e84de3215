// Package framing makes an HTTP/1 server read only requests that end where every other program
// would say they end.
//
// net/http takes more than RFC 9112 gives: bare LF, Content-Length beside Transfer-Encoding,
// folded headers, trailers. Each is a way to make two programs disagree on where a request ends
// or what it says, and a handler cannot see that it happened. So [Listen] puts a filter between
// the connection and the server. It looks at every byte before the server does, keeps count of
// heads and bodies itself, and lets through only what has one reading. In the place of anything
// else the server reads one request that says why, which [Refused] recognises, and then the end
// of the connection. Being part of the stream, the refusal keeps its place among pipelined
// requests.
package framing

import (
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey/internal/edge/socket"
)

// Listen filters the connections of l, which carry HTTP/1 in the clear: over TLS, wrap the TLS
// listener, so that the filter sees what the server is to see.
func Listen(l net.Listener) *Listener {
	return &Listener{Listener: socket.Listen(l), stop: stop{said: make(chan struct{})}}
}

// Listener is a net.Listener whose connections are filtered.
type Listener struct {
	net.Listener
	stop stop
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c, stopping: l.stop.said}, nil
}

// Conn is a filtered connection. Like any connection it is read by one goroutine at a time, and
// may be closed by another.
type Conn struct {
	net.Conn
	framer   framer
	buf      []byte // read, not yet handed out
	room     []byte // that buf lies in, to begin anew in when all was handed out
	passed   int    // how much of buf may be handed out
	fault    Fault
	refused  atomic.Bool // the substitute took the place of what was read
	released bool        // nothing is filtered any more
	stopping <-chan struct{}
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.released {
		return c.Conn.Read(p)
	}
	for c.passed == 0 {
		switch {
		case c.refused.Load():
			return 0, io.EOF
		case c.fault != 0:
			c.refuse()
		case len(c.buf) == 0 && c.framer.at == atFixed:
			return c.readFixed(p)
		default:
			if err := c.fill(); err != nil {
				return 0, err
			}
			n, fault := c.framer.pass(c.buf)
			c.passed, c.fault = n, fault
		}
	}
	n := copy(p, c.buf[:c.passed])
	c.buf = c.buf[n:]
	c.passed -= n
	if len(c.buf) == 0 {
		c.buf = c.room
	}
	return n, nil
}

// readFixed spares a body of known length the copy.
func (c *Conn) readFixed(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(int64(len(p)), c.framer.remaining)])
	if n > 0 {
		c.framer.data(p[:n], atHead)
	}
	return n, err
}

const firstBuffer = 4 << 10

// fill reads more behind what buf holds. Part of a head is all that it ever holds here, so buf
// never grows much beyond MaxHead. An error that comes with data comes again without.
func (c *Conn) fill() error {
	if free := cap(c.buf) - len(c.buf); free < firstBuffer/4 {
		larger := make([]byte, len(c.buf), max(firstBuffer, 2*len(c.buf)))
		copy(larger, c.buf)
		c.buf, c.room = larger, larger[:0]
	}
	n, err := c.Conn.Read(c.buf[len(c.buf):cap(c.buf)])
	c.buf = c.buf[:len(c.buf)+n]
	if n > 0 {
		return nil
	}
	return err
}

// poison is no chunk, no end of a chunk and no trailer, whatever stands before it.
const poison = "\x00\r\n\r\n"

// refuse puts the substitute in the place of what did not pass. Within a body there can be no
// new request, so the body must fail to be read.
func (c *Conn) refuse() {
	c.buf = c.fault.substitute()
	if c.framer.at != atHead {
		c.buf = []byte(poison)
	}
	c.passed = len(c.buf)
	c.refused.Store(true)
}

// CloseWrite ends what is sent; net/http uses it before it closes.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// How much is read, and for how long, after a refusal.
const (
	lingerBytes = 256 << 10
	lingerTime  = 500 * time.Millisecond
)

// Close implements net.Conn. After a refusal it reads on for a moment: a connection that is
// closed on unread bytes is reset, and the client may never see why it was refused.
func (c *Conn) Close() error {
	if c.refused.Load() && c.CloseWrite() == nil && c.Conn.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
		_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
	}
	return c.Conn.Close()
}
