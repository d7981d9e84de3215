package main

import (
	"net"

	"github.com/leastkey/leastkey/internal/config"
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
