package bodyless

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is a server under test, and its clock.
type running struct {
	*Server
	addr string
	tick chan time.Time
	now  time.Time
	log  *strings.Builder
}

// run serves answers until the end of the test.
func run(t *testing.T, answer func(*Request, *Answer), wrap ...func(net.Listener) net.Listener) *running {
	t.Helper()
	r := &running{tick: make(chan time.Time), now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), log: &strings.Builder{}}
	s, err := New(Config{Answer: answer, Start: r.now, Tick: r.tick, Log: slog.New(slog.NewTextHandler(r.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	r.serve(t, s, wrap...)
	return r
}

func (r *running) serve(t *testing.T, s *Server, wrap ...func(net.Listener) net.Listener) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.Server, r.addr = s, l.Addr().String()
	for _, w := range wrap {
		l = w(l)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
}

// pass lets seconds pass. It returns when what was to end by then has been ended.
func (r *running) pass(seconds int) {
	r.now = r.now.Add(time.Duration(seconds) * time.Second)
	r.tick <- r.now
	r.tick <- r.now // it is taken when the sweep before is over
}

// peer is a client on one connection.
type peer struct {
	net.Conn
	in *bufio.Reader
	t  *testing.T
}

func (r *running) dial(t *testing.T) *peer {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &peer{c, bufio.NewReader(c), t}
}

func (p *peer) send(raw string) {
	p.t.Helper()
	if _, err := io.WriteString(p, raw); err != nil {
		p.t.Fatal(err)
	}
}

// read reads one answer, and its body.
func (p *peer) read(method string) (*http.Response, string) {
	p.t.Helper()
	answer, err := http.ReadResponse(p.in, &http.Request{Method: method})
	if err != nil {
		p.t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer, string(body)
}

// over says whether the server ended the connection, with nothing more to read.
func (p *peer) over() {
	p.t.Helper()
	if rest, err := io.ReadAll(p.in); err != nil || len(rest) > 0 {
		p.t.Fatalf("the connection has %q, %v; want its end", rest, err)
	}
}

// tells answers with what was read.
func tells(q *Request, a *Answer) {
	a.Take(func(w http.ResponseWriter) {
		w.WriteHeader(http.StatusOK)
		fmt.Fprintf(w, "%s %s %q", q.Method, q.Target, q.Header)
	})
}

const simple = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n"

func TestAnswers(t *testing.T) {
	r := run(t, func(q *Request, a *Answer) {
		if q.Target == "/204" {
			a.Status = http.StatusNoContent
			a.Set("X-A", "b\r\nX-C: d\x00")
			return
		}
		a.Last = q.Target == "/last"
		if q.Target != "/nothing" {
			tells(q, a)
		}
	})
	p := r.dial(t)
	for _, c := range []struct{ raw, method, want string }{
		{simple, "GET", `200 close false "GET /a map[]"`},
		{"GET /b HTTP/1.1\r\nHost: a\r\naccept: x\r\nX-A:  b \r\nx-a: c\r\nX-B:\r\n\r\n", "GET", `200 close false "GET /b map[\"Accept\":[\"x\"] \"X-A\":[\"b\" \"c\"] \"X-B\":[\"\"]]"`},
		{"HEAD /c HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD", `200 close false ""`},
		{"GET /204 HTTP/1.1\r\nHost: a\r\n\r\n", "GET", `204 close false ""`},
		{"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n", "GET", `500 close false ""`},
		{"POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST", `200 close false "POST /e map[\"Content-Length\":[\"0\"]]"`},
		{"GET /f HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", "GET", `200 close false "GET /f map[\"Expect\":[\"100-continue\"]]"`},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", `200 close false "OPTIONS * map[]"`},
		{"GET /g HTTP/1.1\r\nHost: a\r\nConnection: te, CLOSE\r\n\r\n", "GET", `200 close true "GET /g map[\"Connection\":[\"te, CLOSE\"]]"`},
	} {
		p.send(c.raw)
		answer, body := p.read(c.method)
		if got := fmt.Sprintf("%d close %v %q", answer.StatusCode, answer.Close, body); got != c.want {
			t.Errorf("%q: %s; want %s", c.raw, got, c.want)
		}
		if date := answer.Header.Get("Date"); date != "Fri, 02 Jan 2026 03:04:05 GMT" {
			t.Errorf("Date %q", date)
		}
		if answer.StatusCode == http.StatusNoContent && (answer.Header.Get("X-A") != "b  X-C: d" || answer.ContentLength != 0 || answer.Header["Content-Length"] != nil) {
			t.Errorf("%v", answer.Header)
		}
	}
	p.over()

	p = r.dial(t)
	p.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n" + simple)
	if answer, _ := p.read("GET"); answer.StatusCode != http.StatusOK || !answer.Close {
		t.Errorf("the last: %d, closed %v", answer.StatusCode, answer.Close)
	}
	p.over()

	p = r.dial(t)
	p.send("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n" + simple)
	if answer, _ := p.read("GET"); answer.StatusCode != http.StatusOK || !answer.Close {
		t.Errorf("HTTP/1.0: %d, closed %v", answer.StatusCode, answer.Close)
	}
	p.over()
}

// What is no request with one reading, or has a body, is refused behind the answers to what came before,
// and what follows is never read.
func TestRefuses(t *testing.T) {
	asked := make(chan string, 100)
	r := run(t, func(q *Request, a *Answer) {
		asked <- q.Target
		tells(q, a)
	})
	for raw, want := range map[string]int{
		"GET /x HTTP/1.1\nHost: a\n\n":                                                                        400,
		"GET /x HTTP/1.1\r\nHost: a\n\r\n":                                                                    400,
		"GET /x HTTP/1.1\r\nHost: a\r\n\n":                                                                    400,
		"GET /x HTTP/1.1\rHost: a\r\n\r\n":                                                                    400,
		"\r\n" + simple:                                                                                       400,
		"GET /x HTTP/1.1\r\n\r\n":                                                                             400,
		"GET /x\r\n\r\n":                                                                                      400,
		"GET /x  HTTP/1.1\r\nHost: a\r\n\r\n":                                                                 400,
		"get /x HTTP/1.1\r\nHost: a\r\n\r\n":                                                                  400,
		"GET x HTTP/1.1\r\nHost: a\r\n\r\n":                                                                   400,
		"GET /%x HTTP/1.1\r\nHost: a\r\n\r\n":                                                                 400,
		"GET /x HTTP/2.0\r\nHost: a\r\n\r\n":                                                                  505,
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n":                                                                    505,
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc":                                                                400,
		"GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n":                                                          400,
		"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n":                                                             400,
		"GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n":                                                       400,
		"GET /x HTTP/1.1\r\nHost: a b\r\n\r\n":                                                                400,
		"GET /x HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n":                                                         400,
		"GET /x HTTP/1.1\r\nHost: a\r\n\tX: b\r\n\r\n":                                                        400,
		"GET /x HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n":                                                    400,
		"GET /x HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n":                                                       400,
		"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx":                                            400,
		"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 00\r\n\r\n":                                            400,
		"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n":                        400,
		"GET /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":                           400,
		"GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":      400,
		"GET /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n":                                       501,
		"GET /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n":                           501,
		"GET /x HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n":                                                     417,
		"GET /x HTTP/1.1\r\nHost: a\r\nTrailer: x\r\n\r\n":                                                    400,
		"GET /x HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 32<<10) + "\r\n\r\n":                        431,
		"GET /x HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("A:\r\n", maxFields) + "\r\n":                       431,
		"GET /" + strings.Repeat("x", 40<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n":                                431,
		"HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n" + "GET / HTTP/1.1\r\nHost: forged\r\n\r\n": 400,
	} {
		p := r.dial(t)
		_, _ = io.WriteString(p, "HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n"+simple+raw+simple+strings.Repeat(simple, 1000)) // the refusal may come before all is written
		first, _ := p.read("HEAD")
		second, _ := p.read("GET")
		third, body := p.read("GET")
		if first.StatusCode != 200 || second.StatusCode != 200 || third.StatusCode != want || !third.Close || !strings.Contains(body, `"errors":[{"code":`) || third.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%.60q: %d, %d, %d %s; want %d", raw, first.StatusCode, second.StatusCode, third.StatusCode, body, want)
		}
		p.over()
		if one, two := <-asked, <-asked; one != "/1" || two != "/a" || len(asked) > 0 {
			t.Errorf("%.60q: asked %s, %s and %d more", raw, one, two, len(asked))
		}
	}
	p := r.dial(t)
	p.send("GET /x HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("A:\r\n", maxFields-1) + "\r\n" + simple)
	for range 2 {
		if answer, _ := p.read("GET"); answer.StatusCode != http.StatusOK {
			t.Errorf("as many fields as may be: %d", answer.StatusCode)
		}
	}
}

// A fault of ours ends one connection, unanswered.
func TestPanic(t *testing.T) {
	r := run(t, func(q *Request, a *Answer) {
		if q.Target == "/a" {
			panic("broken")
		}
		tells(q, a)
	})
	p, other := r.dial(t), r.dial(t)
	p.send(simple)
	p.over()
	other.send("GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
	if answer, _ := other.read("GET"); answer.StatusCode != http.StatusOK {
		t.Error(answer.StatusCode)
	}
	_ = r.Close()
	if !strings.Contains(r.log.String(), "fault=broken") {
		t.Error(r.log.String())
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("a server of nothing is taken")
	}
}

// Nobody is accepted after the end, and a server that never began can be ended.
func TestEndedBeforeItBegan(t *testing.T) {
	s, err := New(Config{Answer: tells, Start: time.Unix(1, 0), Tick: make(chan time.Time), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is open")
	}
}
