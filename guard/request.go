package guard

import (
	"errors"
	"net/http"
	"net/netip"
)

// Request is what an adapter knows of the request that is to be decided.
type Request struct {
	Method string
	Host   string      // as the client sent it, port and all; "" when it sent none
	Target string      // the request target as it came on the wire: path and query, undecoded
	Header http.Header // canonical keys, as net/http gives them
	Addr   netip.Addr  // the client, after trusted proxies; invalid when unknown
	Can    Ability     // what the adapter does for operations that need it; the others are refused

	// Arrive waits for the body, as far as the adapter wants to have it before the decision. The
	// guard calls it once the credential is known to be in order, and only then takes the clock and
	// the state by which it decides: otherwise a body that comes slowly would be decided by what
	// held when it began. Nil when there is nothing to wait for. It fails like Body.
	Arrive func() error

	// Body gives the whole body, at most limit bytes, and keeps it for forwarding. Nil when the
	// adapter cannot see bodies. The guard calls it only for an operation that names in the body
	// what it acts on, and gets the same each time. It fails with ErrBodyTooLarge past the limit.
	Body func(limit int64) ([]byte, error)
}

// ErrBodyTooLarge says that a body in which a target must be found is longer than the limit.
var ErrBodyTooLarge = errors.New("the body is too large")
