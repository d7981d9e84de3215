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
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/edge/gateway"
	"github.com/leastkey/leastkey/internal/edge/throttle"
	"github.com/leastkey/leastkey/internal/httpapi"
	"github.com/leastkey/leastkey/internal/sqlite"
)

// nodeConfig is what one process that is control plane and gateway at once is made of.
type nodeConfig struct {
	data           string
	catalog        *catalog.Catalog
	brand          leastkey.Brand
	upstream       *url.URL
	credential     gateway.Header
	trustedProxies []netip.Prefix
	quota          throttle.Quota
	log            *slog.Logger
}

// node is control plane and gateway in one process, over one SQLite database.
type node struct {
	control *control.Control
	state   *guard.State
	handler http.Handler
	api     *httpapi.API
	log     *slog.Logger

	store   *sqlite.Store
	servers []*http.Server
	failed  chan error // what ends the process: a server that stopped by itself
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
	n.control, err = control.Open(ctx, control.Config{
		Store: n.store, Catalog: c.catalog, Nodes: n.state, Brand: c.brand,
		Now: time.Now, Random: rand.Reader, Log: c.log,
	})
	if err != nil {
		return err
	}
	decide, err := guard.New(guard.Config{Catalog: c.catalog, State: n.state, Brand: c.brand, Now: time.Now})
	if err != nil {
		return err
	}
	if n.api, err = httpapi.New(n.control, c.catalog, time.Now, c.log); err != nil {
		return err
	}
	n.handler, err = gateway.New(gateway.Config{
		Guard: decide, Upstream: c.upstream, Credential: c.credential, Control: n.api,
		Registry: registry{n.control}, TrustedProxies: c.trustedProxies,
		Throttle: throttle.New(c.quota, time.Now), Log: c.log,
	})
	return err
}

// listen answers the API on addr, with TLS when there is a certificate.
func (n *node) listen(addr string, certificate *tls.Config) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	at := l.Addr()
	if certificate != nil {
		l = tls.NewListener(l, certificate)
	}
	n.serve(gateway.NewServer(outermost{http.HandlerFunc(landing), n.handler}, n.log), gateway.Listen(l))
	return at, nil
}

// outermost gives the gateway every request but those for the root page. A ServeMux would clean
// paths and redirect, and so answer requests that nobody decided.
type outermost struct {
	root, gateway http.Handler
}

func (o outermost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.RequestURI == "/" && r.Method == http.MethodGet {
		o.root.ServeHTTP(w, r)
		return
	}
	o.gateway.ServeHTTP(w, r)
}

// listenOperator opens the operator's socket in the data directory. Only the owner of the
// process may connect to it: that is the operator's credential.
func (n *node) listenOperator(data string) error {
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
	n.serve(plainServer(n.api.Operator(), n.log), l)
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

func (n *node) serve(s *http.Server, l net.Listener) {
	n.servers = append(n.servers, s)
	go func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			n.failed <- err
		}
	}()
}

// wait serves until the context ends or a server fails, and keeps the state certain meanwhile.
func (n *node) wait(ctx context.Context) error {
	heal := time.NewTicker(time.Second)
	defer heal.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-n.failed:
			return err
		case <-heal.C:
			n.control.Heal(ctx)
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
	return errors.Join(append(errs, n.store.Close())...)
}

// landing is what a browser finds at the root: where things are.
func landing(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	fmt.Fprint(w, `<!doctype html><html lang="en"><title>Leastkey</title><h1>Leastkey</h1>
<p>Scoped API tokens. The API is at <code>/client/v4</code>; <code>leastkey token create</code>, on the command line of the same program, makes a token.</p></html>
`)
}
