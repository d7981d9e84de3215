// Package nodetest runs a whole node in a test: the control plane over a SQLite database in a
// directory of the test, the guard, the gateway, and the sample product behind it. Everything is
// the real thing but the clock and the randomness.
package nodetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"path/filepath"
	"sync"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/demo"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/edge/gateway"
	"github.com/leastkey/leastkey/internal/edge/throttle"
	"github.com/leastkey/leastkey/internal/httpapi"
	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/sqlite"
	"github.com/leastkey/leastkey/internal/usage"
	"github.com/leastkey/leastkey/internal/web"
)

// Config is what a test may want otherwise. Zero fields take the default.
type Config struct {
	Quota  throttle.Quota                    // none
	Limits control.Limits                    // those of the wire contract
	Random io.Reader                         // NewRandom(1)
	Store  func(control.Store) control.Store // puts something between the control plane and its store
	Login  login.Limits                      // those of package login
	Empty  bool                              // without people, accounts and zones
	OIDC   func(*Node) login.OIDC            // none
}

// Node is a running node and the world in it.
type Node struct {
	World
	Clock   *Clock
	Catalog *catalog.Catalog
	Store   control.Store // without what Config.Store put in between
	State   *guard.State
	Guard   *guard.Guard
	Control *control.Control
	API     *httpapi.API
	Signer  *audit.Signer // of checkpoints of the audit log
	Product *demo.Product
	Log     *Log

	config Config
	dir    string
	// Login and Site are the dashboard; Uses is what it is told of, handed on by Uses.Flush.
	Login *login.Login
	Site  *web.Site
	Uses  *usage.Recorder

	handler  http.Handler
	upstream *httptest.Server
}

// TheCatalog is the default catalogue, loaded once: it never changes.
var TheCatalog = sync.OnceValue(func() *catalog.Catalog {
	c, err := catalog.Default()
	if err != nil {
		panic(err)
	}
	return c
})

// DashboardURL is where explanations say that the dashboard is.
const DashboardURL = "http://dashboard.example"

const upstreamKey = "the key by which the product knows the gateway"

// Start starts a node that stops with the test.
func Start(t testing.TB, c Config) *Node {
	t.Helper()
	if c.Random == nil {
		c.Random = NewRandom(1)
	}
	n := &Node{Clock: NewClock(), Catalog: TheCatalog(), Log: &Log{}, config: c, dir: t.TempDir()}
	n.open(t)
	t.Cleanup(func() { n.Stop(t) })
	if !c.Empty {
		n.World = n.people(t)
	}
	return n
}

// Stop stops the node. It may be stopped already.
func (n *Node) Stop(t testing.TB) {
	t.Helper()
	if n.upstream == nil {
		return
	}
	n.upstream.Close()
	n.upstream = nil
	n.Login.Wait()
	if err := errors.Join(n.Store.Close(), n.Product.Close()); err != nil {
		t.Errorf("stop the node: %v", err)
	}
}

// Restart stops the node and starts it again on the same directory, with what Catalog is by then.
func (n *Node) Restart(t testing.TB) {
	t.Helper()
	n.Stop(t)
	n.open(t)
}

// Dir is where the node keeps its data.
func (n *Node) Dir() string { return n.dir }

// Database is the file of the control plane's store; its write-ahead log stands beside it.
func (n *Node) Database() string { return filepath.Join(n.dir, "leastkey.db") }

func (n *Node) open(t testing.TB) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("start a node: %v", err)
		}
	}
	ctx, log := context.Background(), slog.New(slog.NewTextHandler(n.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	n.Product, err = demo.Open(ctx, demo.Config{Dir: n.dir, UpstreamKey: upstreamKey, Log: log, Now: n.Clock.Now, Rand: n.config.Random})
	must(err)
	n.upstream = httptest.NewServer(n.Product.Handler())
	n.Store, err = sqlite.Open(ctx, n.Database())
	must(err)
	store := n.Store
	if n.config.Store != nil {
		store = n.config.Store(store)
	}
	n.State = guard.NewState(n.Catalog)
	n.Control, err = control.Open(ctx, control.Config{Store: store, Catalog: n.Catalog, Nodes: n.State,
		Brand: leastkey.DefaultBrand, Limits: n.config.Limits, Now: n.Clock.Now, Random: n.config.Random, Log: log})
	must(err)
	n.Uses = usage.New(n.Control, log)
	n.Guard, err = guard.New(guard.Config{State: n.State, Brand: leastkey.DefaultBrand, Now: n.Clock.Now, Observe: n.Uses.Observe})
	must(err)
	if n.Signer == nil {
		key, err := audit.NewKey(NewRandom(62))
		if err != nil {
			t.Fatal(err)
		}
		if n.Signer, err = audit.NewSigner(key); err != nil {
			t.Fatal(err)
		}
	}
	n.API, err = httpapi.New(n.Control, n.Catalog, httpapi.Explainer{Guard: n.Guard, Dashboard: func(*http.Request) string { return DashboardURL }}, n.Clock.Now, log)
	must(err)
	secure := func(r *http.Request) bool { return r.TLS != nil }
	var at login.OIDC
	if n.config.OIDC != nil {
		at = n.config.OIDC(n)
	}
	n.Login, err = login.New(login.Config{OIDC: at, Control: n.Control, Secure: secure, Limits: n.config.Login, Now: n.Clock.Now, Random: n.config.Random, Log: log})
	must(err)
	n.Site, err = web.New(web.Config{Control: n.Control, Catalog: n.Control.Catalog, Guard: n.Guard, Login: n.Login, Brand: leastkey.DefaultBrand, Secure: secure,
		Addr: func(r *http.Request) netip.Addr { return guard.ClientAddr(guard.Peer(r), r.Header, nil) }, Now: n.Clock.Now, Random: n.config.Random, Log: log})
	must(err)
	upstream, err := url.Parse(n.upstream.URL)
	must(err)
	n.handler, err = gateway.New(gateway.Config{Guard: n.Guard, Upstreams: []gateway.Upstream{{URL: upstream, Credential: gateway.Header{Name: "Upstream-Key", Value: upstreamKey}}},
		Control: n.API, Registry: registry{n.Control}, Throttle: throttle.New(n.config.Quota, n.Clock.Now), Log: log})
	must(err)
}

// registry tells the control plane what requests made and removed upstream.
type registry struct{ control *control.Control }

func (r registry) Created(ctx context.Context, v guard.Verdict, made leastkey.Resource, name string, parent leastkey.Resource) error {
	_, err := r.control.RegisterCreated(ctx, behind(v), made, name, parent)
	return err
}

func (r registry) Renamed(ctx context.Context, v guard.Verdict, renamed leastkey.Resource, name string) error {
	return r.control.RenamedUpstream(ctx, behind(v), renamed, name)
}

func (r registry) Moved(ctx context.Context, v guard.Verdict, moved, parent leastkey.Resource) error {
	return r.control.MovedUpstream(ctx, behind(v), moved, parent)
}

func (r registry) Deleted(ctx context.Context, v guard.Verdict, gone leastkey.Resource) error {
	return r.control.UnregisterDeleted(ctx, behind(v), gone)
}

func behind(v guard.Verdict) control.Caller {
	return control.Caller{Credential: v.Credential.ID, Principal: v.Credential.Principal, Addr: v.Addr}
}

// Log keeps all that was logged.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives all lines so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
