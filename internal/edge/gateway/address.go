package gateway

import (
	"net/http"
	"net/netip"

	"github.com/leastkey/leastkey/guard"
)

// Encrypted reports whether the client speaks to us, or to the trusted proxy in front of us, over TLS.
func Encrypted(r *http.Request, trusted []netip.Prefix) bool { return scheme(r, trusted) == "https" }

// scheme is how the client speaks to us, or to the trusted proxy in front of us.
func scheme(r *http.Request, trusted []netip.Prefix) string {
	if isEncrypted(r) {
		return "https"
	}
	if said := r.Header["X-Forwarded-Proto"]; guard.Trusted(guard.Peer(r), trusted) && len(said) == 1 && said[0] == "https" {
		return "https"
	}
	return "http"
}
