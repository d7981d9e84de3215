package hop

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"reflect"
	"testing"
	"testing/iotest"
	"time"

	"github.com/leastkey/leastkey/internal/edge/socket"
)

// memory is a connection on which the other side has said all that it will.
type memory struct {
	net.Conn
	io.Reader
}

func (m memory) Read(p []byte) (int, error)      { return m.Reader.Read(p) }
func (m memory) SetReadDeadline(time.Time) error { return nil }
func (m memory) SetDeadline(time.Time) error     { return nil }
func (m memory) Close() error                    { return nil }

// answered is what a reader makes of bytes: an answer, or none.
type answered struct {
	status int
	header http.Header
	body   string
	rest   int // bytes that are not part of it
}

// ours reads one answer to a GET as a Transport does, with a buffer of some size.
func ours(raw []byte, wrap func(io.Reader) io.Reader, size int) (answered, bool) {
	over := memory{Reader: wrap(bytes.NewReader(raw))}
	c := newConn(&Transport{config: times()}, over, &socket.Conn{Conn: over})
	x := exchange{c: c, ctx: context.Background(), unbind: func() bool { return false }}
	h, err := c.readHead()
	if err != nil {
		return answered{}, false
	}
	x.take(&http.Request{Method: http.MethodGet}, h)
	var body []byte
	for piece := make([]byte, size); ; {
		n, err := x.answer.Body.Read(piece)
		body = append(body, piece[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return answered{}, false
		}
	}
	return answered{h.status, h.header, string(body), c.to - c.from}, true
}

// theirs reads one as net/http does.
func theirs(raw []byte) (answered, bool) {
	in := bufio.NewReaderSize(bytes.NewReader(raw), len(raw)+16)
	answer, err := http.ReadResponse(in, &http.Request{Method: http.MethodGet})
	if err != nil {
		return answered{}, false
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return answered{}, false
	}
	return answered{answer.StatusCode, answer.Header, string(body), in.Buffered()}, true
}

// Whatever passes as an answer is the same answer to net/http, in whatever pieces it comes and is read.
func FuzzAnswer(f *testing.F) {
	for _, raw := range []string{good, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nok\r\n1\r\n!\r\n0\r\nX: y\r\n\r\nrest",
		"HTTP/1.0 302 \r\nA: b\r\na: c\r\n\r\nrest", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nrest", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok"} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		whole := func(r io.Reader) io.Reader { return r }
		got, ok := ours(raw, whole, 64<<10)
		for _, size := range []int{1, 7, 64 << 10} {
			for _, wrap := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.DataErrReader} {
				again, alsoOK := ours(raw, wrap, size)
				if again.rest = got.rest; alsoOK != ok || !reflect.DeepEqual(again, got) {
					t.Fatalf("in pieces %+v, %v; at once %+v, %v", again, alsoOK, got, ok)
				}
			}
		}
		if !ok || got.status < 200 {
			return
		}
		want, ok := theirs(raw)
		if !ok {
			t.Fatalf("net/http takes this for no answer: %+v", got)
		}
		delete(want.header, "Trailer") // which it takes out, too
		delete(got.header, "Trailer")
		if got.status != want.status || !reflect.DeepEqual(got.header, want.header) || got.body != want.body {
			t.Fatalf("%+v; to net/http it is %+v", got, want)
		}
	})
}
