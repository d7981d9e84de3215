package hop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// nothingRuns waits until nothing of the package runs any more but the test itself.
func nothingRuns(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 8<<20)
	for late := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		all := string(stacks[:runtime.Stack(stacks, true)])
		if !strings.Contains(all, "hop.(*") {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("something runs on:\n%s", all)
		}
	}
}

// server serves each of its connections by hand.
type server struct {
	transport *Transport
	url       string
	conns     atomic.Int64 // so far
}

// times are what most tests give a server: enough.
func times() Config {
	return Config{Connect: 10 * time.Second, Answer: 10 * time.Second, Idle: 10 * time.Second}
}

// start listens until the test ends. It knows by then that every connection was closed.
func start(t *testing.T, c Config, serve func(c net.Conn)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + l.Addr().String()}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.conns.Add(1)
			running.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(20 * time.Second))
				serve(c)
			})
		}
	})
	c.URL, err = url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	if s.transport, err = New(c); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		l.Close()
		running.Wait()
		nothingRuns(t)
	})
	return s
}

// says answers every request on a connection with the same bytes.
func says(raw string) func(net.Conn) {
	return func(c net.Conn) {
		for readRequest(c) != "" {
			_, _ = io.WriteString(c, raw)
		}
	}
}

// readRequest reads a head, and the body that its Content-Length says.
func readRequest(c io.Reader) string {
	var head []byte
	for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, one[0]) {
		if _, err := io.ReadFull(c, one); err != nil {
			return ""
		}
	}
	n := 0
	if _, rest, found := strings.Cut(string(head), "Content-Length: "); found {
		_, _ = fmt.Sscan(rest, &n)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(c, body); err != nil {
		return ""
	}
	return string(head) + string(body)
}

func (s *server) request(t *testing.T, method, body string) *http.Request {
	t.Helper()
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+"/a?b=c", from)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// ask makes a request, and reads its answer to the end.
func (s *server) ask(r *http.Request) (*http.Response, string, error) {
	answer, err := s.transport.RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	return answer, string(data), err
}

// get is ask for a GET that must work.
func (s *server) get(t *testing.T, want string) {
	t.Helper()
	answer, body, err := s.ask(s.request(t, http.MethodGet, ""))
	if err != nil || body != want {
		t.Fatalf("%v %q, %v; want %q", answer, body, err, want)
	}
}

// isTimeout reports whether something took too long.
func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}
