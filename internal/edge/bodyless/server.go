// Package bodyless serves HTTP/1.1 requests that have no body, such as the questions of a proxy.
//
// It does less than net/http, so that all of it can be read, and takes less: a head with one reading,
// as package framing has it, and nothing behind it. What is anything else is answered once, and the
// connection ends. Requests on one connection are answered one after the other; there is no TLS, no
// HTTP/2, no upgrade.
//
// It takes no clock: the ticks that it is given are its time. A deadline is a tick by which a
// connection is to have gone on; whoever has not by then, his reading or writing is ended.
package bodyless

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what a Server is made of.
type Config struct {
	// Answer answers a request. It is called by many goroutines, and is not to wait for anybody.
	Answer func(*Request, *Answer)

	// Admit reports whether connections come from an address. Others are strangers: Answer is to tell
	// them so, and only a few are served at a time, so that they do not keep anybody waiting. Nil:
	// there are no strangers.
	Admit func(netip.Addr) bool

	Start time.Time        // what time it is until the first tick
	Tick  <-chan time.Time // about every second
	Log   *slog.Logger
}

// maxConnections is how many connections are served at a time. Others wait to be accepted.
const maxConnections = 4096

// maxStrangers is how many connections of strangers are. Others are closed at once.
const maxStrangers = 64

// Server answers on one listener.
type Server struct {
	Config
	seconds atomic.Int64           // the time
	date    atomic.Pointer[string] // and as answers tell it

	slots   chan struct{} // as many as connections are served
	strange chan struct{} // as many as are served of strangers
	beat    chan struct{} // has one soon after a tick
	closing chan struct{} // closed when no more connections are to be accepted
	gone    chan struct{} // closed when there are none any more

	mu          sync.Mutex
	listener    net.Listener
	connections map[*connection]struct{}
	ended       bool
}

// New checks the configuration.
func New(c Config) (*Server, error) {
	if c.Answer == nil || c.Tick == nil || c.Log == nil || c.Start.IsZero() {
		return nil, errors.New("bodyless: needs what answers, a time, ticks and a log")
	}
	s := &Server{
		Config: c, connections: map[*connection]struct{}{}, slots: make(chan struct{}, maxConnections), strange: make(chan struct{}, maxStrangers),
		beat: make(chan struct{}, 1), closing: make(chan struct{}), gone: make(chan struct{}),
	}
	s.at(c.Start)
	return s, nil
}

// Serve accepts connections until the server is shut down or closed, and gives http.ErrServerClosed
// then. It is called once.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	s.listener = l
	ended := s.ended
	s.mu.Unlock()
	if ended {
		_ = l.Close()
		return http.ErrServerClosed
	}
	go s.keepTime()
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.closing:
			return http.ErrServerClosed
		}
		c, err := l.Accept()
		if err == nil {
			s.take(c)
			continue
		}
		<-s.slots
		select {
		case <-s.closing:
			return http.ErrServerClosed
		default:
		}
		if !passing(err) {
			return err
		}
		s.Log.Warn("a proxy's connection was not accepted; trying again", "error", err)
		select {
		case <-s.beat:
		case <-s.closing:
		}
	}
}

// passing reports whether accepting may succeed later: the process has too many files open now.
func passing(err error) bool {
	var failed net.Error
	return errors.As(err, &failed) && failed.Temporary() //nolint:staticcheck // of accept it says just this, as net/http uses it
}

// take serves a connection for which there is a slot; a stranger's in one of theirs, if there is any.
func (s *Server) take(on net.Conn) {
	c := newConnection(s, on)
	if s.Admit == nil || s.Admit(c.request.Peer) {
		s.open(c, s.slots)
		return
	}
	<-s.slots
	select {
	case s.strange <- struct{}{}:
		s.open(c, s.strange)
	default:
		_ = on.Close()
	}
}

// open serves a connection, in a goroutine of its own, and gives its slot back.
func (s *Server) open(c *connection, slots <-chan struct{}) {
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.connections[c] = struct{}{}
	}
	s.mu.Unlock()
	if ended {
		_ = c.Close()
		<-slots
		return
	}
	go func() {
		defer s.closed(c, slots)
		c.serve()
	}()
}

func (s *Server) closed(c *connection, slots <-chan struct{}) {
	_ = c.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
	<-slots
	if s.ended && len(s.connections) == 0 {
		close(s.gone)
	}
}

// Shutdown accepts no more, and lets every request that is being answered get its answer, as long as
// the context does not end.
func (s *Server) Shutdown(ctx context.Context) error { return s.end(ctx, (*connection).finish) }

// Close ends everything at once.
func (s *Server) Close() error {
	return s.end(context.Background(), func(c *connection) { _ = c.Close() })
}

// end says to every connection that it is the end, and waits until they are gone.
func (s *Server) end(ctx context.Context, say func(*connection)) error {
	s.mu.Lock()
	first := !s.ended
	if first {
		s.ended = true
		close(s.closing)
		if len(s.connections) == 0 {
			close(s.gone)
		}
	}
	var err error
	if first && s.listener != nil {
		err = s.listener.Close()
	}
	connections := slices.Collect(maps.Keys(s.connections))
	s.mu.Unlock()
	for _, c := range connections {
		say(c)
	}
	select {
	case <-s.gone:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
