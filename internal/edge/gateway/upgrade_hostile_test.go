package gateway

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// handshakeWith is a handshake to the letter, with more lines.
func handshakeWith(token string, more ...string) string {
	return "GET /zones/{zone}/console HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer " + token + "\r\n" +
		strings.Join(append([]string{"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + sampleKey}, more...), "\r\n") + "\r\n\r\n"
}

// switches is the head of an upstream that agrees.
func switches(key string) string {
	return "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + edgetest.Accept(key) + "\r\n\r\n"
}

// keyIn is the key of a handshake.
func keyIn(head string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if name, value, _ := strings.Cut(line, ": "); strings.EqualFold(name, "Sec-WebSocket-Key") {
			return value
		}
	}
	return ""
}

// connect sends bytes to the gateway.
func (s *sockets) connect(t *testing.T, raw string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, s.Fill(raw)); err != nil {
		t.Fatal(err)
	}
	return c
}

func readAllOf(c io.Reader) string {
	all, _ := io.ReadAll(c) // however it ends
	return string(all)
}

// behindIt is a request that is in order, and would be answered if it were ever taken for one.
const behindIt = "GET /zones/{zone} HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer {token}\r\nX-Behind: it\r\n\r\n"

// Law 5: whatever asks for an upgrade in another way than RFC 6455 has it is refused, the upstream
// sees nothing of it, and nothing behind it is read.
func TestLaw5HostileUpgrades(t *testing.T) {
	var asked atomic.Int64
	heard := make(chan string, 100)
	s := newRaw(t, func(c net.Conn) {
		head := readHead(c)
		asked.Add(1)
		_, _ = io.WriteString(c, switches(keyIn(head)))
		heard <- readAllOf(c)
	})
	good := handshakeWith("{token}")
	with := func(more ...string) string { return handshakeWith("{token}", more...) }
	instead := func(old, text string) string { return strings.Replace(good, old, text, 1) }
	without := func(line string) string { return instead(line+"\r\n", "") }
	for name, c := range map[string]struct {
		raw    string
		status int
	}{
		"body":                      {with("Content-Length: 4") + "body", 400},
		"body in chunks":            {with("Transfer-Encoding: chunked") + "4\r\nbody\r\n0\r\n\r\n", 400},
		"empty body in chunks":      {with("Transfer-Encoding: chunked") + "0\r\n\r\n", 400},
		"two Upgrade":               {with("Upgrade: websocket"), 501},
		"two Upgrade, one h2c":      {with("Upgrade: h2c"), 501},
		"Upgrade to one of two":     {instead("Upgrade: websocket", "Upgrade: websocket, h2c"), 501},
		"Upgrade to a version":      {instead("Upgrade: websocket", "Upgrade: websocket/13"), 501},
		"Upgrade to something else": {instead("Upgrade: websocket", "Upgrade: TLS/1.3"), 501},
		"no Connection":             {without("Connection: Upgrade"), 400},
		"Connection: close":         {instead("Connection: Upgrade", "Connection: close"), 400},
		"Connection names more":     {instead("Connection: Upgrade", "Connection: Upgrade, Authorization"), 400},
		"HTTP/1.0":                  {instead("HTTP/1.1", "HTTP/1.0"), 400},
		"HTTP/2.0":                  {instead("HTTP/1.1", "HTTP/2.0"), 505},
		"POST":                      {instead("GET", "POST"), 501},
		"another route":             {instead("/console", ""), 501},
		"another zone":              {instead("{zone}", "{other}"), 403},
		"no credential":             {without("Authorization: Bearer {token}"), 401},
		"no version":                {without("Sec-WebSocket-Version: 13"), 426},
		"version 8":                 {instead("Version: 13", "Version: 8"), 426},
		"two versions":              {with("Sec-WebSocket-Version: 8"), 426},
		"versions in one":           {instead("Version: 13", "Version: 13, 8"), 426},
		"no key":                    {without("Sec-WebSocket-Key: " + sampleKey), 400},
		"two keys":                  {with("Sec-WebSocket-Key: " + sampleKey), 400},
		"short key":                 {instead(sampleKey, "dGhlIHNhbXBsZQ=="), 400},
		"long key":                  {instead(sampleKey, "dGhlIHNhbXBsZSBub25jZSwg"), 400},
		"key in another spelling":   {instead(sampleKey, "dGhlIHNhbXBsZSBub25jZR=="), 400},
		"key that is no base64":     {instead(sampleKey, "the sample nonce is here"), 400},
		"key under another name":    {with("Sec_WebSocket_Key: " + sampleKey), 400},
		"protocol that is no token": {with("Sec-WebSocket-Protocol: a b"), 400},
		"empty protocol":            {with("Sec-WebSocket-Protocol: a,,b"), 400},
		"protocol twice":            {with("Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: b, a"), 400},
		"too many protocols":        {with("Sec-WebSocket-Protocol: p" + strings.Join(strings.Split(strings.Repeat("x", 40), ""), ",p")), 400},
		"extension that is none":    {with("Sec-WebSocket-Extensions: ;a=b"), 400},
		"token as a protocol":       {with("Sec-WebSocket-Protocol: {token}"), 400},
		"token in a protocol":       {with("Sec-WebSocket-Protocol: bearer, access_token.{token}"), 400},
		"key as a protocol":         {with("Sec-WebSocket-Protocol: {key}"), 400},
		"token in base64":           {with("Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io." + base64.RawURLEncoding.EncodeToString([]byte(s.Token.Reveal()))), 400},
		"bytes behind":              {good + "\x81\x85\x00\x00\x00\x00hello", 400},
		"a byte behind":             {good + "\x81", 400},
	} {
		t.Run(name, func(t *testing.T) {
			answers := bufio.NewReader(s.connect(t, c.raw+behindIt))
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			body := readAllOf(answer.Body)
			if answer.StatusCode != c.status || !strings.Contains(body, `"errors":[{`) {
				t.Errorf("%d %s; want %d", answer.StatusCode, body, c.status)
			}
			if more := readAllOf(answers); more != "" {
				t.Errorf("and then %q", more)
			}
			if n := asked.Swap(0); n > 0 { // before anyone could know
				if got := <-heard; n > 1 || got != "" || !strings.HasSuffix(name, "behind") {
					t.Errorf("the upstream was asked %d times and heard %q", n, got)
				}
			}
		})
	}
}

// What an upstream answers to a handshake is passed on when it is an ordinary answer, and refused
// when it claims to switch and does not do so to the letter. Nothing behind the handshake is read.
func TestHostileUpstreamsOfUpgrades(t *testing.T) {
	said := make(chan string, 1)
	heard := make(chan string, 1)
	s := newRaw(t, func(c net.Conn) {
		head := readHead(c)
		_, _ = io.WriteString(c, strings.ReplaceAll(<-said, "{accept}", edgetest.Accept(keyIn(head))))
		_ = c.(*net.TCPConn).CloseWrite()
		heard <- readAllOf(c)
	})
	ordinary := func(status string, more ...string) string {
		return "HTTP/1.1 " + status + "\r\n" + strings.Join(append(more, "Content-Length: 4"), "\r\n") + "\r\n\r\nbody"
	}
	switching := func(lines ...string) string {
		return "HTTP/1.1 101 Switching Protocols\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\nforged"
	}
	const connection, upgrade, accept = "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: {accept}"
	for name, c := range map[string]struct {
		answer string
		status int
		body   string
	}{
		"200":                       {ordinary("200 OK"), 200, "body"},
		"200 that says it upgrades": {ordinary("200 OK", connection, upgrade, accept), 200, "body"},
		"403":                       {ordinary("403 Forbidden"), 403, "body"},
		"401":                       {ordinary("401 Unauthorized", "WWW-Authenticate: Basic"), 502, "own credential"},
		"426":                       {ordinary("426 Upgrade Required", connection, upgrade), 426, "body"},
		"103, then 200":             {"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + ordinary("200 OK"), 200, "body"},
		"nothing":                   {"", 502, "cannot be reached"},
		"no HTTP":                   {"SSH-2.0-OpenSSH\r\n", 502, "cannot be reached"},
		"no accept":                 {switching(connection, upgrade), 502, "does not describe"},
		"wrong accept":              {switching(connection, upgrade, "Sec-WebSocket-Accept: "+edgetest.Accept("AAAAAAAAAAAAAAAAAAAAAA==")), 502, "does not describe"},
		"accept in another case":    {switching(connection, upgrade, "Sec-WebSocket-Accept: "+strings.ToLower(edgetest.Accept(sampleKey))), 502, "does not describe"},
		"two accepts":               {switching(connection, upgrade, accept, accept), 502, "does not describe"},
		"no upgrade":                {switching(connection, accept), 502, "does not describe"},
		"another upgrade":           {switching(connection, "Upgrade: h2c", accept), 502, "does not describe"},
		"two upgrades":              {switching(connection, upgrade, "Upgrade: h2c", accept), 502, "does not describe"},
		"upgrades in one":           {switching(connection, "Upgrade: websocket, h2c", accept), 502, "does not describe"},
		"no connection":             {switching(upgrade, accept), 502, "does not describe"},
		"HTTP/1.0":                  {strings.Replace(switching(connection, upgrade, accept), "HTTP/1.1", "HTTP/1.0", 1), 502, "does not describe"},
		"a length":                  {switching(connection, upgrade, accept, "Content-Length: 6"), 502, "does not describe"},
		"a length of nothing":       {switching(connection, upgrade, accept, "Content-Length: 0"), 502, "does not describe"},
		"chunks":                    {switching(connection, upgrade, accept, "Transfer-Encoding: chunked"), 502, "does not describe"},
		"protocol not offered":      {switching(connection, upgrade, accept, "Sec-WebSocket-Protocol: other"), 502, "does not describe"},
		"two protocols":             {switching(connection, upgrade, accept, "Sec-WebSocket-Protocol: a, b"), 502, "does not describe"},
		"empty protocol":            {switching(connection, upgrade, accept, "Sec-WebSocket-Protocol: "), 502, "does not describe"},
		"extension not offered":     {switching(connection, upgrade, accept, "Sec-WebSocket-Extensions: other"), 502, "does not describe"},
		"extension twice":           {switching(connection, upgrade, accept, "Sec-WebSocket-Extensions: x-one; a=1, x-one; a=2"), 502, "does not describe"},
		"agreed, and closed":        {switching(connection, upgrade, accept, "Sec-WebSocket-Protocol: b", "Sec-WebSocket-Extensions: x-one; a=1"), 101, "forged"},
	} {
		t.Run(name, func(t *testing.T) {
			said <- c.answer
			raw := handshakeWith("{token}", "Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Extensions: x-one; a=1, x-two, x-one")
			if c.status != http.StatusSwitchingProtocols {
				raw += behindIt
			}
			conn := s.connect(t, raw)
			answers := bufio.NewReader(conn)
			answer, err := http.ReadResponse(answers, nil)
			if err != nil {
				t.Fatal(err)
			}
			body := ""
			if answer.StatusCode != http.StatusSwitchingProtocols {
				body = readAllOf(answer.Body)
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			more := readAllOf(answers)
			if answer.StatusCode == http.StatusSwitchingProtocols {
				body, more = more, ""
				conn.Close()
			}
			if answer.StatusCode != c.status || !strings.Contains(body, c.body) || more != "" {
				t.Errorf("%d %s, and then %q; want %d %s", answer.StatusCode, body, more, c.status, c.body)
			}
			if answer.StatusCode != 101 && (answer.Header.Get("Sec-WebSocket-Accept") != "" && answer.StatusCode != 200 || answer.Header.Get("X-Early") != "") {
				t.Errorf("the client saw %v", answer.Header)
			}
			if got := <-heard; got != "" {
				t.Errorf("the upstream heard %q", got)
			}
		})
	}
}
