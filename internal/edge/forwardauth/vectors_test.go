package forwardauth

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/vectors"
)

// Every golden request is decided as all adapters do, in both conventions.
func TestVectors(t *testing.T) {
	for _, path := range []string{"/auth/caddy", "/auth/nginx", "/auth/traefik"} {
		t.Run(path, func(t *testing.T) {
			edgetest.RunVectors(t, func(t *testing.T, w *vectors.World) edgetest.Adapter {
				addr := serve(t, w.Guard, "127.0.0.0/8")
				return edgetest.Adapter{Send: func(t *testing.T, s vectors.Sent) edgetest.Answer {
					c := conventions()[path]
					header := append([][2]string{{c.method, s.Method}, {c.target, s.Target}, {c.host, s.Host}}, s.Header...)
					if s.Addr.IsValid() {
						header = append(header, [2]string{"X-Forwarded-For", s.Addr.String()})
					}
					return read(t, ask(t, addr, path, header))
				}}
			})
		})
	}
}

// serve runs the adapter as a node does.
func serve(t *testing.T, g *guard.Guard, proxies ...string) (addr string) {
	t.Helper()
	var trusted []netip.Prefix
	for _, p := range proxies {
		trusted = append(trusted, netip.MustParsePrefix(p))
	}
	s, err := NewServer(Config{Guard: g, Proxies: trusted, Start: time.Unix(0, 0), Tick: make(chan time.Time), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	return l.Addr().String()
}

// reply is an answer that was read whole.
type reply struct {
	*http.Response
	body []byte
}

// ask writes the bytes of a question, so that nothing tidies it up.
func ask(t *testing.T, addr, path string, header [][2]string) reply {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var head strings.Builder
	fmt.Fprintf(&head, "GET %s HTTP/1.1\r\nHost: auth.example\r\n", path)
	for _, h := range header {
		fmt.Fprintf(&head, "%s: %s\r\n", h[0], h[1])
	}
	_, _ = io.WriteString(c, head.String()+"\r\n") // a refusal may come before the whole is written
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{answer, body}
}

// read says what became of the request: where the status is told apart, that counts.
func read(t *testing.T, r reply) edgetest.Answer {
	t.Helper()
	if r.StatusCode == http.StatusNoContent {
		return edgetest.Answer{Allowed: true, Status: http.StatusOK, Upstream: r.Header}
	}
	told := r.Header.Get(statusHeader)
	if told == "" {
		return edgetest.Refusal(t, r.StatusCode, r.Header, r.body)
	}
	status, err := strconv.Atoi(told)
	if err != nil {
		t.Fatal(err)
	}
	if want := map[int]int{401: 401, 503: 503}[status]; r.StatusCode != want && (want != 0 || r.StatusCode != http.StatusForbidden) {
		t.Errorf("answered %d for %d", r.StatusCode, status)
	}
	return edgetest.Refusal(t, status, r.Header, []byte(r.Header.Get(bodyHeader)))
}
