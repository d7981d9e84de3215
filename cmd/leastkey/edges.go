package main

import (
	"fmt"
	"net"

	"github.com/leastkey/leastkey/internal/config"
	"github.com/leastkey/leastkey/internal/edge/extauthz"
	"github.com/leastkey/leastkey/internal/edge/forwardauth"
)

// listenForwardAuth answers what proxies ask before they let a request through. It is without TLS:
// it is for proxies on the same machine, or on a network that is theirs and ours.
func (n *node) listenForwardAuth(c config.ForwardAuth) (net.Addr, error) {
	h, err := forwardauth.New(forwardauth.Config{Guard: n.guard, Proxies: c.Proxies})
	if err != nil {
		return nil, err
	}
	return n.open(c.Listen, nil, h)
}

// listenExtAuthz answers what Envoy asks before it lets a request through: gRPC, without TLS as for
// the other proxies.
func (n *node) listenExtAuthz(c config.ExtAuthz) (net.Addr, error) {
	s, err := extauthz.NewServer(extauthz.Config{Guard: n.guard, Proxies: c.Proxies, TrustedProxies: c.TrustedProxies, Log: n.log})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("ext_authz: %w", err)
	}
	n.serve(s, l)
	return l.Addr(), nil
}
