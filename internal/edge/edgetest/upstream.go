package edgetest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Upstream writes down the bytes of every request it gets, and answers each with 200. It stands on
// the socket itself: an HTTP server would tidy up what smuggling leaves behind.
type Upstream struct {
	URL *url.URL

	mu       sync.Mutex
	requests []Request
	broken   []string // what was no request
}

// Request is one request as it came.
type Request struct {
	Head []byte // with the line ends
	Body []byte // without its chunks
}

// Line is the request line.
func (r Request) Line() string {
	line, _, _ := strings.Cut(string(r.Head), "\r\n")
	return line
}

// Values are the values of a header, by its exact name in any case.
func (r Request) Values(name string) []string {
	var values []string
	for line := range strings.SplitSeq(string(r.Head), "\r\n") {
		if key, value, found := strings.Cut(line, ":"); found && strings.EqualFold(key, name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// StartUpstream listens on loopback until the test ends.
func StartUpstream(t testing.TB) *Upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &Upstream{URL: &url.URL{Scheme: "http", Host: l.Addr().String()}}
	var open sync.Map
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open.Store(c, true)
			running.Go(func() {
				defer open.Delete(c)
				defer c.Close()
				u.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		open.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		running.Wait()
	})
	return u
}

// Take gives what came since the last time.
func (u *Upstream) Take() (requests []Request, broken []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	requests, broken = u.requests, u.broken
	u.requests, u.broken = nil, nil
	return requests, broken
}

func (u *Upstream) serve(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := readRequest(in)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			u.note(func() { u.broken = append(u.broken, err.Error()) })
			return
		}
		u.note(func() { u.requests = append(u.requests, r) })
		const body = `{"result":null,"success":true,"errors":[],"messages":[]}`
		if _, err := fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
			return
		}
	}
}

func (u *Upstream) note(what func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	what()
}

// readRequest reads one request as strictly as can be. Between requests the end is io.EOF, and so
// it is within one: whoever breaks off has sent no request.
func readRequest(in *bufio.Reader) (Request, error) {
	var r Request
	for !bytes.HasSuffix(r.Head, []byte("\r\n\r\n")) {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return r, io.EOF
		}
		if !bytes.HasSuffix(line, []byte("\r\n")) || bytes.Count(line, []byte("\r")) != 1 {
			return r, fmt.Errorf("line with a bare CR or LF: %q", line)
		}
		r.Head = append(r.Head, line...)
	}
	lengths, encodings := r.Values("Content-Length"), r.Values("Transfer-Encoding")
	switch {
	case len(lengths)+len(encodings) > 1:
		return r, fmt.Errorf("two lengths: %q", r.Head)
	case len(lengths) == 1:
		n, err := strconv.Atoi(lengths[0])
		if err != nil {
			return r, fmt.Errorf("length %q", lengths[0])
		}
		r.Body = make([]byte, n)
		if _, err := io.ReadFull(in, r.Body); err != nil {
			return r, io.EOF
		}
	case slices.Equal(encodings, []string{"chunked"}):
		return r, r.readChunks(in)
	case len(encodings) > 0:
		return r, fmt.Errorf("transfer encoding %q", encodings)
	}
	return r, nil
}

func (r *Request) readChunks(in *bufio.Reader) error {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return io.EOF
		}
		size, err := strconv.ParseUint(strings.TrimSuffix(line, "\r\n"), 16, 31)
		if err != nil {
			return fmt.Errorf("size of a chunk: %q", line)
		}
		chunk := make([]byte, size+2)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return io.EOF
		}
		if !bytes.HasSuffix(chunk, []byte("\r\n")) {
			return fmt.Errorf("end of a chunk: %q", chunk)
		}
		if size == 0 {
			return nil
		}
		r.Body = append(r.Body, chunk[:size]...)
	}
}
