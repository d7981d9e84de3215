package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/demo"
	"github.com/leastkey/leastkey/internal/cli"
	"github.com/leastkey/leastkey/internal/edge/gateway"
	"github.com/leastkey/leastkey/internal/edge/throttle"
)

// runDemo runs everything in one process: control plane, gateway, and behind it the sample
// product with its DNS server.
func runDemo(ctx context.Context, o cli.DemoOptions, log *slog.Logger) (err error) {
	cat, err := catalog.Default()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(o.Data, 0o700); err != nil {
		return err
	}
	product, upstream, err := startProduct(ctx, o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, upstream.close(), product.Close()) }()

	n, err := openNode(ctx, nodeConfig{
		data: o.Data, catalog: cat, brand: leastkey.DefaultBrand, quota: throttle.DefaultQuota, log: log,
		upstreams: []gateway.Upstream{{Name: "demo", URL: upstream.url, Credential: gateway.Header{Name: "Upstream-Key", Value: upstream.key}}},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()

	if err := removeReady(o.ReadyFile); err != nil {
		return err
	}
	seeds, err := seed(ctx, n.control, cat, product, o.Data)
	if err != nil {
		return fmt.Errorf("seed the demo: %w", err)
	}
	if err := seeds.forget(ctx, n); err != nil {
		return err
	}
	if err := writeAuthorities(ctx, product, o.Data, seeds); err != nil {
		return err
	}
	dns, err := product.ServeDNS(ctx, o.DNS)
	if err != nil {
		return err
	}
	addr, err := n.listen(o.Listen, nil, true)
	if err != nil {
		return err
	}
	if err := n.listenOperator(o.Data, "http://"+addr.String()); err != nil {
		return err
	}
	seeds.API = "http://" + addr.String() + "/client/v4"
	seeds.Dashboard = "http://" + addr.String() + "/"
	seeds.DNS = dns.String()
	if err := seeds.addSignInLinks(ctx, n.control); err != nil {
		return err
	}
	if err := seeds.writeFile(o.ReadyFile); err != nil {
		return err
	}
	seeds.print(o)
	return n.wait(ctx)
}

// writeAuthorities writes down by what origin certificates can be verified.
func writeAuthorities(ctx context.Context, product *demo.Product, dir string, s *seeds) error {
	withRSA, withECC, err := product.Authorities(ctx)
	if err != nil {
		return err
	}
	s.OriginCA.RSA, s.OriginCA.ECC = filepath.Join(dir, "origin-ca-rsa.pem"), filepath.Join(dir, "origin-ca-ecc.pem")
	return errors.Join(writeWhole(s.OriginCA.RSA, withRSA), writeWhole(s.OriginCA.ECC, withECC))
}

// product as an upstream: on a port of its own, with a key that lives as long as the process.
type productServer struct {
	url    *url.URL
	key    string
	server *http.Server
}

func startProduct(ctx context.Context, o cli.DemoOptions, log *slog.Logger) (*demo.Product, *productServer, error) {
	key := rand.Text()
	product, err := demo.Open(ctx, demo.Config{Dir: o.Data, UpstreamKey: key, Log: log, Now: time.Now, Rand: rand.Reader})
	if err != nil {
		return nil, nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, errors.Join(err, product.Close())
	}
	s := &productServer{url: &url.URL{Scheme: "http", Host: l.Addr().String()}, key: key, server: plainServer(product.Handler(), log)}
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the sample product stopped", "error", err)
		}
	}()
	return product, s, nil
}

// close ends the upstream. The gateway in front of it is closed by then, so nothing is under way;
// waiting would only be for connections that were never used.
func (s *productServer) close() error { return s.server.Close() }
