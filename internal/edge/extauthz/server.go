package extauthz

import (
	"context"
	"net"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"github.com/leastkey/leastkey/internal/edge/socket"
)

// Bounds of what a proxy may send.
const (
	maxQuestion = 4 << 20 // bytes, with the body of the request
	maxStreams  = 1024    // questions at a time, on one connection
)

// workers are goroutines that answer one question after the other. A goroutine for each question begins
// with a small stack, and copying it as it grows is a tenth of what an answer costs.
const workers = 64

// Server answers Envoy.
type Server struct{ grpc *grpc.Server }

// NewServer checks the configuration.
func NewServer(c Config) (*Server, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	s := newGRPC()
	auth.RegisterAuthorizationServer(s, &authorization{Config: c, names: knownNames()})
	return &Server{s}, nil
}

func newGRPC() *grpc.Server {
	return grpc.NewServer(
		grpc.NumStreamWorkers(workers),
		grpc.MaxRecvMsgSize(maxQuestion),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
	)
}

// Serve answers on a listener until the server is shut down or closed, and is nil then. A connection
// that died is found by pings alone: grpc-go knows of no other bound for one that is a socket.Conn.
func (s *Server) Serve(l net.Listener) error { return s.grpc.Serve(socket.Listen(l)) }

// Shutdown lets questions that are being answered end, as long as the context does not.
func (s *Server) Shutdown(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends everything at once.
func (s *Server) Close() error {
	s.grpc.Stop()
	return nil
}
