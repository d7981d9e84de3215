package gateway

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
	"github.com/leastkey/leastkey/leastkeytest"
)

// credentialled is an open WebSocket, and what it rests on.
type credentialled struct {
	*sockets
	token *leastkeytest.Credential
	owner leastkey.Principal
	conn  *websocket.Conn
}

// openOne opens a WebSocket with a token of its own, and passes a first message.
func openOne(t *testing.T, s *sockets, options ...leastkeytest.Option) *credentialled {
	t.Helper()
	owner := leastkey.UserOf(s.UserID)
	token := s.Kit.Token(owner, append(options, leastkeytest.Allow("Console").On(leastkey.PatternOne(s.Zone)))...)
	c := &credentialled{sockets: s, token: token, owner: owner}
	var err error
	if c.conn, _, err = s.dial(t, token.Secret.Reveal(), websocket.DialOptions{}); err != nil {
		t.Fatal(err)
	}
	c.works(t)
	return c
}

func (c *credentialled) works(t *testing.T) {
	t.Helper()
	if err := echo(within(t), c.conn, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
}

// closed waits until both sides know that it is over.
func (c *credentialled) closed(t *testing.T) {
	t.Helper()
	ctx := within(t)
	if _, said, err := c.conn.Read(ctx); err == nil || ctx.Err() != nil {
		t.Fatalf("read %q, %v; want the end of the connection", said, err)
	}
	select {
	case <-c.ended:
	case <-ctx.Done():
		t.Fatal("the upstream still has the connection")
	}
}

// A connection that was upgraded ends when its request would be refused, whatever the reason.
func TestUpgradedConnectionEndsWithItsCredential(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, c *credentialled){
		"revoked": func(_ *testing.T, c *credentialled) { c.token.Revoke() },
		"rolled":  func(_ *testing.T, c *credentialled) { c.token.Roll(0) },
		"disabled": func(_ *testing.T, c *credentialled) {
			c.token.Edit(func(t *leastkey.Credential) { t.Status = leastkey.Disabled })
		},
		"expired": func(_ *testing.T, c *credentialled) {
			c.token.Edit(func(t *leastkey.Credential) { t.Validity.ExpiresOn = c.Kit.Now() })
		},
		"without policies": func(_ *testing.T, c *credentialled) { c.token.Edit(func(t *leastkey.Credential) { t.Policies = nil }) },
		"with a policy that denies": func(_ *testing.T, c *credentialled) {
			c.token.Edit(func(t *leastkey.Credential) {
				deny := t.Policies[0]
				deny.Effect = leastkey.Deny
				t.Policies = append(t.Policies, deny)
			})
		},
		"owner leaves the account": func(_ *testing.T, c *credentialled) { c.Kit.Leave(c.owner, leastkey.AccountOf(c.AccountID)) },
		"owner is disabled":        func(_ *testing.T, c *credentialled) { c.Kit.Disable(c.owner) },
		"resource is removed":      func(_ *testing.T, c *credentialled) { c.Kit.Remove(c.Zone) },
		"resource is moved": func(_ *testing.T, c *credentialled) {
			c.Kit.Apply(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: c.Zone, Parent: c.Kit.Account("another").Resource()}})
		},
		"catalogue has no upgrade": func(t *testing.T, c *credentialled) {
			c.State.UseCatalog(console(t, strings.TrimSuffix(consoleOperation, ", upgrade: websocket}")+"}"))
		},
		"catalogue has no route": func(t *testing.T, c *credentialled) { c.State.UseCatalog(console(t, "")) },
		"catalogue asks for more": func(t *testing.T, c *credentialled) {
			c.State.UseCatalog(console(t, strings.Replace(consoleOperation, "[Console]", "[Root Console]", 1)))
		},
		"state is unsure": func(_ *testing.T, c *credentialled) { c.State.Doubt() },
	} {
		t.Run(name, func(t *testing.T) {
			c := openOne(t, newEcho(t, Limits{}))
			end(t, c)
			c.closed(t)
		})
	}
}

// What is said once the end was acknowledged does not reach the other side.
func TestNothingPassesAfterTheEnd(t *testing.T) {
	var heard atomic.Int64
	arrived, over := make(chan struct{}, 1), make(chan struct{})
	s := newRaw(t, func(c net.Conn) {
		defer close(over)
		key := keyIn(readHead(c))
		_, _ = c.Write([]byte(switches(key)))
		for piece := make([]byte, 1024); ; {
			n, err := c.Read(piece)
			if heard.Add(int64(n)); err != nil {
				return
			}
			arrived <- struct{}{}
		}
	})
	token := s.Kit.Token(leastkey.UserOf(s.UserID), leastkeytest.Allow("Console").On(leastkey.PatternOne(s.Zone)))
	c := s.connect(t, handshakeWith(token.Secret.Reveal()))
	readHead(c)
	if _, err := c.Write([]byte("before")); err != nil {
		t.Fatal(err)
	}
	<-arrived
	token.Revoke()
	_, _ = c.Write([]byte("after")) // the connection may be gone
	<-over
	if n := heard.Load(); n != int64(len("before")) {
		t.Errorf("the upstream heard %d bytes; want those before the revocation", n)
	}
}

// Not a piece passes that is not asked for, even before anyone is told that the end has come.
func TestEveryPieceIsAskedFor(t *testing.T) {
	const piece = "said"
	for _, allowed := range []int{0, 1, 5} {
		client, ours := net.Pipe()
		theirs, upstream := net.Pipe()
		filtered := &framing.Conn{Conn: ours}
		if !filtered.Release() {
			t.Fatal("not released")
		}
		left := allowed // only one side speaks
		through := tunnel{client: filtered, upstream: theirs, idle: time.Hour, allowed: func() bool { left--; return left >= 0 }}
		ended := make(chan error, 1)
		go func() { ended <- through.run(t.Context()) }()
		go func() {
			for {
				if _, err := io.WriteString(client, piece); err != nil {
					return
				}
			}
		}()
		if got := readAllOf(upstream); got != strings.Repeat(piece, allowed) {
			t.Errorf("%q passed; want %d pieces", got, allowed)
		}
		if err := <-ended; !errors.Is(err, errNoLonger) {
			t.Errorf("ended with %v", err)
		}
	}
}

// An upstream that agrees to what is refused by then makes no WebSocket.
func TestRevokedBeforeTheUpstreamAgrees(t *testing.T) {
	var token *leastkeytest.Credential
	s := newRaw(t, func(c net.Conn) {
		key := keyIn(readHead(c))
		token.Revoke()
		_, _ = io.WriteString(c, switches(key))
		_ = readAllOf(c)
	})
	for range 20 {
		token = s.Kit.Token(leastkey.UserOf(s.UserID), leastkeytest.Allow("Console").On(leastkey.PatternOne(s.Zone)))
		if got := readAllOf(s.connect(t, handshakeWith(token.Secret.Reveal()))); !strings.HasPrefix(got, "HTTP/1.1 401 ") {
			t.Fatalf("answered %q; want 401", got)
		}
	}
}

// Time ends a connection without any change: the clock is set, and nobody is told.
func TestTimeEndsUpgradedConnections(t *testing.T) {
	const soon = 20 * time.Millisecond
	t.Run("expiry", func(t *testing.T) {
		s := newEcho(t, Limits{})
		c := openOne(t, s, leastkeytest.Expires(s.Kit.Now().Add(soon)))
		s.Kit.SetNow(s.Kit.Now().Add(soon))
		c.closed(t)
	})
	t.Run("overlap", func(t *testing.T) {
		c := openOne(t, newEcho(t, Limits{}))
		c.token.Roll(soon)
		c.works(t)
		c.Kit.SetNow(c.Kit.Now().Add(soon))
		c.closed(t)
	})
}

// What does not concern a connection leaves it alone.
func TestUpgradedConnectionOutlivesOtherChanges(t *testing.T) {
	c := openOne(t, newEcho(t, Limits{}))
	other := openOne(t, c.sockets)
	for name, change := range map[string]func(){
		"another token is revoked": other.token.Revoke,
		"rolled with an overlap":   func() { c.token.Roll(time.Hour) },
		"more is allowed": func() {
			c.token.Edit(func(t *leastkey.Credential) { t.Policies = append(t.Policies, t.Policies[0]) })
		},
		"another resource is gone": func() { c.Kit.Remove(c.Other) },
		"the same catalogue":       func() { c.State.UseCatalog(console(t, consoleOperation)) },
	} {
		t.Log(name)
		change()
		c.works(t)
	}
}

func TestIdleUpgradedConnectionIsClosed(t *testing.T) {
	c := openOne(t, newEcho(t, Limits{Idle: 50 * time.Millisecond}))
	c.closed(t)
}

// A connection that ceased to be allowed while the upstream was thinking is not upgraded.
func TestRevokedDuringTheHandshake(t *testing.T) {
	var token *leastkeytest.Credential
	s := newSockets(t, Limits{}, func(w http.ResponseWriter, r *http.Request) {
		token.Revoke()
		<-r.Context().Done() // the gateway breaks it off
	})
	token = s.Kit.Token(leastkey.UserOf(s.UserID), leastkeytest.Allow("Console").On(leastkey.PatternOne(s.Zone)))
	_, answer, err := s.dial(t, token.Secret.Reveal(), websocket.DialOptions{})
	if err == nil || answer == nil || answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("%v, %v; want 401", answer, err)
	}
}

// A server that shuts down does not wait for connections that it knows nothing of, nor leave them.
func TestShutdownEndsUpgradedConnections(t *testing.T) {
	s := newEcho(t, Limits{})
	one, two := openOne(t, s), openOne(t, s)
	if err := s.server.Shutdown(within(t)); err != nil {
		t.Fatal(err)
	}
	one.closed(t)
	two.closed(t)
}

// One side may say that it is done, and hear the other out.
func TestHalfClosedUpgradedConnection(t *testing.T) {
	heard := make(chan error, 1)
	s := newRaw(t, func(c net.Conn) {
		_, _ = c.Write([]byte(switches(keyIn(readHead(c)))))
		_, err := c.Read(make([]byte, 1))
		heard <- err
		_, _ = c.Write([]byte("last words"))
	})
	c := s.connect(t, handshakeWith(s.Token.Reveal()))
	readHead(c)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := readAllOf(c); got != "last words" {
		t.Errorf("heard %q after the half close", got)
	}
	if err := <-heard; err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the upstream heard %v; want the end", err)
	}
}
