package gateway

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ClientAddr is the address a request comes from: the peer, unless the peer is a trusted proxy;
// then the right-most hop of X-Forwarded-For that is not one. It is invalid, and so admitted by
// no condition, when a trusted proxy names no such hop or one that is not a plain address: then
// anything could stand there.
func ClientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := plain(peer.Addr())
	if !contains(trusted, addr) {
		return addr
	}
	hops := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.Trim(hop, " \t"))
		if err != nil || addr.Zone() != "" {
			return netip.Addr{}
		}
		if addr = plain(addr); !contains(trusted, addr) {
			return addr
		}
	}
	return netip.Addr{}
}

// plain gives an address its one spelling: IPv4 out of IPv6 clothes, and no zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Encrypted reports whether the client speaks to us, or to the trusted proxy in front of us, over TLS.
func Encrypted(r *http.Request, trusted []netip.Prefix) bool { return scheme(r, trusted) == "https" }

// scheme is how the client speaks to us, or to the trusted proxy in front of us.
func scheme(r *http.Request, trusted []netip.Prefix) string {
	if isEncrypted(r) {
		return "https"
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if said := r.Header["X-Forwarded-Proto"]; err == nil && contains(trusted, plain(peer.Addr())) && len(said) == 1 && said[0] == "https" {
		return "https"
	}
	return "http"
}
