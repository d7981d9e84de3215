//go:build unix

package socket

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// Conn is a connection that says when it has to wait, and can be asked without waiting whether
// something came.
type Conn struct {
	net.Conn
	Attend func() // before a Read waits; nil for nothing

	raw syscall.RawConn

	// What a Read and a Write are about. The functions are made once, so that these allocate nothing.
	read, write      func(fd uintptr) bool
	in, out          piece
	one              [1]byte
	reading, writing sync.Mutex // in and out are one goroutine's
}

// piece is what is read into or written, and what became of it.
type piece struct {
	p   []byte
	n   int
	err error
}

// Reusable says that connections can be kept: it can be seen whether one is still good.
const Reusable = true

// New makes a Conn of a connection that has a socket.
func New(over net.Conn) (*Conn, error) {
	through, ok := over.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("socket: a connection of type %T has none", over)
	}
	raw, err := through.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: over, raw: raw}
	c.read = func(fd uintptr) bool {
		c.in.n, c.in.err = Read(fd, c.in.p)
		if c.in.err != syscall.EAGAIN { //nolint:errorlint // as it comes from the kernel
			return true
		}
		if c.Attend != nil {
			c.Attend()
		}
		return false
	}
	c.write = func(fd uintptr) bool {
		for o := &c.out; o.n < len(o.p); {
			n, err := Write(fd, o.p[o.n:])
			if err == syscall.EAGAIN { //nolint:errorlint // as above
				return false
			}
			if o.err = err; err != nil {
				return true
			}
			o.n += n
		}
		return true
	}
	return c, nil
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	c.reading.Lock()
	defer c.reading.Unlock()
	c.in = piece{p: p}
	err := c.raw.Read(c.read)
	c.in.p = nil
	switch {
	case err != nil:
		return 0, c.failed("read", err)
	case c.in.err != nil:
		return 0, c.failed("read", c.in.err)
	case c.in.n == 0:
		return 0, io.EOF
	}
	return c.in.n, nil
}

// Write implements net.Conn.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.out = piece{p: p}
	err := c.raw.Write(c.write)
	c.out.p = nil
	if err == nil {
		err = c.out.err
	}
	if err != nil {
		return c.out.n, c.failed("write", err)
	}
	return c.out.n, nil
}

// failed is an error as package net gives it.
func (c *Conn) failed(doing string, err error) error {
	if already, ok := errors.AsType[*net.OpError](err); ok {
		err = already.Err
	} else {
		err = os.NewSyscallError(doing, err)
	}
	return &net.OpError{Op: doing, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

// Quiet reports whether the other side has neither said anything nor closed.
func (c *Conn) Quiet() bool {
	quiet := false
	err := c.raw.Control(func(fd uintptr) { quiet = nothingCame(fd, c.one[:]) })
	return err == nil && quiet
}

// Ended reports whether the other side closed, and everything that it said was read.
func (c *Conn) Ended() bool {
	ended := false
	err := c.raw.Control(func(fd uintptr) {
		n, err := peek(fd, c.one[:])
		ended = n == 0 && err == nil
	})
	return err == nil && ended
}

// nothingCame looks without taking anything.
func nothingCame(fd uintptr, into []byte) bool {
	_, err := peek(fd, into)
	return errors.Is(err, syscall.EAGAIN)
}
