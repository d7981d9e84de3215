package hostile

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/edge/forwardauth"
	"github.com/leastkey/leastkey/internal/edge/gateway"
)

// front starts what stands before an upstream, with the world's guard, and gives its address.
type front func(t *testing.T, w *edgetest.World, upstream string) (addr string)

func throughGateway(t *testing.T, w *edgetest.World, upstream string) string {
	g, err := gateway.New(gateway.Config{
		Guard: w.Guard, Log: slog.New(slog.DiscardHandler), Control: nobody{}, Registry: nobody{},
		Upstreams: []gateway.Upstream{{
			URL:        &url.URL{Scheme: "http", Host: upstream},
			Credential: gateway.Header{Name: edgetest.CredentialName, Value: edgetest.CredentialValue},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, gateway.NewServer(g, slog.New(slog.DiscardHandler)), gateway.Listen)
}

// nobody serves and registers nothing: no hostile request gets as far.
type nobody struct{}

func (nobody) ServeVerdict(w http.ResponseWriter, _ *http.Request, _ guard.Verdict) {
	w.WriteHeader(http.StatusNotImplemented)
}

func (nobody) Refused(context.Context, guard.Verdict) {}

func (nobody) Created(context.Context, guard.Verdict, leastkey.Resource, string, leastkey.Resource) error {
	return http.ErrNotSupported
}

func (nobody) Renamed(context.Context, guard.Verdict, leastkey.Resource, string) error {
	return http.ErrNotSupported
}

func (nobody) Moved(context.Context, guard.Verdict, leastkey.Resource, leastkey.Resource) error {
	return http.ErrNotSupported
}

func (nobody) Deleted(context.Context, guard.Verdict, leastkey.Resource) error {
	return http.ErrNotSupported
}

// asked serves the answers for a proxy.
func asked(t *testing.T, w *edgetest.World) (addr string) {
	s, err := forwardauth.NewServer(forwardauth.Config{
		Guard: w.Guard, Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Start: time.Now(), Tick: time.Tick(time.Second), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, s, func(l net.Listener) net.Listener { return l })
}

// serve runs a server as a node does.
func serve(t *testing.T, s interface {
	Serve(net.Listener) error
	Close() error
}, wrap func(net.Listener) net.Listener) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(wrap(l)) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	return l.Addr().String()
}
