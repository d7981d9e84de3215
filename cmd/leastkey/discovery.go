package main

import (
	"context"
	"time"

	"github.com/leastkey/leastkey/internal/config"
	"github.com/leastkey/leastkey/internal/discovery"
)

// discover keeps the registry as lists of the upstream say, until what it gives is called. It does
// not wait for the first: what the registry knows already is served meanwhile, and also when the
// upstream cannot be reached.
func (n *node) discover(c config.Discovery) (end func(), err error) {
	var sources []discovery.Source
	for _, list := range c.Lists {
		sources = append(sources, discovery.Source(list))
	}
	d, err := discovery.New(discovery.Config{Control: n.control, Catalog: n.control.Catalog, Lister: n.gateway, Sources: sources, Log: n.log})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	tick := time.NewTicker(c.Every)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		d.Run(ctx, tick.C)
	}()
	return func() {
		tick.Stop()
		cancel()
		<-ended
	}, nil
}
