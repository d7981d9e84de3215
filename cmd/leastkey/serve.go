package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/cli"
	"github.com/leastkey/leastkey/internal/config"
	"github.com/leastkey/leastkey/internal/edge/gateway"
	"github.com/leastkey/leastkey/internal/web"
)

// runServe runs control plane and gateway in front of one's own API.
func runServe(ctx context.Context, o cli.ServeOptions, getenv func(string) string, log *slog.Logger) (err error) {
	c, err := config.Load(o.Config, getenv)
	if err != nil {
		return err
	}
	cat, err := loadCatalog(c.CatalogFile)
	if err != nil {
		return err
	}
	upstreams := upstreamsOf(c)
	serves := func(cat *catalog.Catalog) error {
		if err := checkRoles(cat, c.OIDC.Rules); err != nil {
			return err
		}
		if err := gateway.Leads(cat, upstreams); err != nil && len(upstreams) > 0 {
			return err
		}
		if hidden := web.Conflicts(cat); len(hidden) > 0 && c.Dashboard == "" {
			return fmt.Errorf("the dashboard would hide %s of the catalogue, such as %s; give it an address of its own with dashboard: {listen: \"127.0.0.1:8789\"}",
				operations(len(hidden)), hidden[0])
		}
		return nil
	}
	if err := serves(cat); err != nil {
		return err
	}
	certificate, err := loadCertificate(c)
	if err != nil {
		return err
	}
	provider, err := signInAt(c)
	if err != nil {
		return err
	}
	n, err := openNode(ctx, nodeConfig{
		data: c.Data, catalog: cat, brand: c.Brand, url: c.URL, upstreams: upstreams, quota: c.Quota, log: log,
		trustedProxies: c.TrustedProxies, auditKey: c.AuditKey, keep: c.AuditKeep, leakKeys: c.LeakKeys, leakWarnOnly: c.LeakWarnOnly, provider: provider,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	if c.CatalogFile != "" {
		defer n.watchCatalog(c.CatalogFile, serves)()
	}
	if c.Health != "" {
		if err := n.listenHealth(c.Health); err != nil {
			return err
		}
	}
	if c.ForwardAuth.Listen != "" {
		at, err := n.listenForwardAuth(c.ForwardAuth)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.Stdout, "Proxies ask at http://%s/auth/nginx, /auth/caddy and /auth/traefik\n", at)
	}
	if c.ExtAuthz.Listen != "" {
		at, err := n.listenExtAuthz(c.ExtAuthz)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.Stdout, "Envoy asks at %s\n", at)
	}
	if c.Nodes.Listen != "" {
		at, err := n.listenNodes(c.Nodes, certificate)
		if err != nil {
			return err
		}
		fmt.Fprintf(o.Stdout, "Other processes follow at %s://%s\n", schemeOf(certificate), at)
	}
	addr, err := n.listen(c.Listen, certificate, c.Dashboard == "")
	if err != nil {
		return err
	}
	pages := addr
	if c.Dashboard != "" {
		if pages, err = n.listenDashboard(c.Dashboard, certificate); err != nil {
			return err
		}
	}
	scheme := schemeOf(certificate)
	if certificate == nil {
		if !isLoopback(addr) || !isLoopback(pages) {
			log.Warn("tokens and passwords travel in clear: this listens beyond loopback without TLS; set tls, or put a TLS proxy in front",
				"api", addr.String(), "dashboard", pages.String())
		}
	}
	if len(c.Discovery.Lists) > 0 {
		end, err := n.discover(c.Discovery)
		if err != nil {
			return err
		}
		defer end()
	}
	dashboard := cmp.Or(c.URL, scheme+"://"+pages.String())
	if err := n.listenOperator(c.Data, dashboard); err != nil {
		return err
	}
	fmt.Fprintf(o.Stdout, "Leastkey serves %s://%s %s; operator commands use --data %s\n", scheme, addr, places(upstreams), c.Data)
	fmt.Fprintf(o.Stdout, "The dashboard is at %s/\n", dashboard)
	if certificate == nil && isLoopback(pages) && c.URL == "" {
		fmt.Fprintln(o.Stdout, "This is plain HTTP on loopback: browsers on this machine only, and cookies without Secure.")
	}
	return n.wait(ctx)
}

func upstreamsOf(c config.Config) []gateway.Upstream {
	var list []gateway.Upstream
	for _, u := range c.Upstreams {
		list = append(list, gateway.Upstream{
			Name: u.Name, Hosts: u.Hosts, Prefix: u.Prefix, URL: u.URL, Timeouts: gateway.Timeouts(u.Timeouts),
			Credential: gateway.Header{Name: u.Credential.Header, Value: u.Credential.Value},
		})
	}
	return list
}

// places says where the upstreams are, for a person.
func places(upstreams []gateway.Upstream) string {
	if len(upstreams) == 0 {
		return "for the control plane alone"
	}
	var all []string
	for _, u := range upstreams {
		all = append(all, u.URL.String())
	}
	return "in front of " + strings.Join(all, " and ")
}

func operations(n int) string {
	if n == 1 {
		return "an operation"
	}
	return fmt.Sprintf("%d operations", n)
}

func loadCatalog(file string) (*catalog.Catalog, error) {
	if file == "" {
		return catalog.Default()
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	return catalog.Load(file, text)
}

func loadCertificate(c config.Config) (*tls.Config, error) {
	if c.Certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}, nil
}

func schemeOf(certificate *tls.Config) string {
	if certificate == nil {
		return "http"
	}
	return "https"
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
