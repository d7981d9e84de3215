// Package forwardauth answers the questions that nginx, Caddy and Traefik ask about a request before
// they let it through to an API.
//
// It sees the header of the request and never its body nor the answer, so what needs more than
// that is refused. It says whether; what reaches the API is up to the proxy.
package forwardauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/bodyless"
)

// Config is what a server needs.
type Config struct {
	Guard   *guard.Guard
	Proxies []netip.Prefix // who may ask; whose X-Forwarded-For is believed

	Start time.Time        // what time it is until the first tick
	Tick  <-chan time.Time // about every second, for deadlines and Date
	Log   *slog.Logger
}

// NewServer checks the configuration. The server reads only questions with one reading.
func NewServer(c Config) (*bodyless.Server, error) {
	if c.Guard == nil || len(c.Proxies) == 0 {
		return nil, errors.New("forwardauth: needs a guard, and the addresses of the proxies that may ask")
	}
	a := &authority{Config: c, conventions: conventions()}
	return bodyless.New(bodyless.Config{Answer: a.answer, Admit: a.trusts, Start: c.Start, Tick: c.Tick, Log: c.Log})
}

// authority answers proxies.
type authority struct {
	Config
	conventions map[string]convention
}

func (a *authority) trusts(peer netip.Addr) bool { return guard.Trusted(peer, a.Proxies) }

// answer says 204 with the identity, or refuses in the way that the proxy understands.
func (a *authority) answer(q *bodyless.Request, w *bodyless.Answer) {
	if !a.trusts(q.Peer) {
		w.Last = true // strangers hold no connection
		tell(w, refusal(http.StatusForbidden, api.CodeAuthenticationError, "Only a proxy may ask here: name its address in forward_auth.proxies"))
		return
	}
	path, _, _ := strings.Cut(q.Target, "?") // Caddy adds the query of the request that it asks about, which stands in its header as well
	c, known := a.conventions[path]
	if !known {
		tell(w, refusal(http.StatusNotFound, api.CodeNoRoute, "A proxy asks at /auth/nginx, /auth/caddy or /auth/traefik"))
		return
	}
	addr := guard.ClientAddr(q.Peer, q.Header, a.Proxies)
	request, err := c.take(q)
	if err != nil {
		c.refuse(w, refusal(http.StatusBadRequest, api.CodeAmbiguous, err.Error()))
		return
	}
	request.Addr = addr
	v := a.Guard.Check(context.Background(), request)
	if d := v.Denial(); d != nil {
		c.refuse(w, d)
		return
	}
	w.Status = http.StatusNoContent
	w.Set("Cache-Control", "no-store")
	w.Set(guard.TokenIDHeader, v.Credential.ID.String())
	w.Set(guard.PrincipalHeader, v.Credential.Principal.String())
}

func refusal(status, code int, message string) *guard.Denial {
	return &guard.Denial{Status: status, Errors: []api.Error{{Code: code, Message: message}}}
}
