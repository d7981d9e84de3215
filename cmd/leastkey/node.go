package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/edge/gateway"
	"github.com/leastkey/leastkey/internal/edge/throttle"
	"github.com/leastkey/leastkey/internal/httpapi"
	"github.com/leastkey/leastkey/internal/leak"
	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/sqlite"
	"github.com/leastkey/leastkey/internal/usage"
	"github.com/leastkey/leastkey/internal/web"
)

// nodeConfig is what one process that is control plane and gateway at once is made of.
type nodeConfig struct {
	data           string
	catalog        *catalog.Catalog
	brand          leastkey.Brand
	url            string // how people reach the dashboard; empty: as each request says
	upstreams      []gateway.Upstream
	trustedProxies []netip.Prefix
	quota          throttle.Quota
	auditKey       string        // that signs checkpoints; empty: one in the data directory
	keep           time.Duration // audit rows; 0: for ever
	leakKeys       leak.Keys     // of who may report leaked secrets
	leakWarnOnly   bool
	provider       login.OIDC // at which people sign in; zero: none
	log            *slog.Logger
}

// node is control plane and gateway in one process, over one SQLite database.
type node struct {
	control *control.Control
	state   *guard.State
	guard   *guard.Guard
	gateway *gateway.Gateway
	site    *web.Site
	leaks   http.Handler // takes leaked secrets
	api     *httpapi.API
	record  func() error // ends the recording of uses, when no more requests come
	log     *slog.Logger

	store   *sqlite.Store
	signer  *audit.Signer
	keep    time.Duration
	servers []server
	failed  chan error // what ends the process: a server that stopped by itself

	dashboard atomic.Pointer[string] // where it listens by itself; nil: with the API
	people    *login.Login
}

// openNode opens the database and puts the parts together. Nothing listens yet.
func openNode(ctx context.Context, c nodeConfig) (*node, error) {
	store, err := sqlite.Open(ctx, filepath.Join(c.data, "leastkey.db"))
	if err != nil {
		return nil, err
	}
	n := &node{store: store, state: guard.NewState(c.catalog), log: c.log, failed: make(chan error, 4)}
	if err := n.assemble(ctx, c); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return n, nil
}

func (n *node) assemble(ctx context.Context, c nodeConfig) (err error) {
	if n.signer, err = auditSigner(c.data, c.auditKey); err != nil {
		return fmt.Errorf("the key of the audit log: %w", err)
	}
	n.keep = c.keep
	n.control, err = control.Open(ctx, control.Config{
		Store: n.store, Catalog: c.catalog, Nodes: n.state, Brand: c.brand,
		Now: time.Now, Random: rand.Reader, Log: c.log,
	})
	if err != nil {
		return err
	}
	uses := usage.New(n.control, c.log)
	n.guard, err = guard.New(guard.Config{State: n.state, Brand: c.brand, Now: time.Now, Observe: uses.Observe})
	if err != nil {
		return err
	}
	if n.api, err = httpapi.New(n.control, c.catalog, httpapi.Explainer{Guard: n.guard, Dashboard: n.dashboardFor(c)}, time.Now, c.log); err != nil {
		return err
	}
	secure := func(r *http.Request) bool {
		return strings.HasPrefix(c.url, "https://") || gateway.Encrypted(r, c.trustedProxies)
	}
	n.people, err = login.New(login.Config{OIDC: c.provider, Control: n.control, Secure: secure, Now: time.Now, Random: rand.Reader, Log: c.log})
	if err != nil {
		return err
	}
	addr := func(r *http.Request) netip.Addr { return guard.ClientAddr(guard.Peer(r), r.Header, c.trustedProxies) }
	handIn := throttle.New(throttle.Quota{Requests: httpapi.LeakQuota, Per: httpapi.LeakQuotaPeriod}, time.Now)
	n.leaks = n.api.LeakHandler(httpapi.Leaks{Brand: c.brand, Keys: c.leakKeys, WarnOnly: c.leakWarnOnly, Addr: addr, Throttle: handIn})
	n.site, err = web.New(web.Config{
		Control: n.control, Catalog: n.control.Catalog, Guard: n.guard, Login: n.people, URL: c.url, Secure: secure,
		Addr: addr, Brand: c.brand,
		Now: time.Now, Random: rand.Reader, Log: c.log,
	})
	if err != nil {
		return err
	}
	n.gateway, err = gateway.New(gateway.Config{
		Guard: n.guard, Upstreams: c.upstreams, Control: n.api,
		Registry: registry{n.control}, TrustedProxies: c.trustedProxies,
		Throttle: throttle.New(c.quota, time.Now), Log: c.log,
	})
	if err != nil {
		return err
	}
	n.record = recording(uses)
	return nil
}

// recording flushes uses at their interval, until what it gives is called.
func recording(uses *usage.Recorder) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	tick := time.NewTicker(usage.Interval)
	ended := make(chan error, 1)
	go func() { ended <- uses.Run(ctx, tick.C) }()
	return func() error {
		cancel()
		tick.Stop()
		return <-ended
	}
}

// listen answers the API on addr, with TLS when there is a certificate; and the dashboard, unless
// that has a listener of its own.
func (n *node) listen(addr string, certificate *tls.Config, dashboard bool) (net.Addr, error) {
	o := outermost{leaks: n.leaks, gateway: n.gateway}
	if dashboard {
		o.dashboard = n.site
	}
	return n.open(addr, certificate, o)
}

// listenDashboard answers the dashboard alone.
func (n *node) listenDashboard(addr string, certificate *tls.Config) (net.Addr, error) {
	at, err := n.open(addr, certificate, n.site)
	if err == nil {
		scheme := "https://"
		if certificate == nil {
			scheme = "http://"
		}
		where := scheme + at.String()
		n.dashboard.Store(&where)
	}
	return at, err
}

// dashboardFor says where whoever made a request to the API finds the dashboard.
func (n *node) dashboardFor(c nodeConfig) func(*http.Request) string {
	return func(r *http.Request) string {
		if c.url != "" {
			return c.url
		}
		if own := n.dashboard.Load(); own != nil {
			return *own
		}
		if gateway.Encrypted(r, c.trustedProxies) {
			return "https://" + r.Host
		}
		return "http://" + r.Host
	}
}

func (n *node) open(addr string, certificate *tls.Config, handler http.Handler) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	at := l.Addr()
	if certificate != nil {
		l = tls.NewListener(l, certificate)
	}
	n.serve(gateway.NewServer(handler, n.log), gateway.Listen(l))
	return at, nil
}

// outermost gives the gateway every request but the dashboard's, and those that hand in leaked secrets. A
// ServeMux would clean paths and redirect, and so answer requests that nobody decided.
type outermost struct {
	dashboard      http.Handler // nil: it is elsewhere
	leaks, gateway http.Handler
}

func (o outermost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case httpapi.IsLeak(r.RequestURI):
		o.leaks.ServeHTTP(w, r)
	case o.dashboard != nil && web.Owns(r.RequestURI):
		o.dashboard.ServeHTTP(w, r)
	default:
		o.gateway.ServeHTTP(w, r)
	}
}

// listenOperator opens the operator's socket in the data directory. Only the owner of the
// process may connect to it: that is the operator's credential.
func (n *node) listenOperator(data, dashboard string) error {
	path := filepath.Join(data, api.OperatorSocket)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("the operator's socket: %w (a path of %d bytes may be too long; choose a shorter data directory)", err, len(path))
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, l.Close())
	}
	n.serve(plainServer(n.api.Operator(dashboard, n.signer), n.log), l)
	return nil
}

// listenHealth answers /livez and /readyz.
func (n *node) listenHealth(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		revision, sure := n.state.Revision()
		if !sure {
			http.Error(w, "the state is not certain; requests are refused", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready at revision", revision)
	})
	n.serve(plainServer(mux, n.log), l)
	return nil
}

func plainServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

// server is what answers on a listener: a http.Server, or one of another protocol.
type server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error // lets what runs end
	Close() error                   // and this does not
}

func (n *node) serve(s server, l net.Listener) {
	n.servers = append(n.servers, s)
	go func() {
		if err := s.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			n.failed <- err
		}
	}()
}

// wait serves until the context ends or a server fails, and keeps the state certain meanwhile.
func (n *node) wait(ctx context.Context) error {
	heal, sweep := time.NewTicker(time.Second), time.NewTicker(time.Hour)
	defer heal.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-n.failed:
			return err
		case <-heal.C:
			n.control.Heal(ctx)
		case <-sweep.C:
			if err := n.control.SweepSessions(ctx); err != nil {
				n.log.Warn("sessions that are over were not removed", "error", err)
			}
			n.keepAudit(ctx)
		}
	}
}

// close lets running requests end, for a while, then closes the database.
func (n *node) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	var errs []error
	for _, s := range n.servers {
		err := s.Shutdown(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			n.log.Warn("requests were still running at the end; their connections are closed")
			err = s.Close()
		}
		errs = append(errs, err)
	}
	if n.people != nil {
		n.people.Wait()
	}
	return errors.Join(append(errs, n.record(), n.store.Close())...)
}
