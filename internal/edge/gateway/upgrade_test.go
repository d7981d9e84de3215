package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

// console is a catalogue in which a zone has a console, with more or less for its operation.
func console(t *testing.T, operation string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load("console.yaml", []byte(`namespace: com.example.api
resources: {zone: {}}
permission_groups:
  - {id: 5c0e8f0e6c1b4a7d9b0d3f4a2e1c7a01, name: Console, resource: zone}
  - {id: 5c0e8f0e6c1b4a7d9b0d3f4a2e1c7a02, name: Root Console, resource: zone}
operations:
  - {route: "GET /zones/{id}", any_of: [Console], target: {zone: path.id}}
`+operation))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const consoleOperation = `  - {route: "GET /zones/{id}/console", any_of: [Console], target: {zone: path.id}, upgrade: websocket}`

// sockets is a gateway in front of a server of WebSockets.
type sockets struct {
	*edgetest.World
	addr   string
	server *http.Server
	ended  chan error // of each connection that the upstream had
}

// newSockets checks, when the test ends, that nothing of it runs on.
func newSockets(t *testing.T, limits Limits, upstream http.HandlerFunc) *sockets {
	t.Helper()
	t.Cleanup(func() { nothingRuns(t) })
	behind := httptest.NewServer(upstream)
	t.Cleanup(behind.Close)
	at, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	return openSockets(t, limits, at)
}

// nothingRuns waits until no goroutine serves a connection any more.
func nothingRuns(t *testing.T) {
	t.Helper()
	stacks := make([]byte, 8<<20)
	for late := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		all := string(stacks[:runtime.Stack(stacks, true)])
		if !strings.Contains(all, "gateway.(*Gateway)") && !strings.Contains(all, "gateway.(*tunnel)") {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("something runs on:\n%s", all)
		}
	}
}

func openSockets(t *testing.T, limits Limits, at *url.URL) *sockets {
	t.Helper()
	s := &sockets{World: edgetest.NewWorldOf(t, console(t, consoleOperation), "Console"), ended: make(chan error, 1000)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s.addr, s.server = l.Addr().String(), NewServer(newGateway(t, Config{Guard: s.Guard, Upstreams: to(at), Limits: limits, Log: log}), log)
	done := make(chan error, 1)
	go func() { done <- s.server.Serve(Listen(l)) }()
	t.Cleanup(func() {
		_ = s.server.Close()
		<-done
	})
	return s
}

// newEcho is a gateway in front of a server that says everything back.
func newEcho(t *testing.T, limits Limits) *sockets {
	t.Helper()
	var s *sockets
	s = newSockets(t, limits, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"echo"}})
		if err != nil {
			return
		}
		c.SetReadLimit(64 << 20)
		for {
			kind, said, err := c.Read(context.Background())
			if err == nil {
				err = c.Write(context.Background(), kind, said)
			}
			if err != nil {
				_ = c.CloseNow()
				s.ended <- err
				return
			}
		}
	})
	return s
}

// within bounds how long a test waits.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// dial opens a WebSocket with a token.
func (s *sockets) dial(t *testing.T, token string, options websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	if options.HTTPHeader == nil {
		options.HTTPHeader = http.Header{}
	}
	options.HTTPHeader.Set("Authorization", "Bearer "+token)
	options.HTTPClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	c, answer, err := websocket.Dial(within(t), "ws://"+s.addr+s.Fill("/zones/{zone}/console"), &options)
	if c != nil {
		c.SetReadLimit(64 << 20)
		t.Cleanup(func() { _ = c.CloseNow() })
	}
	return c, answer, err
}

func (s *sockets) open(t *testing.T) *websocket.Conn {
	t.Helper()
	c, _, err := s.dial(t, s.Token.Reveal(), websocket.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// echo says something, and expects it back.
func echo(ctx context.Context, c *websocket.Conn, kind websocket.MessageType, said []byte) error {
	failed := make(chan error, 1)
	go func() { failed <- c.Write(ctx, kind, said) }()
	gotKind, got, err := c.Read(ctx)
	if err := errors.Join(err, <-failed); err != nil {
		return err
	}
	if gotKind != kind || !bytes.Equal(got, said) {
		return errors.New("another message came back than the one of " + strconv.Itoa(len(said)) + " bytes")
	}
	return nil
}

func TestWebSocket(t *testing.T) {
	s := newEcho(t, Limits{})
	c, answer, err := s.dial(t, s.Token.Reveal(), websocket.DialOptions{
		Subprotocols: []string{"other", "echo"}, CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != "echo" || len(answer.Header["Sec-Websocket-Accept"]) != 1 {
		t.Errorf("the protocol is %q, the header %v", c.Subprotocol(), answer.Header)
	}
	for _, said := range [][]byte{{}, []byte("hello"), bytes.Repeat([]byte("0123456789abcdef"), 1<<16), make([]byte, 5<<20)} {
		for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
			if err := echo(within(t), c, kind, said); err != nil {
				t.Fatal(err)
			}
		}
	}
	reading := c.CloseRead(within(t)) // pongs are read by somebody
	for range 3 {
		if err := c.Ping(reading); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(4321, "that is all"); err != nil {
		t.Error(err)
	}
	if err := <-s.ended; websocket.CloseStatus(err) != 4321 {
		t.Errorf("the upstream heard %v; want what the client said", err)
	}
}

func TestWebSocketsAtOnce(t *testing.T) {
	s := newEcho(t, Limits{})
	var all sync.WaitGroup
	for range 100 {
		c := s.open(t)
		all.Go(func() {
			for n := range 20 {
				if err := echo(within(t), c, websocket.MessageBinary, bytes.Repeat([]byte{byte(n)}, n*1000)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestUpstreamClosesWebSocket(t *testing.T) {
	s := newSockets(t, Limits{}, func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		_ = c.Close(4999, "closing time")
	})
	_, _, err := s.open(t).Read(within(t))
	if websocket.CloseStatus(err) != 4999 {
		t.Errorf("the client heard %v; want what the upstream said", err)
	}
}

// What the upstream sees of a handshake is the handshake, whose it is, and no credential.
func TestWebSocketHandshakeIsForwarded(t *testing.T) {
	seen := make(chan *http.Request, 1)
	s := newSockets(t, Limits{}, func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		c, err := websocket.Accept(w, r, nil)
		if err == nil {
			_ = c.CloseNow()
		}
	})
	_, _, err := s.dial(t, s.Token.Reveal(), websocket.DialOptions{Subprotocols: []string{"a", "b"}, HTTPHeader: http.Header{
		"Sec-Websocket-Forged": {"forged"}, "Te": {"trailers"}, "Leastkey-Principal": {"forged"}, "X-Custom": {"kept"}, "Cookie": {"leastkey=forged; a=b"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := <-seen
	for name, want := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Protocol": "a,b", "X-Custom": "kept",
		"Leastkey-Token-Id": s.TokenID.String(), "Leastkey-Principal": "user " + s.UserID.String(),
		edgetest.CredentialName: edgetest.CredentialValue, "X-Forwarded-For": "127.0.0.1", "Cookie": "a=b",
	} {
		if got := r.Header[name]; len(got) != 1 || got[0] != want {
			t.Errorf("the upstream saw %s %q; want %q", name, got, want)
		}
	}
	for name, values := range r.Header {
		if all := strings.Join(values, " "); strings.Contains(all, "forged") || strings.Contains(all, s.Token.Reveal()) || name == "Te" {
			t.Errorf("the upstream saw %s: %s", name, all)
		}
	}
}

// Over TLS, from the client and to the upstream, a WebSocket works and ends as in the clear.
func TestWebSocketOverTLS(t *testing.T) {
	t.Cleanup(func() { nothingRuns(t) })
	ended := make(chan error, 1)
	behind := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		for err == nil {
			var said []byte
			if _, said, err = c.Read(context.Background()); err == nil {
				err = c.Write(context.Background(), websocket.MessageText, said)
			}
		}
		ended <- err
	}))
	t.Cleanup(behind.Close)
	at, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	world, log := edgetest.NewWorldOf(t, console(t, consoleOperation), "Console"), slog.New(slog.DiscardHandler)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	trusting := behind.Client().Transport.(*http.Transport)
	server := NewServer(newGateway(t, Config{Guard: world.Guard, Upstreams: []Upstream{{URL: at, Transport: &http.Transport{TLSClientConfig: trusting.TLSClientConfig}}}, Log: log}), log)
	go func() { _ = server.Serve(Listen(tls.NewListener(l, behind.TLS))) }()
	t.Cleanup(func() { _ = server.Close() })
	c, _, err := websocket.Dial(within(t), "wss://"+l.Addr().String()+world.Fill("/zones/{zone}/console"), &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + world.Token.Reveal()}}, HTTPClient: behind.Client()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	if err := echo(within(t), c, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	world.State.Doubt()
	if _, _, err := c.Read(within(t)); err == nil {
		t.Error("it goes on")
	}
	<-ended
}

func TestUpgradesAreBounded(t *testing.T) {
	s := newEcho(t, Limits{Upgrades: 3, UpgradesEach: 2})
	first := s.open(t)
	s.open(t)
	refused := func(want int) {
		t.Helper()
		_, answer, err := s.dial(t, s.Token.Reveal(), websocket.DialOptions{})
		if err == nil || answer == nil || answer.StatusCode != want {
			t.Errorf("%v, %v; want %d", answer, err, want)
		}
	}
	refused(http.StatusTooManyRequests)
	_ = first.CloseNow()
	<-s.ended
	for { // the place is free a moment after the upstream knows
		if _, _, err := s.dial(t, s.Token.Reveal(), websocket.DialOptions{}); err == nil {
			break
		}
	}
	refused(http.StatusTooManyRequests)
}

// newRaw is a gateway in front of a listener on which each connection is served by hand.
func newRaw(t *testing.T, serve func(c net.Conn)) *sockets {
	t.Helper()
	t.Cleanup(func() { nothingRuns(t) })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
	})
	return openSockets(t, Limits{}, &url.URL{Scheme: "http", Host: l.Addr().String()})
}

// readHead reads up to the empty line.
func readHead(c io.Reader) string {
	var head []byte
	for one := make([]byte, 1); !bytes.HasSuffix(head, []byte("\r\n\r\n")); head = append(head, one[0]) {
		if _, err := io.ReadFull(c, one); err != nil {
			return string(head)
		}
	}
	return string(head)
}
