package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/leastkey/leastkey/guard"
)

// refuseHeader refuses what an upstream could take for the gateway's own credential there.
func (g *Gateway) refuseHeader(h http.Header) *failure {
	for name := range h {
		plain := plainName(name)
		isCredential := func(u *upstream) bool { return plain == u.credentialName }
		if plain != strings.ToLower(name) && slices.ContainsFunc(g.upstreams, isCredential) {
			return ambiguous("a header name differs from " + plain + " only in its marks; some programs would take it for that")
		}
	}
	return nil
}

// strip takes out what is about the connection, and what stands where the gateway's own credential
// will.
func (u *upstream) strip(h http.Header) {
	for name := range h {
		if plain := plainName(name); plain == u.credentialName || guard.Framing(name) {
			delete(h, name)
		}
	}
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
