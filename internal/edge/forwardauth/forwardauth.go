// Package forwardauth answers the questions that nginx, Caddy and Traefik ask about a request before
// they let it through to an API.
//
// It sees the header of the request and never its body nor the answer, so what needs more than
// that is refused. It says whether; what reaches the API is up to the proxy.
package forwardauth

import (
	"errors"
	"net/http"
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
)

// Config is what a Handler needs.
type Config struct {
	Guard   *guard.Guard
	Proxies []netip.Prefix // who may ask; whose X-Forwarded-For is believed
}

// Handler is an http.Handler. Run it in a server that reads only requests with one reading.
type Handler struct{ Config }

// New checks the configuration.
func New(c Config) (*Handler, error) {
	if c.Guard == nil || len(c.Proxies) == 0 {
		return nil, errors.New("forwardauth: needs a guard, and the addresses of the proxies that may ask")
	}
	return &Handler{c}, nil
}

// ServeHTTP answers 204 with the identity, or refuses in the way that the proxy understands.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	peer := guard.Peer(r)
	if !guard.Trusted(peer, h.Proxies) {
		refusal(http.StatusForbidden, api.CodeAuthenticationError, "Only a proxy may ask here: name its address in forward_auth.proxies").Write(w)
		return
	}
	path, _, _ := strings.Cut(r.RequestURI, "?") // Caddy adds the query of the request that it asks about, which stands in its header as well
	c, known := conventionOf(path)
	if !known {
		refusal(http.StatusNotFound, api.CodeNoRoute, "A proxy asks at /auth/nginx, /auth/caddy or /auth/traefik").Write(w)
		return
	}
	request, err := c.read(r)
	if err != nil {
		c.refuse(w, refusal(http.StatusBadRequest, api.CodeAmbiguous, err.Error()))
		return
	}
	request.Addr = guard.ClientAddr(peer, r.Header, h.Proxies)
	v := h.Guard.Check(r.Context(), request)
	switch {
	case v.Denial != nil:
		c.refuse(w, v.Denial)
	case !v.Allowed():
		c.refuse(w, refusal(http.StatusInternalServerError, api.CodeInternal, "The request could not be decided"))
	default:
		w.Header().Set(guard.TokenIDHeader, v.Credential.ID.String())
		w.Header().Set(guard.PrincipalHeader, v.Credential.Principal.String())
		w.WriteHeader(http.StatusNoContent)
	}
}

func refusal(status, code int, message string) *guard.Denial {
	return &guard.Denial{Status: status, Errors: []api.Error{{Code: code, Message: message}}}
}
