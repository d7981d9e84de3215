// Package demo is the sample product: a small DNS host with an HTTP API of the Cloudflare v4 shape
// and an authoritative DNS server, both over one SQLite file.
//
// It stands for "your own API". It knows nothing of tokens or users: whoever can send its upstream
// key may do anything, so only the gateway holds that key, and the gateway has authorised every
// request before it arrives. It imports nothing of the project it is a sample for.
//
// What is real: zones, DNS records, and the DNS answers made from them; a change is answered only
// when it is durable, and the next DNS query sees it. What is stored and validated only: firewall
// rules, access rules, page rules, load balancers, zone settings, cache purges, and the "proxied"
// mark of a record. No traffic is filtered, proxied, cached or balanced.
//
// The steps of use: [Open], [Product.PutAccount] and [Product.SeedZone] if there is something to
// start with, [Product.Handler] behind a listener, [Product.ServeDNS], [Product.Close].
package demo
