package chain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/leastkey/leastkey/bench/harness"
	"github.com/leastkey/leastkey/bench/store"
	"github.com/leastkey/leastkey/bench/workload"
	"github.com/leastkey/leastkey/catalog"
)

// world is every server that runs, where it listens, and what is sent.
type world struct {
	dir       string
	binary    string
	where     at
	processes map[string]*harness.Process

	direct, asked, big [][]byte
	questions          []*auth.CheckRequest
}

// The names of processes. Addresses have the names of rows' servers too.
const (
	pNginx      = "nginx"
	pCaddy      = "caddy"
	pLeastkey   = "leastkey"
	pLeastkey2  = "leastkey-2"
	pUpstream   = "net-http-200"
	pFast200    = "fasthttp-200"
	pFast204    = "fasthttp-204"
	pHTTP204    = "net-http-204"
	pOurs204    = "bodyless-204"
	pFastProxy  = "fasthttp-proxy"
	pReverse    = "reverse-proxy"
	pGRPC       = "grpc"
	gatewayOn2  = "gateway-2"
	forwardAuth = "forward-auth"
	extAuthz    = "ext-authz"
	nginx200    = "nginx-200"
	nginxProxy  = "nginx-proxy"
	nginxFast   = "nginx-ask-fasthttp"
	nginxHTTP   = "nginx-ask-net-http"
	nginxOurs   = "nginx-ask-leastkey"
	nginxFastTo = "nginx-ask-fasthttp-proxy"
	nginxHTTPTo = "nginx-ask-net-http-proxy"
	nginxOursTo = "nginx-ask-leastkey-proxy"
	caddyProxy  = "caddy-proxy"
	caddyHTTP   = "caddy-ask-net-http"
	caddyOurs   = "caddy-ask-leastkey"
	caddyHTTPTo = "caddy-ask-net-http-proxy"
	caddyOursTo = "caddy-ask-leastkey-proxy"
)

// open starts everything that is there to be started.
func open(ctx context.Context, p Plan) (w *world, err error) {
	w = &world{dir: p.Dir, binary: p.Binary, where: at{}, processes: map[string]*harness.Process{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	if err := w.requests(ctx, p); err != nil {
		return w, err
	}
	for _, role := range []string{pUpstream, pFast200, pFast204, pHTTP204, pOurs204, pGRPC} {
		if err := w.own(role, ""); err != nil {
			return w, err
		}
	}
	for _, role := range []string{pFastProxy, pReverse} {
		if err := w.own(role, w.where[pUpstream]); err != nil {
			return w, err
		}
	}
	if err := w.ours(pLeastkey, 1, pLeastkey, forwardAuth, extAuthz); err != nil {
		return w, err
	}
	if err := w.ours(pLeastkey2, 2, gatewayOn2, "", ""); err != nil {
		return w, err
	}
	return w, w.proxies(p)
}

// requests fills two databases with the workload, one for each gateway, and makes what is sent.
func (w *world) requests(ctx context.Context, p Plan) error {
	cat, err := catalog.Default()
	if err != nil {
		return err
	}
	tokens, err := workload.New(cat, p.Seed, p.Tokens)
	if err != nil {
		return err
	}
	for _, name := range []string{pLeastkey, pLeastkey2} {
		data := filepath.Join(w.dir, name, "data")
		if err := os.MkdirAll(data, 0o700); err != nil {
			return err
		}
		if err := store.Fill(ctx, filepath.Join(data, "leastkey.db"), tokens); err != nil {
			return err
		}
	}
	cases, err := allowed(tokens, p.Requests)
	for _, c := range cases {
		w.direct, w.big, w.asked = append(w.direct, raw(c, "")), append(w.big, raw(c, bigQuery)), append(w.asked, asked(c))
		w.questions = append(w.questions, question(c))
	}
	return err
}

func (w *world) own(role, to string) (err error) {
	w.processes[role], w.where[role], err = own(role, to, 1)
	return err
}

func (w *world) ours(name string, cores int, gateway, forward, authz string) error {
	p, at1, at2, at3, err := leastkey(w.binary, filepath.Join(w.dir, name), w.where[pUpstream], cores)
	if err != nil {
		return err
	}
	w.processes[name], w.where[gateway], w.where[forward], w.where[authz] = p, at1, at2, at3
	return nil
}

func (w *world) proxies(p Plan) (err error) {
	up, fast, plain, ours := w.where[pUpstream], w.where[pFast204], w.where[pHTTP204], w.where[forwardAuth]
	if nginxBinary() == "" {
		p.Log("nginx is not there: its rows are left out")
	} else if w.processes[pNginx], err = nginx(w.dir, []nginxSite{
		{nginx200, "", ""}, {nginxProxy, "", up}, {nginxFast, fast, ""}, {nginxHTTP, plain, ""}, {nginxOurs, ours, ""},
		{nginxFastTo, fast, up}, {nginxHTTPTo, plain, up}, {nginxOursTo, ours, up},
	}, w.where); err != nil {
		return err
	}
	if caddyBinary() == "" {
		p.Log("Caddy is not there: its rows are left out")
		return nil
	}
	w.processes[pCaddy], err = caddy(w.dir, []caddySite{
		{caddyProxy, "", up}, {caddyHTTP, plain, ""}, {caddyOurs, ours, ""}, {caddyHTTPTo, plain, up}, {caddyOursTo, ours, up},
	}, w.where)
	return err
}

func (w *world) close() error {
	var errs []error
	for name, p := range w.processes {
		if p == nil {
			continue
		}
		if err := p.Stop(); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

// pids are those of the processes of these names.
func (w *world) pids(names []string) (all []int) {
	for _, name := range names {
		all = append(all, w.processes[name].PIDs()...)
	}
	return all
}

// has reports whether all of these processes run.
func (w *world) has(names []string) bool {
	for _, name := range names {
		if w.processes[name] == nil {
			return false
		}
	}
	return true
}
