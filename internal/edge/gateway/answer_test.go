package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestInterimAnswersAndTrailersStayOut: what nobody has looked at does not reach the client. It
// reads the raw answer, because clients hide both.
func TestInterimAnswersAndTrailersStayOut(t *testing.T) {
	b := newBehind(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nSet-Cookie: __Host-leastkey=early\r\nLeastkey-Token-Id: early\r\n\r\n"+
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Leastkey-Principal\r\n\r\n"+
			"2\r\nok\r\n0\r\nLeastkey-Principal: late\r\nX-Unannounced: late\r\n\r\n")
	})
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(c, b.Fill("GET /client/v4/zones/{zone}/dns_records HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(bufio.NewReader(c))
	if err != nil {
		t.Fatal(err)
	}
	got := string(all)
	if !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.Contains(got, "ok") || strings.Contains(got, "early") || strings.Contains(got, "late") {
		t.Errorf("the client reads:\n%s", got)
	}
}
