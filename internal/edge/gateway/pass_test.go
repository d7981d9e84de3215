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

// speak opens a connection to the gateway and says something.
func (b *behind) speak(t *testing.T, raw string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", b.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, b.Fill(raw)); err != nil {
		t.Fatal(err)
	}
	return c
}

// taking answers by hand, on the connection of a request whose head was read.
func taking(t *testing.T, answer func(c net.Conn, in *bufio.Reader)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		c, both, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		answer(c, both.Reader)
	}
}

const readRecords = "GET /client/v4/zones/{zone}/dns_records HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n\r\n"

// An answer that breaks off after its head does not end for the client as though it were whole, and
// nothing follows it on the connection.
func TestBrokenAnswersAreSeenToBeBroken(t *testing.T) {
	for name, raw := range map[string]string{
		"length":       "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("a", 50000),
		"chunks":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
		"broken chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n",
	} {
		b := newBehind(t, taking(t, func(c net.Conn, _ *bufio.Reader) { _, _ = io.WriteString(c, raw) }))
		c := b.speak(t, readRecords+readRecords)
		in := bufio.NewReader(c)
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			continue // nothing of it came, which is as well
		}
		if body, err := io.ReadAll(answer.Body); err == nil {
			t.Errorf("%s: ended like a whole one, after %d bytes", name, len(body))
		}
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			t.Errorf("%s: and then came %.40q", name, rest)
		}
	}
}

// What an answer says of where it ends must have one reading, or it is none.
func TestAnswersWithTwoReadingsAreRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"both lengths": "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"two lengths":  "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
		"bare LF":      "HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",
		"folded":       "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 4\r\n\r\nbody",
	} {
		b := newBehind(t, taking(t, func(c net.Conn, _ *bufio.Reader) { _, _ = io.WriteString(c, raw) }))
		if got := b.get(t, "/client/v4/zones/{zone}/dns_records"); got.status != http.StatusBadGateway || strings.Contains(got.body, "body") {
			t.Errorf("%s: %d %s; want 502", name, got.status, got.body)
		}
	}
}

// An upstream may answer before it has read a long body. The client gets the answer at once, however
// slowly it goes on, and its connection ends: the rest of its body is not taken for a request.
func TestEarlyAnswerToALongBody(t *testing.T) {
	b := newBehind(t, taking(t, func(c net.Conn, in *bufio.Reader) {
		_, _ = io.CopyN(io.Discard, in, aheadMost/2)
		_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly")
		_, _ = io.Copy(io.Discard, in) // until it is closed
	}))
	for _, framing := range []string{"Content-Length: 9000000", "Transfer-Encoding: chunked"} {
		c := b.speak(t, "POST /client/v4/zones/{zone}/dns_records HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n"+framing+"\r\n\r\n")
		if strings.Contains(framing, "chunked") {
			_, _ = io.WriteString(c, "200000\r\n")
		}
		_, _ = io.WriteString(c, strings.Repeat("a", aheadMost+1000)) // and then it stalls
		in := bufio.NewReader(c)
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != http.StatusRequestEntityTooLarge || string(body) != "early" || !answer.Close {
			t.Errorf("%s: %v %q, %v; want the answer, and the end of the connection", framing, answer, body, err)
		}
		_, _ = io.WriteString(c, b.Fill(readRecords))
		if rest, _ := io.ReadAll(in); len(rest) > 0 {
			t.Errorf("%s: and then came %.40q", framing, rest)
		}
	}
}

// A long body whose answer comes while it goes on reaches the upstream whole, and the answer the client.
func TestLongBodyBothWays(t *testing.T) {
	b := newBehind(t, func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.WriteHeader(http.StatusOK)
		_, _ = io.Copy(w, r.Body)
	})
	body := strings.Repeat("0123456789abcdef", aheadMost/4)
	if got := b.send(t, http.MethodPost, "/client/v4/zones/{zone}/dns_records", body); got.status != http.StatusOK || got.body != body {
		t.Errorf("%d, and %d bytes of %d came back", got.status, len(got.body), len(body))
	}
}
