package bodyless

import (
	"io"
	"net"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
	"github.com/leastkey/leastkey/internal/edge/socket"
)

// connection is served by one goroutine. What others do to it is to let a deadline pass.
type connection struct {
	net.Conn
	server *Server

	readBy, writeBy atomic.Int64 // the second by which it must go on; 0: it is not at it
	finishing       atomic.Bool  // no request is read after this one
	unsure          atomic.Bool  // whether the peer has closed: it waits without having looked
	ended           func() bool  // looks; nil where that cannot be seen

	in      []byte // read, and not yet a request that was answered
	looked  int    // how much of it is no whole head
	request Request
	answer  Answer

	atOnce func([]byte) (int, error) // writes what the kernel takes now; nil where that cannot be seen
}

const firstBuffer = 4 << 10

func newConnection(s *Server, on net.Conn) *connection {
	c := &connection{Conn: on, server: s, in: make([]byte, 0, firstBuffer)}
	if peer, err := netip.ParseAddrPort(on.RemoteAddr().String()); err == nil {
		c.request.Peer = peer.Addr()
	}
	if at, err := socket.New(on); err == nil {
		c.ended = at.Ended
	}
	c.readBy.Store(s.seconds.Load() + forHead)
	return c
}

// serve answers what is read, up to the end of the connection.
func (c *connection) serve() {
	defer func() {
		if fault := recover(); fault != nil {
			c.server.Log.Error("a question of a proxy could not be answered", "fault", fault, "stack", string(debug.Stack()))
		}
	}()
	if c.readAll() {
		c.goodbye()
	}
}

// What becomes of a connection behind what was read.
type progress uint8

const (
	goesOn progress = iota
	isOver          // an answer was the last
	isLost          // there is nobody to answer
)

// room is where to read.
func (c *connection) room() []byte {
	if len(c.in) == cap(c.in) {
		c.in = append(make([]byte, 0, 2*cap(c.in)), c.in...)
	}
	return c.in[len(c.in):cap(c.in)]
}

// came answers the requests that are whole with n more bytes in the room.
func (c *connection) came(n int) progress {
	c.in = c.in[:len(c.in)+n]
	rest := c.in // of which nothing was answered
	for len(rest) > c.looked {
		end, fault := framing.HeadEnd(rest, c.looked)
		if end == 0 && fault == 0 {
			if c.looked == 0 {
				c.readBy.Store(c.server.seconds.Load() + forHead)
			}
			c.looked = len(rest)
			break
		}
		c.readBy.Store(0)
		if now := c.reply(rest[:end], fault); now != goesOn {
			return now
		}
		rest, c.looked = rest[end:], 0
		c.readBy.Store(c.server.seconds.Load() + forNext)
	}
	c.keep(rest)
	return goesOn
}

// keep moves what came behind the last request to where the next one is read.
func (c *connection) keep(rest []byte) {
	switch {
	case len(rest) == len(c.in):
	case cap(c.in) > 2*firstBuffer && len(rest) <= firstBuffer: // a long head once does not hold memory for ever
		c.in = append(make([]byte, 0, firstBuffer), rest...)
	default:
		c.in = append(c.in[:0], rest...)
	}
}

// reply answers one request.
func (c *connection) reply(head []byte, fault framing.Fault) progress {
	c.request.reset()
	c.answer.reset()
	if fault == 0 {
		fault = c.request.read(string(head))
	}
	if fault == 0 {
		c.server.Answer(&c.request, &c.answer)
	} else {
		c.answer.refuse(fault)
	}
	last := fault != 0 || c.request.last || c.answer.Last || c.finishing.Load()
	c.writeBy.Store(c.server.seconds.Load() + forAnswer)
	err := c.send(c.answer.bytes(*c.server.date.Load(), c.request.head, last))
	c.writeBy.Store(0)
	switch {
	case err != nil:
		return isLost
	case last:
		return isOver
	default:
		return goesOn
	}
}

// send writes an answer: what the kernel takes at once, and then the rest as it takes more.
func (c *connection) send(out []byte) error {
	if c.atOnce != nil {
		n, err := c.atOnce(out)
		if err == nil && n == len(out) {
			return nil
		}
		out = out[n:]
	}
	_, err := c.Write(out)
	return err
}

// most is how much is read after the last answer.
const most = 256 << 10

// goodbye reads on for a moment: a connection that is closed on bytes that were not read is reset,
// and the peer may never see the answer.
func (c *connection) goodbye() {
	c.readBy.Store(c.server.seconds.Load() + forGoodbye)
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, c.Conn, most)
}

// past is a deadline that is over.
func past() time.Time { return time.Unix(1, 0) }

// sweep ends the connection's reading or writing when it took too long, or has no peer any more.
func (c *connection) sweep(now int64) {
	if c.unsure.Swap(false) && c.ended != nil && c.ended() {
		_ = c.SetReadDeadline(past())
	}
	if by := c.readBy.Load(); by != 0 && now > by {
		_ = c.SetReadDeadline(past())
	}
	if by := c.writeBy.Load(); by != 0 && now > by {
		_ = c.SetWriteDeadline(past())
	}
}

// finish has the connection end: now when it waits for a request, else behind the answer.
func (c *connection) finish() {
	c.finishing.Store(true)
	_ = c.SetReadDeadline(past())
}
