//go:build unix

package hop

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// socket is a connection that says when it has to wait, and can be asked without waiting whether
// something came. It is read by one goroutine at a time.
type socket struct {
	net.Conn
	raw    syscall.RawConn
	attend func() // before a Read waits; nil for nothing

	// What a Read is about. The functions are made once, so that a Read allocates nothing.
	read func(fd uintptr) bool
	look func(fd uintptr)
	into []byte
	n    int
	err  error
	one  [1]byte
}

// reusable says that connections can be kept: it can be seen whether one is still good.
const reusable = true

func newSocket(c net.Conn) (*socket, error) {
	through, ok := c.(syscall.Conn)
	if !ok {
		return nil, fmt.Errorf("hop: a connection of type %T has no socket", c)
	}
	raw, err := through.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &socket{Conn: c, raw: raw}
	s.read = func(fd uintptr) bool {
		s.n, s.err = retried(func() (int, error) { return syscall.Read(int(fd), s.into) })
		if !errors.Is(s.err, syscall.EAGAIN) {
			return true
		}
		if s.attend != nil {
			s.attend()
		}
		return false
	}
	s.look = func(fd uintptr) {
		s.n, s.err = retried(func() (int, error) {
			n, _, err := syscall.Recvfrom(int(fd), s.one[:], syscall.MSG_PEEK)
			return n, err
		})
	}
	return s, nil
}

// retried does a system call again that a signal came between.
func retried(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// Read implements net.Conn.
func (s *socket) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	s.into = p
	err := s.raw.Read(s.read)
	s.into = nil
	switch {
	case err != nil:
		return 0, err
	case s.err != nil:
		return 0, s.err
	case s.n == 0:
		return 0, io.EOF
	}
	return s.n, nil
}

// quiet reports whether the other side has neither said anything nor closed.
func (s *socket) quiet() bool {
	err := s.raw.Control(s.look)
	return err == nil && errors.Is(s.err, syscall.EAGAIN)
}
