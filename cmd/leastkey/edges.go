package main

import (
	"fmt"
	"net"
	"time"

	"github.com/leastkey/leastkey/internal/config"
	"github.com/leastkey/leastkey/internal/edge/extauthz"
	"github.com/leastkey/leastkey/internal/edge/forwardauth"
)

// listenForwardAuth answers what proxies ask before they let a request through. It is without TLS:
// it is for proxies on the same machine, or on a network that is theirs and ours.
func (n *node) listenForwardAuth(c config.ForwardAuth) (net.Addr, error) {
	s, err := forwardauth.NewServer(forwardauth.Config{Guard: n.guard, Proxies: c.Proxies, Start: time.Now(), Tick: time.Tick(time.Second), Log: n.log})
	if err != nil {
		return nil, err
	}
	return n.ask("forward_auth", c.Listen, s)
}

// listenExtAuthz answers what Envoy asks before it lets a request through: gRPC, without TLS as for
// the other proxies.
func (n *node) listenExtAuthz(c config.ExtAuthz) (net.Addr, error) {
	s, err := extauthz.NewServer(extauthz.Config{Guard: n.guard, Proxies: c.Proxies, TrustedProxies: c.TrustedProxies, Log: n.log})
	if err != nil {
		return nil, err
	}
	return n.ask("ext_authz", c.Listen, s)
}

// ask serves what proxies ask.
func (n *node) ask(name, addr string, s server) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	n.serve(s, l)
	return l.Addr(), nil
}
