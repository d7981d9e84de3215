package hop

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
)

// echo is a server that says back what it is told, as it is told it.
func echo(t *testing.T) *server {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusOK)
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(func() { behind.Close(); nothingRuns(t) })
	c := times()
	var err error
	if c.URL, err = url.Parse(behind.URL); err != nil {
		t.Fatal(err)
	}
	s := &server{url: behind.URL}
	if s.transport, err = New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.transport.CloseIdleConnections)
	return s
}

func TestBodies(t *testing.T) {
	s := echo(t)
	for _, size := range []int{1, 100, aheadMost, aheadMost + 1, pieceSize - 1, pieceSize, pieceSize + 1, 8 << 20} {
		for _, known := range []bool{true, false} {
			body := bytes.Repeat([]byte("x"), size)
			r := s.request(t, http.MethodPost, "x")
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), -1
			if known {
				r.ContentLength = int64(size)
			}
			if _, got, err := s.ask(r); err != nil || got != string(body) {
				t.Fatalf("%d bytes, known %t: %d bytes came back, %v", size, known, len(got), err)
			}
		}
	}
	if n := len(s.transport.idle.conns); n != 1 {
		t.Errorf("%d connections were kept; want the same one for all", n)
	}
}

// What is known to be too short, or breaks, does not reach the server as though it were whole.
func TestBodiesThatBreak(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		body   io.Reader
		length int64
		want   error
	}{
		"short and too short": {strings.NewReader("abc"), 4, io.ErrUnexpectedEOF},
		"short and broken":    {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), 4, broken},
		"long and too short":  {strings.NewReader(strings.Repeat("a", 1<<20)), 1<<20 + 1, io.ErrUnexpectedEOF},
		"long and broken":     {io.MultiReader(strings.NewReader(strings.Repeat("a", 1<<20)), iotest.ErrReader(broken)), 1 << 21, broken},
		"unknown and broken":  {io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken)), -1, broken},
	} {
		t.Run(name, func(t *testing.T) {
			heard := make(chan string, 1)
			s := start(t, times(), func(c net.Conn) {
				all, _ := io.ReadAll(c)
				heard <- string(all)
			})
			r := s.request(t, http.MethodPost, "x")
			closed := &closing{Reader: c.body}
			r.Body, r.ContentLength = closed, c.length
			if _, _, err := s.ask(r); !errors.Is(err, c.want) {
				t.Errorf("%v; want %v", err, c.want)
			}
			if got := <-heard; strings.HasSuffix(got, "0\r\n\r\n") || strings.Count(got, "a") >= 1<<21 {
				t.Errorf("the server heard a whole request of %d bytes", len(got))
			}
			if !closed.closed {
				t.Error("the body was not closed")
			}
		})
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// stalling is a body of which something comes, and then nothing until it is closed.
type stalling struct {
	first  io.Reader
	once   sync.Once
	closed chan struct{}
}

func newStalling(size int) *stalling {
	return &stalling{first: strings.NewReader(strings.Repeat("a", size)), closed: make(chan struct{})}
}

func (s *stalling) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); err == nil {
		return n, nil
	}
	<-s.closed
	return 0, errors.New("closed")
}

func (s *stalling) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

// A server may answer before it has read the request: the answer is passed on, what is left is not
// sent, and the connection is not used again.
func TestEarlyAnswers(t *testing.T) {
	for name, answers := range map[string]string{
		"and goes on": good, "and is about to close": "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
	} {
		for what, body := range map[string]func() io.ReadCloser{
			"a body that stalls":    func() io.ReadCloser { return newStalling(100 << 10) },
			"a body without an end": func() io.ReadCloser { return io.NopCloser(endless{}) },
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				s := start(t, times(), func(c net.Conn) {
					readRequest(c)
					_, _ = io.WriteString(c, answers)
					_, _ = io.Copy(io.Discard, c)
				})
				for range 2 {
					r := s.request(t, http.MethodPost, "x")
					r.Body, r.ContentLength = body(), -1
					answer, got, err := s.ask(r)
					if err != nil || got != "ok" {
						t.Errorf("%v %q, %v", answer, got, err)
					}
				}
				if n := s.conns.Load(); n != 2 {
					t.Errorf("%d connections; want 2", n)
				}
			})
		}
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A server that takes nothing more, or no longer answers, ends the request even when the body has not.
func TestServerThatLeavesABody(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	short := times()
	short.Answer = 50 * time.Millisecond
	for name, c := range map[string]struct {
		serve func(net.Conn)
		body  func() io.ReadCloser
	}{
		"takes nothing": {func(net.Conn) { <-release }, func() io.ReadCloser { return io.NopCloser(endless{}) }},
		"closes":        {func(c net.Conn) { readRequest(c) }, func() io.ReadCloser { return newStalling(100) }},
		"says nothing": {func(c net.Conn) { go func() { _, _ = io.Copy(io.Discard, c) }(); <-release }, func() io.ReadCloser {
			return io.NopCloser(strings.NewReader(strings.Repeat("a", 1<<20)))
		}},
	} {
		s := start(t, short, c.serve)
		r := s.request(t, http.MethodPost, "x")
		r.Body, r.ContentLength = c.body(), -1
		if answer, _, err := s.ask(r); err == nil {
			t.Errorf("%s: %v", name, answer)
		}
	}
}

// Whoever reads an answer hears when it has to be waited for, and not otherwise.
func TestBeforeWait(t *testing.T) {
	said := make(chan string)
	s := start(t, times(), func(c net.Conn) {
		readRequest(c)
		for piece := range said {
			_, _ = io.WriteString(c, piece)
		}
	})
	go func() { said <- "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n" }()
	answer, err := s.transport.RoundTrip(s.request(t, http.MethodGet, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	next := []string{"1\r\nb\r\n", "0\r\n\r\n"}
	waits := 0
	answer.Body.(interface{ BeforeWait(func()) }).BeforeWait(func() {
		waits++
		if len(next) > 0 {
			piece := next[0]
			next = next[1:]
			go func() { said <- piece }()
		} else {
			t.Error("waited too often")
		}
	})
	got, err := io.ReadAll(answer.Body)
	close(said)
	if err != nil || string(got) != "ab" || waits != 2 {
		t.Errorf("%q, %v after waiting %d times", got, err, waits)
	}
}

// unending is a body that gives one piece, and then waits until it is closed.
type unending struct {
	begun         bool
	once          sync.Once
	closed, ended chan struct{}
}

func (b *unending) Read(p []byte) (int, error) {
	if !b.begun {
		b.begun = true
		return len(p), nil
	}
	<-b.closed
	close(b.ended)
	return 0, io.ErrClosedPipe
}

func (b *unending) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

// A body that is still sent when the server changes the protocol has ended when the answer is closed.
func TestSwitchEndsTheRequest(t *testing.T) {
	s := start(t, times(), func(c net.Conn) {
		_, _ = c.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")
		_, _ = io.Copy(io.Discard, c)
	})
	body := &unending{closed: make(chan struct{}), ended: make(chan struct{})}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/x", body)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = 1 << 20
	answer, err := s.transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	select {
	case <-body.ended:
	default:
		t.Error("the body of the request is still read")
	}
}
