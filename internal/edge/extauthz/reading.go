package extauthz

import (
	"errors"
	"net/http"
	"strings"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// reading takes the fields of a question one after the other.
type reading struct {
	about  *auth.AttributeContext_HttpRequest
	names  map[string]string // known names, as the header has them
	h      http.Header
	values []string // of all fields, one list

	method, path, authority bool // said by a field as well
}

func (r *reading) add(name, value string) error {
	switch {
	case name == "" || !isLine(value) || !isLine(name) || strings.IndexByte(name, ' ') >= 0 || strings.IndexByte(name, '\t') >= 0:
		return errors.New("the question has a header that is none")
	case name[0] == ':':
		return r.pseudo(name, value)
	}
	canonical, known := r.names[name]
	if !known {
		canonical = http.CanonicalHeaderKey(name)
	}
	if before, twice := r.h[canonical]; twice {
		r.h[canonical] = append(before, value)
		return nil
	}
	r.values = append(r.values, value)
	n := len(r.values)
	r.h[canonical] = r.values[n-1 : n : n] // one more goes elsewhere
	return nil
}

// isLine reports whether a value ends no line.
func isLine(s string) bool {
	for i := range len(s) {
		if c := s[i]; c == '\r' || c == '\n' || c == 0 {
			return false
		}
	}
	return true
}

// pseudo wants what a field says of the request to be what the question says, once.
func (r *reading) pseudo(name, value string) error {
	var said *bool
	var want string
	switch name {
	case ":method":
		said, want = &r.method, r.about.GetMethod()
	case ":path":
		said, want = &r.path, r.about.GetPath()
	case ":authority":
		said, want = &r.authority, r.about.GetHost()
	default:
		return nil
	}
	if *said || value != want {
		return errors.New("the question says " + name + " in two ways")
	}
	*said = true
	return nil
}

// knownNames are fields that come often, and what http.CanonicalHeaderKey would make anew each time.
func knownNames() map[string]string {
	names := map[string]string{}
	for _, name := range []string{
		"accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection", "content-length", "content-type", "cookie", "host",
		"origin", "referer", "te", "traceparent", "tracestate", "user-agent", "x-auth-email", "x-auth-key", "x-auth-user-service-key",
		"x-envoy-attempt-count", "x-envoy-auth-partial-body", "x-envoy-external-address", "x-envoy-internal", "x-forwarded-client-cert",
		"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-request-id",
	} {
		names[name] = http.CanonicalHeaderKey(name)
	}
	return names
}
