package config

import "net/netip"

// ForwardAuth says where proxies ask whether to let a request through. Without Listen they cannot.
type ForwardAuth struct {
	Listen  string // host:port
	Proxies []netip.Prefix
}

func (r *reader) forwardAuth() ForwardAuth {
	const at = "forward_auth"
	if r.fields[at].line == 0 {
		return ForwardAuth{}
	}
	f := ForwardAuth{Listen: r.at(at + ".listen"), Proxies: r.proxies(at + ".proxies")}
	r.address(at+".listen", f.Listen)
	if len(r.fields[at+".proxies"].items) == 0 {
		r.wrongAt(at+".proxies", "name the proxies that may ask, such as [127.0.0.1]; nobody else is answered")
	}
	return f
}
