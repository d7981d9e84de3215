package forwardauth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/guard"
)

// convention is how a proxy says what it asks about, and what answers it understands.
type convention struct {
	method, target, host string   // header fields, in canonical case
	sets                 []string // other fields that it always sets itself in what it asks; it may set them for the API too

	statuses bool // any status reaches the client; else 401 and 403 alone, and nothing of the body
}

func conventionOf(path string) (convention, bool) {
	switch path {
	case "/auth/nginx":
		return convention{method: "X-Original-Method", target: "X-Original-Uri", host: "X-Original-Host", sets: []string{"X-Forwarded-For"}}, true
	case "/auth/caddy":
		return convention{method: "X-Forwarded-Method", target: "X-Forwarded-Uri", host: "X-Forwarded-Host", statuses: true,
			sets: []string{"X-Forwarded-For", "X-Forwarded-Proto"}}, true
	case "/auth/traefik":
		return convention{method: "X-Forwarded-Method", target: "X-Forwarded-Uri", host: "X-Forwarded-Host", statuses: true,
			sets: []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-Ip"}}, true
	default:
		return convention{}, false
	}
}

// read finds the request that the proxy asks about.
func (c convention) read(r *http.Request) (guard.Request, error) {
	if r.Method == http.MethodConnect {
		return guard.Request{}, errors.New("CONNECT asks for no decision: ask with GET")
	}
	for name := range r.Header {
		if c.foreign(name) {
			return guard.Request{}, errors.New(name + " is of another proxy's convention, or a client's: one request is to be told in one way. Ask at the path of your proxy, and let no client send this header")
		}
	}
	for _, name := range []string{c.method, c.target, c.host} {
		if values := r.Header[name]; len(values) != 1 || values[0] == "" {
			return guard.Request{}, errors.New(name + " must be there exactly once, and not empty: the proxy is to set it")
		}
	}
	header := r.Header.Clone()
	for _, name := range append([]string{c.method, c.target, c.host}, c.sets...) {
		delete(header, name) // not the client's; what is left that the API could believe, the guard refuses
	}
	return guard.Request{Method: r.Header[c.method][0], Target: r.Header[c.target][0], Host: r.Header[c.host][0], Header: header}, nil
}

// foreign says that a header is what another convention would tell the request by.
func (c convention) foreign(name string) bool {
	if c.statuses {
		return strings.HasPrefix(name, "X-Original-")
	}
	return name == "X-Forwarded-Method" || name == "X-Forwarded-Uri"
}
