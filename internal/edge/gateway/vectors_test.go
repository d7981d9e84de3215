package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/vectors"
)

// The gateway decides every golden request as all adapters do. The test is a trusted proxy in
// front of it, so that the client can be anywhere.
func TestVectors(t *testing.T) {
	edgetest.RunVectors(t, func(t *testing.T, w *vectors.World) edgetest.Adapter {
		api := edgetest.NewAPI(w)
		upstream := httptest.NewServer(api)
		t.Cleanup(upstream.Close)
		u, err := url.Parse(upstream.URL)
		if err != nil {
			t.Fatal(err)
		}
		addr := serve(t, newGateway(t, Config{Guard: w.Guard, Upstreams: to(u), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}))
		return edgetest.Adapter{
			Can: guard.Bodies | guard.Lists | guard.Effects | guard.Control | guard.Headers | guard.Upgrades,
			Send: func(t *testing.T, s vectors.Sent) edgetest.Answer {
				answer, body := send(t, addr, s)
				if refused := answer.StatusCode >= 400; refused {
					if api.Take() != nil {
						t.Error("the upstream saw a request that was refused")
					}
					return edgetest.Refusal(t, answer.StatusCode, answer.Header, body)
				}
				path, _, _ := strings.Cut(s.Target, "?")
				op, _, _ := w.Catalog.Match(s.Method, s.Host, strings.TrimSuffix(path, "/"))
				return edgetest.Answer{Allowed: true, Status: http.StatusOK, Upstream: api.Take(), Shown: api.Shown(op, body)}
			},
		}
	})
}

// send writes the bytes of a request, so that nothing tidies it up, and reads the answer.
func send(t *testing.T, addr string, s vectors.Sent) (*http.Response, []byte) {
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
	fmt.Fprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n", s.Method, s.Target, s.Host)
	for _, h := range s.Header {
		fmt.Fprintf(&head, "%s: %s\r\n", h[0], h[1])
	}
	if guard.AsksUpgrade(upgradeOf(s)) {
		head.WriteString("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + sampleKey + "\r\n")
	}
	if s.Addr.IsValid() {
		fmt.Fprintf(&head, "X-Forwarded-For: %s\r\n", s.Addr)
	}
	if s.Body != nil {
		fmt.Fprintf(&head, "Content-Length: %d\r\n\r\n%s", len(*s.Body), *s.Body)
	} else {
		head.WriteString("\r\n")
	}
	_, _ = io.WriteString(c, head.String()) // a refusal may come before the whole of a body is written
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: s.Method})
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode == http.StatusSwitchingProtocols {
		return answer, nil
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

// upgradeOf is what a golden request asks for; it leaves the rest of the handshake to whoever sends it.
func upgradeOf(s vectors.Sent) http.Header {
	h := http.Header{}
	for _, field := range s.Header {
		h.Add(field[0], field[1])
	}
	return h
}
