package bodyless

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

// A peer that closes right behind what it says holds nothing: when that was no whole request, at once, and
// when it was one, from the next sweep on.
func TestPeersThatClose(t *testing.T) {
	for name, said := range map[string]string{"nothing whole": "G", "a request": simple, "two": simple + simple, "one, and more": simple + "G"} {
		t.Run(name, func(t *testing.T) {
			r := run(t, tells)
			for range 20 {
				p := r.dial(t)
				p.send(said)
				if err := p.Conn.(*net.TCPConn).CloseWrite(); err != nil {
					t.Fatal(err)
				}
				ended := make(chan error, 1)
				go func() {
					_, err := io.Copy(io.Discard, p.in)
					ended <- err
				}()
				for held := true; held; runtime.Gosched() {
					select {
					case err := <-ended: // 10 seconds at the latest
						if held = false; err != nil {
							t.Fatalf("the connection is still held: %v", err)
						}
					default:
						if r.rests() {
							r.pass(1)
						}
					}
				}
				r.connected(t, 0)
			}
		})
	}
}

// rests reports whether a connection waits for more without having looked whether there is any.
func (r *running) rests() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.connections {
		if c.unsure.Load() {
			return true
		}
	}
	return false
}

// However many strangers come, they keep nobody waiting; a few of them are told what they are.
func TestStrangers(t *testing.T) {
	s, err := New(Config{Answer: tells, Admit: func(from netip.Addr) bool { return from == netip.MustParseAddr("127.0.0.1") },
		Start: time.Unix(1, 0), Tick: make(chan time.Time), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.slots = make(chan struct{}, 2)
	var r running
	r.serve(t, s)
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for range maxStrangers + 20 {
		c, err := from.DialContext(t.Context(), "tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, "G") // and stays; some are closed already
	}
	for range 2 {
		p := r.dial(t)
		p.send(simple)
		if answer, _ := p.read("GET"); answer.StatusCode != http.StatusOK {
			t.Error(answer.StatusCode)
		}
	}
	r.connected(t, maxStrangers+2)
}
