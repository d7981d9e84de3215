//go:build unix

package socket

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// pair is both ends of a connection; the first is ours.
func pair(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(accepted)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, other.(*net.TCPConn)
}

// What is more than the kernel takes goes out whole, and in order, as it takes it; also from several at a time.
func TestAllIsWritten(t *testing.T) {
	c, other := pair(t)
	const size = 8 << 20
	var writers sync.WaitGroup
	for _, letter := range []byte("abc") {
		writers.Go(func() {
			if n, err := c.Write(bytes.Repeat([]byte{letter}, size)); n != size || err != nil {
				t.Error(n, err)
			}
		})
	}
	got := make([]byte, 3*size)
	if _, err := io.ReadFull(other, got); err != nil {
		t.Fatal(err)
	}
	writers.Wait()
	for part := range 3 {
		piece := got[part*size : (part+1)*size]
		if !bytes.Equal(piece, bytes.Repeat(piece[:1], size)) {
			t.Error("two writes went out mixed")
		}
	}
}

func TestReads(t *testing.T) {
	c, other := pair(t)
	waited := make(chan struct{}, 8)
	c.Attend = func() { waited <- struct{}{} }
	go func() {
		<-waited
		_, _ = io.WriteString(other, "hello")
	}()
	room := make([]byte, 8)
	if n, err := c.Read(room); string(room[:n]) != "hello" || err != nil {
		t.Fatalf("%q, %v", room[:n], err)
	}
	if n, err := c.Read(nil); n != 0 || err != nil {
		t.Error("an empty read:", n, err)
	}
	if !c.Quiet() {
		t.Error("not quiet, though all was read")
	}
	if err := other.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(room); n != 0 || !errors.Is(err, io.EOF) {
		t.Error("at the end:", n, err)
	}
	if c.Quiet() {
		t.Error("quiet, though the other side has closed")
	}
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if n, err := other.Read(room); n != 0 || !errors.Is(err, io.EOF) {
		t.Error("after CloseWrite:", n, err)
	}
}

// As with any connection, who reads and who ends that may be several.
func TestManyRead(t *testing.T) {
	c, other := pair(t)
	var readers sync.WaitGroup
	var mu sync.Mutex
	var got []byte
	for range 4 {
		readers.Go(func() {
			for room := make([]byte, 3); ; {
				n, err := c.Read(room)
				if err != nil {
					return
				}
				mu.Lock()
				got = append(got, room[:n]...)
				mu.Unlock()
			}
		})
	}
	_, _ = other.Write(bytes.Repeat([]byte("x"), 1000))
	_ = other.CloseWrite()
	readers.Wait()
	if !bytes.Equal(got, bytes.Repeat([]byte("x"), 1000)) {
		t.Errorf("%d bytes came", len(got))
	}
}

func TestNotQuiet(t *testing.T) {
	c, other := pair(t)
	_, _ = io.WriteString(other, "early")
	if err := c.raw.Read(func(fd uintptr) bool { return !nothingCame(fd, c.one[:]) }); err != nil || c.Quiet() {
		t.Errorf("quiet, though something came; %v", err)
	}
	if got, err := io.ReadAll(io.LimitReader(c, 5)); string(got) != "early" || err != nil {
		t.Errorf("looking took %q, %v", got, err)
	}
}

// Errors are those of package net: servers and clients tell by them what happened.
func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		op   string
		do   func(c *Conn, other *net.TCPConn) error
		want error
	}{
		"late to read": {"read", func(c *Conn, _ *net.TCPConn) error {
			_ = c.SetReadDeadline(time.Unix(1, 0))
			_, err := c.Read(make([]byte, 1))
			return err
		}, os.ErrDeadlineExceeded},
		"late while it reads": {"read", func(c *Conn, _ *net.TCPConn) error {
			c.Attend = func() { _ = c.SetReadDeadline(time.Unix(1, 0)) }
			_, err := c.Read(make([]byte, 1))
			return err
		}, os.ErrDeadlineExceeded},
		"late to write": {"write", func(c *Conn, _ *net.TCPConn) error {
			_ = c.SetWriteDeadline(time.Unix(1, 0))
			_, err := c.Write(make([]byte, 1))
			return err
		}, os.ErrDeadlineExceeded},
		"late while it writes": {"write", func(c *Conn, _ *net.TCPConn) error {
			much := make([]byte, 64<<20)
			_ = c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
			n, err := c.Write(much)
			if n <= 0 || n >= len(much) {
				return errors.New("it does not say how much went out")
			}
			return err
		}, os.ErrDeadlineExceeded},
		"closed, then read": {"read", func(c *Conn, _ *net.TCPConn) error {
			_ = c.Close()
			_, err := c.Read(make([]byte, 1))
			return err
		}, net.ErrClosed},
		"closed, then written": {"write", func(c *Conn, _ *net.TCPConn) error {
			_ = c.Close()
			_, err := c.Write(make([]byte, 1))
			return err
		}, net.ErrClosed},
		"reset": {"read", func(c *Conn, other *net.TCPConn) error {
			_ = other.SetLinger(0)
			_ = other.Close()
			_, err := c.Read(make([]byte, 1))
			return err
		}, syscall.ECONNRESET},
		"nobody reads": {"write", func(c *Conn, other *net.TCPConn) error {
			_ = other.SetLinger(0)
			_ = other.Close()
			_, _ = c.Read(make([]byte, 1)) // so that the reset is there
			_, err := c.Write(make([]byte, 1))
			return err
		}, syscall.EPIPE},
	} {
		t.Run(name, func(t *testing.T) {
			mine, other := pair(t)
			err := c.do(mine, other)
			var op *net.OpError
			if !errors.Is(err, c.want) || !errors.As(err, &op) || op.Op != c.op || op.Timeout() != errors.Is(c.want, os.ErrDeadlineExceeded) {
				t.Errorf("%#v", err)
			}
		})
	}
}

func TestNoSocket(t *testing.T) {
	one, other := net.Pipe()
	defer other.Close()
	defer one.Close()
	if _, err := New(one); err == nil {
		t.Error("a pipe has no socket")
	}
}
