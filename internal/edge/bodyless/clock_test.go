package bodyless

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A connection may wait, and a head may come slowly, for as long as it is said, and no longer.
func TestTimeOuts(t *testing.T) {
	r := run(t, tells)
	answered := func(p *peer, raw string) *http.Response {
		t.Helper()
		p.send(raw)
		answer, _ := p.read("GET")
		if answer.StatusCode != http.StatusOK {
			t.Fatal(answer.StatusCode)
		}
		r.waits()
		return answer
	}
	silent, slow, idle, busy := r.dial(t), r.dial(t), r.dial(t), r.dial(t)
	answered(slow, simple+"GET /")
	answered(idle, simple)
	answered(busy, simple)
	r.connected(t, 4)
	r.pass(forHead)
	r.connected(t, 4)
	answered(idle, simple)
	answered(busy, simple)
	r.pass(1)
	silent.over()
	slow.over()
	r.pass(forNext - 1)
	answered(busy, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n")
	r.pass(1)
	idle.over()
	if date := answered(busy, simple).Header.Get("Date"); date != r.now.Format(http.TimeFormat) {
		t.Errorf("Date %q", date)
	}
}

// waits returns when every connection waits for more: an answer is read before it does.
func (r *running) waits() {
	for all := false; !all; runtime.Gosched() {
		all = true
		r.mu.Lock()
		for c := range r.connections {
			all = all && c.readBy.Load() != 0
		}
		r.mu.Unlock()
	}
}

// connected waits for as many connections.
func (r *running) connected(t *testing.T, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		r.mu.Lock()
		now := len(r.connections)
		r.mu.Unlock()
		switch {
		case now == n:
			return
		case time.Now().After(end):
			t.Fatalf("%d connections; want %d", now, n)
		}
	}
}

// Whoever reads no answer holds nothing for long.
func TestAnswerNobodyReads(t *testing.T) {
	r := run(t, func(_ *Request, a *Answer) {
		a.Take(func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write(bytes.Repeat([]byte("x"), 16<<20))
		})
	})
	p := r.dial(t)
	p.send(simple)
	for writing := false; !writing; runtime.Gosched() {
		r.mu.Lock()
		for c := range r.connections {
			writing = c.writeBy.Load() != 0
		}
		r.mu.Unlock()
	}
	r.pass(forAnswer)
	r.connected(t, 1)
	r.pass(1)
	r.connected(t, 0)
}

// Whoever was refused is waited for, a moment.
func TestGoodbye(t *testing.T) {
	r := run(t, tells)
	p := r.dial(t)
	p.send("\n")
	if answer, _ := p.read("GET"); answer.StatusCode != http.StatusBadRequest {
		t.Error(answer.StatusCode)
	}
	p.over()
	r.connected(t, 1)
	r.pass(forGoodbye)
	r.connected(t, 1)
	r.pass(1)
	r.connected(t, 0)
	p = r.dial(t)
	p.send("\n" + strings.Repeat("x", 2*most))
	_, _ = p.read("GET")
	r.connected(t, 0) // however much comes
}

// What is asked gets its answer; who waits is let go.
func TestShutdown(t *testing.T) {
	asked, release := make(chan bool), make(chan bool)
	r := run(t, func(q *Request, a *Answer) {
		if q.Target == "/slow" {
			asked <- true
			<-release
		}
		tells(q, a)
	})
	idle, partial, slow := r.dial(t), r.dial(t), r.dial(t)
	idle.send(simple)
	_, _ = idle.read("GET")
	partial.send("GET /")
	slow.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	<-asked
	r.connected(t, 3)
	short, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Shutdown(short) }()
	idle.over()
	partial.over()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", r.addr); err == nil {
		t.Error("the listener is open")
	}
	go func() { ended <- r.Shutdown(context.Background()) }()
	release <- true
	if answer, _ := slow.read("GET"); answer.StatusCode != http.StatusOK || !answer.Close {
		t.Errorf("%d, closed %v", answer.StatusCode, answer.Close)
	}
	slow.over()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Close ends also whom nobody could let go.
func TestClose(t *testing.T) {
	r := run(t, tells)
	idle, partial := r.dial(t), r.dial(t)
	idle.send(simple)
	_, _ = idle.read("GET")
	partial.send("GET /")
	r.connected(t, 2)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	for _, p := range []*peer{idle, partial} {
		if _, err := p.in.ReadByte(); err == nil || errors.Is(err, io.ErrNoProgress) {
			t.Errorf("the connection goes on: %v", err)
		}
	}
}

// As many connections are served as there are slots. Others wait.
func TestSlots(t *testing.T) {
	s, err := New(Config{Answer: tells, Start: time.Unix(1, 0), Tick: make(chan time.Time), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.slots = make(chan struct{}, 2)
	var r running
	r.serve(t, s)
	one, two, three := r.dial(t), r.dial(t), r.dial(t)
	for _, p := range []*peer{one, two, three} {
		p.send(simple)
	}
	_, _ = one.read("GET")
	_, _ = two.read("GET")
	r.connected(t, 2)
	_ = one.Close()
	if answer, _ := three.read("GET"); answer.StatusCode != http.StatusOK {
		t.Error(answer.StatusCode)
	}
}

// A process that has too many files open accepts again when it has fewer.
func TestAcceptAgain(t *testing.T) {
	failing := &failing{failed: make(chan bool, 1)}
	r := run(t, tells, func(l net.Listener) net.Listener { failing.Listener = l; return failing })
	p := r.dial(t)
	p.send(simple)
	<-failing.failed
	r.pass(1)
	if answer, _ := p.read("GET"); answer.StatusCode != http.StatusOK {
		t.Error(answer.StatusCode)
	}
}

// failing is a listener that fails once, in passing.
type failing struct {
	net.Listener
	failed chan bool
	times  int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.times++; f.times == 1 {
		f.failed <- true
		return nil, tooManyFiles{}
	}
	return f.Listener.Accept()
}

type tooManyFiles struct{}

func (tooManyFiles) Error() string   { return "too many open files" }
func (tooManyFiles) Timeout() bool   { return false }
func (tooManyFiles) Temporary() bool { return true }
