package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/cli"
	"github.com/leastkey/leastkey/internal/config"
	"github.com/leastkey/leastkey/internal/edge/gateway"
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
	certificate, err := loadCertificate(c)
	if err != nil {
		return err
	}
	n, err := openNode(ctx, nodeConfig{
		data: c.Data, catalog: cat, brand: c.Brand, upstream: c.Upstream, quota: c.Quota, log: log,
		credential: gateway.Header{Name: c.Credential.Header, Value: c.Credential.Value}, trustedProxies: c.TrustedProxies,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	if err := n.listenOperator(c.Data); err != nil {
		return err
	}
	if c.Health != "" {
		if err := n.listenHealth(c.Health); err != nil {
			return err
		}
	}
	addr, err := n.listen(c.Listen, certificate)
	if err != nil {
		return err
	}
	scheme := "https"
	if certificate == nil {
		scheme = "http"
		if !isLoopback(addr) {
			log.Warn("tokens travel in clear: this listens beyond loopback without TLS; set tls, or put a TLS proxy in front", "address", addr.String())
		}
	}
	fmt.Fprintf(o.Stdout, "Leastkey serves %s://%s in front of %s; operator commands use --data %s\n", scheme, addr, c.Upstream, c.Data)
	return n.wait(ctx)
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

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}
