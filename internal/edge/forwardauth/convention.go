package forwardauth

import (
	"errors"
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/bodyless"
)

// convention is how a proxy says what it asks about, and what answers it understands.
type convention struct {
	method, target, host string   // header fields, in canonical case
	sets                 []string // other fields that it always sets itself in what it asks; it may set them for the API too

	statuses bool // any status reaches the client; else 401 and 403 alone, and nothing of the body
}

// conventions are those of the paths at which proxies ask.
func conventions() map[string]convention {
	return map[string]convention{
		"/auth/nginx": {method: "X-Original-Method", target: "X-Original-Uri", host: "X-Original-Host", sets: []string{"X-Forwarded-For"}},
		"/auth/caddy": {method: "X-Forwarded-Method", target: "X-Forwarded-Uri", host: "X-Forwarded-Host", statuses: true,
			sets: []string{"X-Forwarded-For", "X-Forwarded-Proto"}},
		"/auth/traefik": {method: "X-Forwarded-Method", target: "X-Forwarded-Uri", host: "X-Forwarded-Host", statuses: true,
			sets: []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-Ip"}},
	}
}

// take finds the request that the proxy asks about, and leaves in the header of the question what is
// the client's. What is left that the API could believe, the guard refuses.
func (c convention) take(q *bodyless.Request) (guard.Request, error) {
	if q.Method == http.MethodConnect {
		return guard.Request{}, errors.New("CONNECT asks for no decision: ask with GET")
	}
	if name := c.foreign(q.Header); name != "" {
		return guard.Request{}, errors.New(name + " is of another proxy's convention, or a client's: one request is to be told in one way. Ask at the path of your proxy, and let no client send this header")
	}
	r := guard.Request{Header: q.Header}
	for _, part := range [...]struct {
		name string
		of   *string
	}{{c.method, &r.Method}, {c.target, &r.Target}, {c.host, &r.Host}} {
		values := q.Header[part.name]
		if len(values) != 1 || values[0] == "" {
			return guard.Request{}, errors.New(part.name + " must be there exactly once, and not empty: the proxy is to set it")
		}
		*part.of = values[0]
		delete(q.Header, part.name)
	}
	for _, name := range c.sets {
		delete(q.Header, name)
	}
	return r, nil
}

// foreign names a field by which another convention would tell the request; empty when there is none.
func (c convention) foreign(h http.Header) string {
	if c.statuses {
		for name := range h {
			if strings.HasPrefix(name, "X-Original-") {
				return name
			}
		}
		return ""
	}
	for _, name := range [...]string{"X-Forwarded-Method", "X-Forwarded-Uri"} {
		if _, there := h[name]; there {
			return name
		}
	}
	return ""
}
