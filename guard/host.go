package guard

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// canonicalHost gives the one spelling of a host: lower case, without port and without the dot of
// a full name. None is none.
func canonicalHost(host string) (string, error) {
	const most = 255
	if host == "" {
		return "", nil
	}
	if n := plainHost(host); n > 0 {
		return host[:n], nil
	}
	name := host
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		if strings.Trim(host[at+1:], "0123456789") != "" {
			return "", errors.New("the Host is not a name or an address, and a port")
		}
		name = host[:at]
	}
	if inside, ok := strings.CutPrefix(host, "["); ok { // an IPv6 address, and nothing else
		inside, _, _ = strings.Cut(inside, "]")
		addr, err := netip.ParseAddr(inside)
		if !strings.HasSuffix(name, "]") || err != nil || !addr.Is6() || addr.Zone() != "" {
			return "", errors.New("the Host has brackets around what is no IPv6 address")
		}
		return addr.String(), nil
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" || len(name) > most {
		return "", errors.New("the Host is empty or too long")
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }) {
			return "", errors.New("the Host has a character that no name has")
		}
	}
	return name, nil
}

// plainHost is how much of a host is its name, when all of that is in the one spelling already and a
// port follows or nothing; 0 for any other.
func plainHost(host string) int {
	if len(host) > 255 {
		return 0
	}
	label := 0 // bytes of it so far
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_':
			label++
		case c == '.' && label > 0:
			label = 0
		case c == ':' && label > 0 && strings.Trim(host[i+1:], "0123456789") == "":
			return i
		default:
			return 0
		}
	}
	if label == 0 {
		return 0
	}
	return len(host)
}

// ClientAddr is the address a request comes from: the peer, unless the peer is a trusted proxy;
// then the right-most hop of X-Forwarded-For that is not one. It is invalid, and so admitted by
// no condition, when a trusted proxy names no such hop or one that is not a plain address: then
// anything could stand there.
func ClientAddr(peer netip.Addr, h http.Header, trusted []netip.Prefix) netip.Addr {
	addr := plainAddr(peer)
	if !Trusted(addr, trusted) {
		return addr
	}
	for _, field := range slices.Backward(h["X-Forwarded-For"]) {
		for more := true; more; {
			hop := field
			at := strings.LastIndexByte(field, ',')
			if more = at >= 0; more {
				hop, field = field[at+1:], field[:at]
			}
			addr, err := netip.ParseAddr(strings.Trim(hop, " \t"))
			if err != nil || addr.Zone() != "" {
				return netip.Addr{}
			}
			if addr = plainAddr(addr); !Trusted(addr, trusted) {
				return addr
			}
		}
	}
	return netip.Addr{}
}

// Trusted reports whether an address is one of the trusted proxies.
func Trusted(a netip.Addr, proxies []netip.Prefix) bool {
	a = plainAddr(a)
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Peer is the address at the other end of the connection; invalid when there is none.
func Peer(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plainAddr(peer.Addr())
}

// plainAddr gives an address its one spelling: IPv4 out of IPv6 clothes, and no zone.
func plainAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
