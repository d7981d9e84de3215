package gateway

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// dripping is an API whose answer comes a line at a time, when the test says so.
type dripping struct {
	*listing
	lines chan string // what is to come next; closed for the end
	gone  chan error  // why the API's own answer ended
}

// serverTime is what the server of these tests gives an answer that is whole.
const serverTime = 200 * time.Millisecond

func newDripping(t *testing.T, timeouts Timeouts) *dripping {
	t.Helper()
	d := &dripping{listing: &listing{World: edgetest.NewWorld(t)}, lines: make(chan string), gone: make(chan error, 1)}
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			select {
			case line, more := <-d.lines:
				if !more {
					d.gone <- nil
					return
				}
				if _, err := io.WriteString(w, line); err == nil {
					_ = http.NewResponseController(w).Flush()
				}
			case <-r.Context().Done():
				d.gone <- r.Context().Err()
				return
			}
		}
	}))
	t.Cleanup(upstream.Close)
	at, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := newGateway(t, Config{Guard: d.Guard, Upstreams: []Upstream{{URL: at, Timeouts: timeouts}}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(g, slog.New(slog.DiscardHandler))
	server.ReadTimeout, server.WriteTimeout = serverTime, serverTime
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(Listen(l)) }()
	t.Cleanup(func() {
		_ = server.Close() // what is open on purpose is cut
		<-ended
	})
	d.addr = l.Addr().String()
	return d
}

// open asks for the answer.
func (d *dripping) open(t *testing.T) *bufio.Reader {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+d.addr+d.Fill("/client/v4/zones/{zone}/dns_records/export"), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", d.Fill("Bearer {token}"))
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	go func() { d.lines <- "first\n" }() // an answer begins with its first line
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("answered %d", answer.StatusCode)
	}
	return bufio.NewReader(answer.Body)
}

// Each piece of an answer goes on when it comes, longer than the server's own time for an answer.
func TestAnswersStream(t *testing.T) {
	d := newDripping(t, Timeouts{})
	body := d.open(t)
	tick := time.NewTicker(serverTime / 8)
	defer tick.Stop()
	for i := range 24 {
		line, err := body.ReadString('\n')
		if want := fmt.Sprintf("%d\n", i); err != nil || i > 0 && line != want {
			t.Fatalf("%q, %v; want %q", line, err, want)
		}
		<-tick.C
		d.lines <- fmt.Sprintf("%d\n", i+1)
	}
	close(d.lines)
	if rest, err := io.ReadAll(body); err != nil || string(rest) != "24\n" {
		t.Errorf("the end is %q, %v", rest, err)
	}
}

// What comes after a token died does not go on, and the API is told that nobody listens.
func TestAnswerEndsWithItsToken(t *testing.T) {
	d := newDripping(t, Timeouts{})
	body := d.open(t)
	if line, err := body.ReadString('\n'); line != "first\n" || err != nil {
		t.Fatalf("%q, %v", line, err)
	}
	d.Kit.Apply(leastkey.Change{Credential: &leastkey.CredentialRecord{Credential: leastkey.Credential{ID: d.TokenID}}})
	select {
	case d.lines <- "secret\n":
	case err := <-d.gone:
		d.gone <- err // it was told at once
	}
	rest, err := io.ReadAll(body)
	if err == nil || strings.Contains(string(rest), "secret") {
		t.Errorf("after the token was revoked came %q, %v", rest, err)
	}
	if err := <-d.gone; err == nil {
		t.Error("the API was not told")
	}
}

// An answer of which nothing more comes is given up; one that goes on is not, however long it is.
func TestAnswerThatStalls(t *testing.T) {
	d := newDripping(t, Timeouts{Idle: 50 * time.Millisecond})
	body := d.open(t)
	if _, err := body.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(body); err == nil {
		t.Errorf("a stalled answer ended like a whole one: %q", rest)
	}
	if err := <-d.gone; err == nil {
		t.Error("the API was not told")
	}
}
