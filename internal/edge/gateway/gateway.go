// Package gateway is a reverse proxy that asks the guard about every request before the upstream
// sees it.
//
// What the upstream sees is the request that was decided, and nothing that could make it think of
// another: the path byte for byte, no credential of the caller, no identity but the one that the
// guard found, said once. Lists are cut to what the credential may see. What the upstream makes
// and removes is registered before the caller hears of it.
package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
)

// Config is what a gateway needs.
type Config struct {
	Guard          *guard.Guard
	Upstreams      []Upstream // Leads says whether a catalogue goes with them; none: the control plane alone is served
	Control        ControlPlane
	Registry       Registry
	Throttle       Throttle       // nil for no limit
	TrustedProxies []netip.Prefix // proxies in front, not networks in which clients live
	Log            *slog.Logger
	Limits         Limits
}

// ControlPlane serves the operations of the catalogue that are not the upstream's.
type ControlPlane interface {
	ServeVerdict(w http.ResponseWriter, r *http.Request, v guard.Verdict)
	// Refused hears of a request of a known credential that the verdict refuses, before it is answered.
	Refused(ctx context.Context, v guard.Verdict)
}

// Throttle bounds how many requests may be made on the account of one user, account or credential.
// When the quota is used up it answers, and reports false.
type Throttle interface {
	Admit(w http.ResponseWriter, payer leastkey.ID) bool
}

// Registry learns what the upstream made and removed. Both return only when it is in force.
type Registry interface {
	// Created registers r under parent, which is zero for a type without one. When r is known
	// under another parent it fails and changes nothing; known under this one it succeeds.
	Created(ctx context.Context, v guard.Verdict, r leastkey.Resource, name string, parent leastkey.Resource) error
	// Renamed gives r, which must be known, another name.
	Renamed(ctx context.Context, v guard.Verdict, r leastkey.Resource, name string) error
	// Moved puts r, which must be known, under another parent.
	Moved(ctx context.Context, v guard.Verdict, r, parent leastkey.Resource) error
	// Deleted ends r. When r is not known it succeeds.
	Deleted(ctx context.Context, v guard.Verdict, r leastkey.Resource) error
}

// Limits bound the work for one request. Zero fields take the default.
type Limits struct {
	Body      int64         // bytes of a request body; 100 MiB
	Answer    int64         // bytes of answers that are read whole, for one request; 32 MiB
	ListPages int           // pages of the upstream that make up one list; 500
	Time      time.Duration // for answers that are read whole; 30 s

	Upgrades     int           // connections that were upgraded, at a time; 10,000
	UpgradesEach int           // of them, for one owner of credentials; 1,000
	Idle         time.Duration // of an upgraded connection without a byte either way; 10 minutes
}

func (l Limits) orDefault() Limits {
	if l.Body == 0 {
		l.Body = 100 << 20
	}
	if l.Answer == 0 {
		l.Answer = 32 << 20
	}
	if l.ListPages == 0 {
		l.ListPages = 500
	}
	if l.Time == 0 {
		l.Time = 30 * time.Second
	}
	if l.Upgrades == 0 {
		l.Upgrades = 10_000
	}
	if l.UpgradesEach == 0 {
		l.UpgradesEach = 1000
	}
	if l.Idle == 0 {
		l.Idle = 10 * time.Minute
	}
	return l
}

// Gateway is an http.Handler. Run it in a server from [NewServer], on a listener from [Listen].
type Gateway struct {
	Config
	upstreams []*upstream
	upgrades  upgradeCount
	pieces    sync.Pool // of *[pieceMost]byte, for what goes through
}

// New checks the configuration.
func New(c Config) (*Gateway, error) {
	if c.Guard == nil || c.Control == nil || c.Registry == nil || c.Log == nil {
		return nil, errors.New("gateway: needs a guard, a control plane, a registry and a log")
	}
	c.Limits = c.Limits.orDefault()
	g := &Gateway{Config: c, pieces: sync.Pool{New: func() any { return new([pieceMost]byte) }}}
	for _, u := range c.Upstreams {
		checked, err := newUpstream(u)
		if err != nil {
			return nil, err
		}
		g.upstreams = append(g.upstreams, checked)
	}
	return g, nil
}

// ServeHTTP decides the request, and answers it or has it answered.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if guard.AsksUpgrade(r.Header) {
		// What comes behind was meant for another protocol, unless that is agreed on.
		w.Header().Set("Connection", "close")
	}
	if f := g.refuseHeader(r.Header); f != nil {
		f.write(w)
		return
	}
	addr := guard.ClientAddr(guard.Peer(r), r.Header, g.TrustedProxies)
	request := guard.Request{Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header, Addr: addr,
		Can: guard.Bodies | guard.Lists | guard.Effects | guard.Control | guard.Headers | guard.Upgrades}
	hasBody := r.Body != http.NoBody
	body := receive(w, r, g.Limits.Body)
	if hasBody {
		request.Arrive, request.Body = body.arrive, body.bytes
	}
	v := g.Guard.Check(r.Context(), request)
	if !v.Allowed() && hasBody {
		hurry(w)
	}
	g.Guard.Warn(w.Header(), v)
	if payer, pays := payerOf(v); g.Throttle != nil && pays && !g.Throttle.Admit(w, payer) {
		return
	}
	request.Arrive = nil // it is there; and many may ask again at a time
	body.again = func() guard.Verdict {
		return g.Guard.Recheck(r.Context(), request)
	}
	switch {
	case !v.Allowed():
		if v.Operation != nil && v.Operation.Control && !v.Credential.ID.IsZero() {
			g.Control.Refused(r.Context(), v)
		}
		v.Denial().Write(w)
	case v.Operation == nil:
		g.fail(w, v, &failure{status: http.StatusInternalServerError, code: api.CodeUnsupported,
			message: "The request could not be decided", cause: errors.New("a verdict allows no operation")})
	case v.Operation.Control:
		g.Control.ServeVerdict(w, r, v)
	default:
		g.toUpstream(w, r, v, addr, body, hasBody)
	}
}

// toUpstream has the upstream answer.
func (g *Gateway) toUpstream(w http.ResponseWriter, r *http.Request, v guard.Verdict, addr netip.Addr, body *requestBody, hasBody bool) {
	u, err := g.upstreamOf(v.Operation)
	switch {
	case err != nil:
		g.fail(w, v, &failure{status: http.StatusBadGateway, code: codeUpstream, message: "No API is behind this gateway for this request: send it to where the API is", cause: err})
	case guard.AsksUpgrade(r.Header):
		g.upgrade(w, r, u, v, addr, hasBody, body.again)
	case v.Operation.Items != nil:
		g.serveList(w, r, u, v, addr)
	default:
		g.forward(w, r, u, v, addr, body)
	}
}

// fail logs the cause of a failure, and answers with its message.
func (g *Gateway) fail(w http.ResponseWriter, v guard.Verdict, f *failure) {
	operation := ""
	if v.Operation != nil {
		operation = v.Operation.String()
	}
	g.Log.Warn("request failed behind the gateway", "operation", operation, "credential", v.Credential.ID.String(),
		"status", f.status, "error", f.Error())
	f.write(w)
}
