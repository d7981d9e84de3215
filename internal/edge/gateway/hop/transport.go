// Package hop sends requests to one HTTP/1.1 server, and gives its answers.
//
// It does what http.Transport does for a reverse proxy, in the goroutine of the caller: a request
// goes out in one write, and its answer is read by whoever waits for it. A connection has no
// goroutines of its own, which is most of what a round trip costs otherwise. What comes back is
// read more strictly than net/http reads it: an answer that two programs could end in different
// places is an error, and its connection is closed.
package hop

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/leastkey/leastkey/internal/edge/socket"
)

// Config says how to reach a server. The times are needed.
type Config struct {
	URL     *url.URL      // http or https, and a host; the rest is not looked at
	TLS     *tls.Config   // nil for that of crypto/tls, with the name of the host
	Connect time.Duration // until there is a connection, and as long again until it is TLS
	Answer  time.Duration // until a piece of a request is taken, and until its answer begins
	Idle    time.Duration // between two pieces of an answer
}

// Bounds of what is kept and read.
const (
	maxHead      = 64 << 10 // bytes of one head of an answer
	maxInterim   = 8        // interim answers before the one that counts
	maxIdleConns = 64
	idleTime     = 90 * time.Second // for which a connection is kept without a request
)

// Transport is an http.RoundTripper for requests to one server, wherever their URL points. It adds
// nothing to them but their framing, and unpacks nothing.
type Transport struct {
	config Config
	addr   string // to dial
	dialer net.Dialer
	idle   idle
}

// New makes a Transport. Nothing is dialled yet.
func New(c Config) (*Transport, error) {
	if c.URL == nil || c.URL.Scheme != "http" && c.URL.Scheme != "https" || c.URL.Hostname() == "" {
		return nil, errors.New("hop: the URL must be http or https, with a host")
	}
	if c.Connect <= 0 || c.Answer <= 0 || c.Idle <= 0 {
		return nil, errors.New("hop: every time-out is needed")
	}
	host, err := httpguts.PunycodeHostPort(c.URL.Hostname())
	if err != nil {
		return nil, fmt.Errorf("hop: the host of the URL: %w", err)
	}
	port := c.URL.Port()
	t := &Transport{dialer: net.Dialer{Timeout: c.Connect, KeepAlive: 30 * time.Second}}
	if c.URL.Scheme == "https" {
		if c.TLS = c.TLS.Clone(); c.TLS == nil {
			c.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		if c.TLS.ServerName == "" {
			c.TLS.ServerName = host
		}
		if port == "" {
			port = "443"
		}
	} else if c.TLS = nil; port == "" {
		port = "80"
	}
	t.config, t.addr = c, net.JoinHostPort(host, port)
	return t, nil
}

// RoundTrip implements http.RoundTripper. The answer is a final one, or 101 with a body that is the
// connection, to read and to write. Until the body was read to its end or closed, it is bound to
// the context of the request.
//
// The body of a request that is long, or of unknown length, is read by another goroutine; it has
// ended when RoundTrip fails, or the body of the answer was closed. To end it, the body of the
// request is closed, which must make its Read return.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	err := checkRequest(r)
	if err == nil {
		err = context.Cause(r.Context())
	}
	if err != nil {
		closeBody(r)
		return nil, err
	}
	c := t.idle.take()
	if c != nil {
		answer, err := c.exchange(r)
		if !errors.Is(err, errStale) {
			return answer, err
		}
	}
	if c, err = t.dial(r.Context()); err != nil {
		closeBody(r)
		return nil, err
	}
	return c.exchange(r)
}

// CloseIdleConnections closes the connections on which nothing is under way.
func (t *Transport) CloseIdleConnections() { t.idle.close() }

// dial opens a connection.
func (t *Transport) dial(ctx context.Context) (*conn, error) {
	opened, err := t.dialer.DialContext(ctx, "tcp", t.addr)
	if err != nil {
		return nil, err
	}
	s, err := socket.New(opened)
	if err != nil {
		_ = opened.Close() // the error is what counts
		return nil, err
	}
	if t.config.TLS == nil {
		return newConn(t, s, s), nil
	}
	encrypted := tls.Client(s, t.config.TLS)
	ctx, cancel := context.WithTimeout(ctx, t.config.Connect)
	defer cancel()
	if err := encrypted.HandshakeContext(ctx); err != nil {
		_ = opened.Close() // as above
		return nil, err
	}
	return newConn(t, encrypted, s), nil
}

// closeBody ends a request that does not go out.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // what it says is of no use to anyone any more
	}
}
