package framing

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"
)

// A released connection hands out what comes as it is, and only what came behind the request.
func TestRelease(t *testing.T) {
	const raw = "\x81\x85\x00\x00\x00\x00hello\n\n"
	pieces := io.MultiReader(strings.NewReader(simple), strings.NewReader(raw))
	c := &Conn{Conn: memory{Reader: pieces}}
	if head, err := io.ReadAll(io.LimitReader(c, int64(len(simple)))); err != nil || string(head) != simple {
		t.Fatalf("%q, %v", head, err)
	}
	if !c.Release() {
		t.Fatal("not released, though nothing came")
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != raw {
		t.Errorf("handed out %q, %v; want all of it", got, err)
	}
}

func TestNoReleaseOfWhatCameEarly(t *testing.T) {
	for name, early := range map[string]string{
		"another request":       simple,
		"part of a request":     "GET /",
		"a frame":               "\x81\x85\x00\x00\x00\x00hello",
		"a control byte":        "\x00",
		"the body of a request": "",
	} {
		t.Run(name, func(t *testing.T) {
			head := simple
			if early == "" {
				head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"
			}
			// The server reads on while the request is answered, and is interrupted.
			c := &Conn{Conn: memory{Reader: io.MultiReader(strings.NewReader(head+early), iotest.ErrReader(errors.ErrUnsupported))}}
			if got := make([]byte, len(head)); !read(c, got) || string(got) != head {
				t.Fatalf("%q", got)
			}
			_, _ = c.Read(make([]byte, 1))
			if c.Release() {
				t.Fatal("released")
			}
			if got, err := io.ReadAll(c); len(got) > 0 && strings.Contains(string(got), "hello") {
				t.Errorf("handed out %q, %v", got, err)
			}
		})
	}
}

func read(c io.Reader, p []byte) bool {
	_, err := io.ReadFull(c, p)
	return err == nil
}

func TestStopping(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(inner)
	client, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stopping := c.(*Conn).Stopping()
	select {
	case <-stopping:
		t.Fatal("stopping already")
	default:
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	<-stopping
	_ = l.Close() // once more is no harm
}
