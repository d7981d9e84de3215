package config

import "net/netip"

// ExtAuthz says where Envoy asks whether to let a request through. Without Listen it cannot.
type ExtAuthz struct {
	Listen         string         // host:port
	Proxies        []netip.Prefix // Envoys that may ask
	TrustedProxies []netip.Prefix // in front of Envoy
}

func (r *reader) extAuthz() ExtAuthz {
	const at = "ext_authz"
	if r.fields[at].line == 0 {
		return ExtAuthz{}
	}
	e := ExtAuthz{Listen: r.at(at + ".listen"), Proxies: r.proxies(at + ".proxies"), TrustedProxies: r.proxies(at + ".trusted_proxies")}
	r.address(at+".listen", e.Listen)
	if len(r.fields[at+".proxies"].items) == 0 {
		r.wrongAt(at+".proxies", "name the Envoys that may ask, such as [127.0.0.1]; nobody else is answered")
	}
	return e
}
