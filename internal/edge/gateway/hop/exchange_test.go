package hop

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What goes out is what was asked for, and nothing else.
func TestRequests(t *testing.T) {
	got := make(chan string, 1)
	s := start(t, times(), func(c net.Conn) {
		for {
			request := readRequest(c)
			if request == "" {
				return
			}
			got <- request
			_, _ = io.WriteString(c, good)
		}
	})
	host := strings.TrimPrefix(s.url, "http://")
	for name, c := range map[string]struct {
		method, body string
		spoil        func(r *http.Request)
		want         string
	}{
		"GET":             {"GET", "", nil, "GET /a?b=c HTTP/1.1\r\nHost: {host}\r\n\r\n"},
		"POST of nothing": {"POST", "", nil, "POST /a?b=c HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"},
		"DELETE":          {"DELETE", "", nil, "DELETE /a?b=c HTTP/1.1\r\nHost: {host}\r\n\r\n"},
		"body":            {"PUT", "body", nil, "PUT /a?b=c HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\nbody"},
		"opaque":          {"GET", "", func(r *http.Request) { r.URL.Opaque = "/x%2F/../y" }, "GET /x%2F/../y?b=c HTTP/1.1\r\nHost: {host}\r\n\r\n"},
		"another host":    {"GET", "", func(r *http.Request) { r.Host = "api.example" }, "GET /a?b=c HTTP/1.1\r\nHost: api.example\r\n\r\n"},
		"header":          {"GET", "", func(r *http.Request) { r.Header["X-A"] = []string{"1", "2"} }, "GET /a?b=c HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\nX-A: 2\r\n\r\n"},
		"no user agent":   {"GET", "", func(r *http.Request) { r.Header["User-Agent"] = []string{""} }, "GET /a?b=c HTTP/1.1\r\nHost: {host}\r\n\r\n"},
		"framing of its own": {"POST", "body", func(r *http.Request) {
			r.Header["Content-Length"], r.Header["Transfer-Encoding"] = []string{"9"}, []string{"chunked"}
			r.Header["Host"], r.Header["Trailer"] = []string{"evil"}, []string{"X"}
		}, "POST /a?b=c HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\nbody"},
	} {
		r := s.request(t, c.method, c.body)
		if c.spoil != nil {
			c.spoil(r)
		}
		if _, body, err := s.ask(r); err != nil || body != "ok" {
			t.Fatalf("%s: %q, %v", name, body, err)
		}
		if sent := <-got; sent != strings.ReplaceAll(c.want, "{host}", host) {
			t.Errorf("%s: sent %q", name, sent)
		}
	}
}

// Nothing that would be another request, or another header, goes out.
func TestRequestsThatAreNotSent(t *testing.T) {
	s := start(t, times(), says(good))
	for name, spoil := range map[string]func(r *http.Request){
		"method":              func(r *http.Request) { r.Method = "GET / HTTP/1.1\r\nA: b\r\n\r\nGET" },
		"no method":           func(r *http.Request) { r.Method = "" },
		"path":                func(r *http.Request) { r.URL.Opaque = "/ HTTP/1.1\r\nA: b\r\n\r\n" },
		"path with a space":   func(r *http.Request) { r.URL.Opaque = "/a b" },
		"path with a byte":    func(r *http.Request) { r.URL.Opaque = "/\xff" },
		"query":               func(r *http.Request) { r.URL.RawQuery = "a b" },
		"query with CR":       func(r *http.Request) { r.URL.RawQuery = "a\r\nA: b" },
		"host":                func(r *http.Request) { r.Host = "a\r\nA: b" },
		"no host":             func(r *http.Request) { r.Host = "" },
		"header name":         func(r *http.Request) { r.Header["A: b\r\nC"] = []string{"d"} },
		"empty header name":   func(r *http.Request) { r.Header[""] = []string{"d"} },
		"header name, space":  func(r *http.Request) { r.Header["A "] = []string{"d"} },
		"header value":        func(r *http.Request) { r.Header["A"] = []string{"b\r\nC: d"} },
		"header value, LF":    func(r *http.Request) { r.Header["A"] = []string{"b\nC: d"} },
		"header value, NUL":   func(r *http.Request) { r.Header["A"] = []string{"\x00"} },
		"length without body": func(r *http.Request) { r.ContentLength = 5 },
	} {
		r := s.request(t, http.MethodGet, "")
		spoil(r)
		if answer, err := s.transport.RoundTrip(r); err == nil {
			answer.Body.Close()
			t.Errorf("%s: answered %d", name, answer.StatusCode)
		}
	}
	if n := s.conns.Load(); n > 0 {
		t.Errorf("%d connections", n)
	}
}

// A connection that the server closed, or on which it said more, is not used again.
func TestStaleConnections(t *testing.T) {
	for name, then := range map[string]func(c net.Conn){
		"closed":        func(c net.Conn) { c.Close() },
		"half closed":   func(c net.Conn) { _ = c.(*net.TCPConn).CloseWrite() },
		"reset":         func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0); c.Close() },
		"said too much": func(c net.Conn) { _, _ = io.WriteString(c, good) },
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{}, 10)
			s := start(t, times(), func(c net.Conn) {
				readRequest(c)
				_, _ = io.WriteString(c, good)
				then(c)
				ended <- struct{}{}
				_, _ = io.Copy(io.Discard, c)
			})
			for range 4 {
				if _, body, err := s.ask(s.request(t, http.MethodPost, "body")); err != nil || body != "ok" {
					t.Fatalf("%q, %v", body, err)
				}
				<-ended
				for late := time.Now().Add(5 * time.Second); ; { // until the news is here
					c := s.transport.idle.last()
					if c == nil {
						break
					}
					quiet := c.quiet()
					s.transport.idle.put(c)
					if !quiet || time.Now().After(late) {
						break
					}
				}
			}
			if n := s.conns.Load(); n != 4 {
				t.Errorf("%d connections; want 4", n)
			}
		})
	}
}

// A server that closes instead of answering on a connection that was kept may have meant to close
// it anyway: what does no harm is sent again, once, and nothing else is.
func TestClosedInsteadOfAnAnswer(t *testing.T) {
	for _, c := range []struct {
		method, body string
		again        bool
	}{{"GET", "", true}, {"HEAD", "", true}, {"OPTIONS", "", true}, {"GET", "body", false}, {"POST", "", false}, {"DELETE", "", false}, {"PUT", "body", false}} {
		var requests atomic.Int64
		s := start(t, times(), func(c net.Conn) {
			for i := range 2 {
				if readRequest(c) == "" {
					return
				}
				if requests.Add(1); i == 0 {
					_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
				}
			}
		})
		if _, _, err := s.ask(s.request(t, http.MethodGet, "")); err != nil {
			t.Fatal(err)
		}
		_, _, err := s.ask(s.request(t, c.method, c.body))
		want := int64(2)
		if c.again {
			want = 3
		}
		if (err == nil) != c.again || requests.Load() != want {
			t.Errorf("%s %s: %v after %d requests; want %d", c.method, c.body, err, requests.Load(), want)
		}
		// On a fresh connection nothing is sent twice.
		s.transport.CloseIdleConnections()
	}
	var requests atomic.Int64
	s := start(t, times(), func(c net.Conn) {
		readRequest(c)
		requests.Add(1)
	})
	if _, _, err := s.ask(s.request(t, http.MethodGet, "")); err == nil || requests.Load() != 1 {
		t.Errorf("%v after %d requests; want an error after one", err, requests.Load())
	}
}

func TestTimes(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	waits := func(raw string) func(net.Conn) {
		return func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, raw)
			<-release
		}
	}
	short := times()
	short.Answer, short.Idle = 50*time.Millisecond, 50*time.Millisecond
	for name, raw := range map[string]string{
		"no answer":        "",
		"half a head":      "HTTP/1.1 200 OK\r\nA: b",
		"no body":          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
		"half a body":      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
		"half a chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\no",
		"half a size":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n2",
		"no end that ends": "HTTP/1.1 200 OK\r\n\r\nok",
	} {
		s := start(t, short, waits(raw))
		if _, _, err := s.ask(s.request(t, http.MethodGet, "")); !isTimeout(err) {
			t.Errorf("%s: %v; want a time-out", name, err)
		}
	}
}

// Whoever ends the context of a request ends what waits for its answer, and the server is told.
func TestContextEndsARequest(t *testing.T) {
	for name, raw := range map[string]string{
		"before the answer": "", "in the head": "HTTP/1.1 200 OK\r\n", "in the body": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no",
	} {
		asked, gone := make(chan struct{}), make(chan error, 1)
		s := start(t, times(), func(c net.Conn) {
			readRequest(c)
			_, _ = io.WriteString(c, raw)
			close(asked)
			_, err := c.Read(make([]byte, 1))
			gone <- err
		})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-asked; cancel() }()
		if _, _, err := s.ask(s.request(t, http.MethodGet, "").WithContext(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		if err := <-gone; err == nil {
			t.Errorf("%s: the server was not told", name)
		}
		cancel()
	}
	s := start(t, times(), says(good))
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := s.ask(s.request(t, http.MethodGet, "").WithContext(ended)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before: %v", err)
	}
	s.get(t, "ok")
	if _, _, err := s.ask(s.request(t, http.MethodGet, "").WithContext(ended)); !errors.Is(err, context.Canceled) {
		t.Errorf("ended before, with a connection that was kept: %v", err)
	}
	s.get(t, "ok")
}

func TestManyAtOnce(t *testing.T) {
	s := start(t, times(), says(good))
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			for range 20 {
				if _, body, err := s.ask(s.request(t, http.MethodGet, "")); err != nil || body != "ok" {
					t.Error(body, err)
				}
			}
		})
	}
	all.Wait()
	if n := len(s.transport.idle.conns); n > maxIdleConns || n == 0 {
		t.Errorf("%d connections were kept", n)
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	s := start(t, times(), says(good))
	s.get(t, "ok")
	c := s.transport.idle.last()
	s.transport.idle.put(c)
	c.idleSince = c.idleSince.Add(-idleTime)
	s.transport.idle.sweep()
	if s.transport.idle.last() != nil || s.transport.idle.timer != nil {
		t.Error("an old connection was kept")
	}
	s.get(t, "ok")
	c = s.transport.idle.last()
	s.transport.idle.put(c)
	c.idleSince = c.idleSince.Add(-idleTime)
	s.get(t, "ok")
	if n := s.conns.Load(); n != 3 {
		t.Errorf("%d connections; want 3: an old one was used", n)
	}
}

func TestTLS(t *testing.T) {
	behind := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, io.MultiReader(strings.NewReader(r.Proto+" "+r.RemoteAddr+" "), r.Body))
	}))
	defer behind.Close()
	at, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	c := times()
	c.URL = at
	if strange, err := New(c); err != nil {
		t.Fatal(err)
	} else if _, err := strange.RoundTrip(httptest.NewRequest(http.MethodGet, "/", nil)); err == nil {
		t.Error("a certificate of nobody was good enough")
	}
	c.TLS = behind.Client().Transport.(*http.Transport).TLSClientConfig
	transport, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	s := &server{transport: transport, url: behind.URL}
	seen := map[string]bool{}
	for range 5 {
		answer, body, err := s.ask(s.request(t, http.MethodPost, "hello"))
		if err != nil || answer.StatusCode != http.StatusOK || !strings.HasPrefix(body, "HTTP/1.1 ") || !strings.HasSuffix(body, " hello") {
			t.Fatalf("%v %q, %v", answer, body, err)
		}
		seen[body] = true
	}
	if len(seen) != 1 {
		t.Errorf("connections are not kept: %v", seen)
	}
	behind.CloseClientConnections()
	if _, body, err := s.ask(s.request(t, http.MethodPost, "hello")); err != nil {
		t.Errorf("after the server closed: %q, %v", body, err)
	}
}

// Over TLS, what was said beyond an answer may be read ahead where the socket does not show it.
func TestTLSThatSaysMore(t *testing.T) {
	certificate := httptest.NewUnstartedServer(nil)
	certificate.StartTLS()
	defer certificate.Close()
	trust := certificate.Client().Transport.(*http.Transport).TLSClientConfig
	l, err := tls.Listen("tcp", "127.0.0.1:0", certificate.TLS)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var conns atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Add(1)
			go func() {
				defer c.Close()
				for readRequest(c) != "" {
					_, _ = io.WriteString(c, good)
					_, _ = io.WriteString(c, good) // in a record of its own
				}
			}()
		}
	}()
	c := times()
	c.URL, c.TLS = &url.URL{Scheme: "https", Host: l.Addr().String()}, trust
	transport, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	s := &server{transport: transport, url: c.URL.String()}
	for range 4 {
		s.get(t, "ok")
		for late := time.Now().Add(5 * time.Second); ; {
			c := transport.idle.last()
			quiet := c.quiet()
			transport.idle.put(c)
			if !quiet || time.Now().After(late) {
				break
			}
		}
	}
	if n := conns.Load(); n != 4 {
		t.Errorf("%d connections; want 4", n)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	good := times()
	good.URL = &url.URL{Scheme: "http", Host: "a"}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(c *Config){
		"no URL":         func(c *Config) { c.URL = nil },
		"another scheme": func(c *Config) { c.URL = &url.URL{Scheme: "ftp", Host: "a"} },
		"no host":        func(c *Config) { c.URL = &url.URL{Scheme: "http"} },
		"no time":        func(c *Config) { c.Answer = 0 },
	} {
		c := good
		spoil(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
