package gateway

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// Law 5: the decision and the upstream are about the same request.
func TestLaw5HostileRequests(t *testing.T) {
	edgetest.Run(t, func(t *testing.T, w *edgetest.World, u *edgetest.Upstream) string {
		return serve(t, newGateway(t, Config{Guard: w.Guard, Upstreams: to(u.URL)}))
	})
}

// to is one upstream for everything.
func to(at *url.URL) []Upstream { return []Upstream{{URL: at}} }

// newGateway completes a configuration.
func newGateway(t *testing.T, c Config) *Gateway {
	t.Helper()
	for i := range c.Upstreams {
		c.Upstreams[i].Credential = Header{edgetest.CredentialName, edgetest.CredentialValue}
	}
	if c.Control == nil {
		c.Control = answers{}
	}
	if c.Registry == nil {
		c.Registry = &registry{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	g, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, u := range g.upstreams {
			if own, ok := u.Transport.(interface{ CloseIdleConnections() }); ok {
				own.CloseIdleConnections()
			}
		}
	})
	return g
}

// serve runs a handler as it is run in the product, and gives its address.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := NewServer(h, slog.New(slog.NewTextHandler(io.Discard, nil)))
	done := make(chan error, 1)
	go func() { done <- server.Serve(Listen(l)) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return l.Addr().String()
}

// answers is a control plane that says what it was asked.
type answers struct{}

func (answers) Refused(context.Context, guard.Verdict) {}

func (answers) ServeVerdict(w http.ResponseWriter, r *http.Request, v guard.Verdict) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("X-Operation", v.Operation.String())
	_, _ = w.Write(body)
}

// registry is a Registry in memory.
type registry struct {
	fails   error
	created []created
	deleted []leastkey.Resource
	renamed []created
	moved   []created
}

func (r *registry) Renamed(_ context.Context, _ guard.Verdict, resource leastkey.Resource, name string) error {
	r.renamed = append(r.renamed, created{resource: resource, name: name})
	return r.fails
}

func (r *registry) Moved(_ context.Context, _ guard.Verdict, resource, parent leastkey.Resource) error {
	r.moved = append(r.moved, created{resource: resource, parent: parent})
	return r.fails
}

type created struct {
	resource leastkey.Resource
	name     string
	parent   leastkey.Resource
}

func (r *registry) Created(_ context.Context, _ guard.Verdict, resource leastkey.Resource, name string, parent leastkey.Resource) error {
	if r.fails != nil {
		return r.fails
	}
	r.created = append(r.created, created{resource, name, parent})
	return nil
}

func (r *registry) Deleted(_ context.Context, _ guard.Verdict, resource leastkey.Resource) error {
	if r.fails != nil {
		return r.fails
	}
	r.deleted = append(r.deleted, resource)
	return nil
}
