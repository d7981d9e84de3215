package gateway

import (
	"maps"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/guard"
)

// refuseHeader refuses what an upstream could take for the gateway's own credential there.
func (g *Gateway) refuseHeader(h http.Header) *failure {
	for name := range h {
		for _, u := range g.upstreams {
			if isPlainly(name, u.credentialName) && !strings.EqualFold(name, u.credentialName) {
				return ambiguous("a header name differs from " + u.credentialName + " only in its marks; some programs would take it for that")
			}
		}
	}
	return nil
}

// carried is what goes on of what the client said, in one pass: not what guard.Identify takes out, nor
// what is about the connection, nor what stands where the gateway's own credential will.
func (u *upstream) carried(from http.Header, v guard.Verdict) http.Header {
	h := make(http.Header, len(from)+6) // as many are said beside it
	for name, values := range from {
		if !guard.Framing(name) && !isPlainly(name, u.credentialName) && !v.Owns(name) {
			h[name] = values
		}
	}
	if cookies, there := h["Cookie"]; there {
		others := http.Header{"Cookie": cookies}
		guard.Strip(others) // of the dashboard's
		delete(h, "Cookie")
		maps.Copy(h, others)
	}
	return h
}

// plainName is what programs that turn headers into variables make of a name: they fold case, and
// every mark becomes the same.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
			return r
		default:
			return '-'
		}
	}, name)
}

// isPlainly reports whether plainName makes one of a name of ASCII, which all are that come from a
// connection.
func isPlainly(name, plain string) bool { return len(name) == len(plain) && beginsPlainly(name, plain) }

// beginsPlainly reports whether what plainName makes of a name begins so.
func beginsPlainly(name, plain string) bool {
	if len(name) < len(plain) {
		return false
	}
	for i := range len(plain) {
		c := name[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case ('a' > c || c > 'z') && ('0' > c || c > '9'):
			c = '-'
		}
		if c != plain[i] {
			return false
		}
	}
	return true
}

// sessionCookie is in the names of the dashboard's own cookies: __Host-leastkey over TLS, leastkey
// without.
const sessionCookie = "leastkey"

// dropHops takes out of an answer what is about the connection behind.
func dropHops(h http.Header) {
	for _, value := range h["Connection"] {
		for named := range strings.SplitSeq(value, ",") {
			h.Del(strings.Trim(named, " \t"))
		}
	}
	for _, name := range []string{"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade"} {
		delete(h, name)
	}
}
