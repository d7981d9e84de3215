package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"time"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/config"
)

// feedTime bounds one answer of the feed, with all there is to a follower that knows nothing.
const feedTime = 2 * time.Minute

// listenNodes has other processes follow what is known here.
func (n *node) listenNodes(c config.Nodes, certificate *tls.Config) (net.Addr, error) {
	feed, err := guard.NewFeed(guard.FeedConfig{State: n.state, Key: c.Key, Random: rand.Reader, Log: n.log})
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, err
	}
	at := l.Addr()
	if certificate != nil {
		l = tls.NewListener(l, certificate)
	}
	s := plainServer(feed, n.log)
	s.WriteTimeout = feedTime
	running, end := context.WithCancel(context.Background())
	s.BaseContext = func(net.Listener) context.Context { return running }
	s.RegisterOnShutdown(end) // whoever waits for news gets the answer that there is none
	n.serve(s, l)
	return at, nil
}
