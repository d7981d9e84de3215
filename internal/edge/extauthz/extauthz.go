// Package extauthz answers Envoy's external authorization: Envoy asks about a request in gRPC before
// it forwards it, and is told in the answer what to take out of the request and what to put in.
//
// It sees the header of a request, and its body when Envoy sends the whole of it; never the answer of
// the API. What needs more is refused.
package extauthz

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
)

// Config is what a Server needs.
type Config struct {
	Guard          *guard.Guard
	Proxies        []netip.Prefix // Envoys that may ask
	TrustedProxies []netip.Prefix // in front of Envoy: whose X-Forwarded-For is believed
	Log            *slog.Logger
}

// authorization is the service.
type authorization struct {
	auth.UnimplementedAuthorizationServer
	Config
	names map[string]string // header fields that come often
}

func (c Config) check() error {
	if c.Guard == nil || c.Log == nil || len(c.Proxies) == 0 {
		return errors.New("extauthz: needs a guard, a log, and the addresses of the proxies that may ask")
	}
	return nil
}

// Check implements auth.AuthorizationServer. Whatever is wrong, the answer refuses.
func (a *authorization) Check(ctx context.Context, asked *auth.CheckRequest) (answer *auth.CheckResponse, _ error) {
	defer func() {
		if fault := recover(); fault != nil {
			a.Log.Error("a question of Envoy could not be answered", "fault", fault)
			answer = refuse(undecided())
		}
	}()
	if !a.mayAsk(ctx) {
		return refuse(refusal(http.StatusForbidden, api.CodeAuthenticationError, "Only a proxy may ask here: name its address in ext_authz.proxies")), nil
	}
	r, err := a.read(asked)
	if err != nil {
		return refuse(refusal(http.StatusBadRequest, api.CodeAmbiguous, err.Error())), nil
	}
	r.Addr = guard.ClientAddr(r.Addr, r.Header, a.TrustedProxies)
	v := a.Guard.Check(ctx, r.Request)
	if d := v.Denial(); d != nil {
		return refuse(d), nil
	}
	return allow(r, v), nil
}

// mayAsk reports whether the question comes from a proxy that was named.
func (a *authorization) mayAsk(ctx context.Context) bool {
	from, known := peer.FromContext(ctx)
	if !known {
		return false
	}
	at, tcp := from.Addr.(*net.TCPAddr)
	return tcp && guard.Trusted(at.AddrPort().Addr(), a.Proxies)
}

func refusal(status, code int, message string) *guard.Denial {
	return &guard.Denial{Status: status, Errors: []api.Error{{Code: code, Message: message}}}
}

func undecided() *guard.Denial {
	return refusal(http.StatusInternalServerError, api.CodeInternal, "The request could not be decided")
}

// codeOf is the code of gRPC that a refusal has.
func codeOf(status int) codes.Code {
	switch status {
	case http.StatusUnauthorized:
		return codes.Unauthenticated
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	default:
		return codes.PermissionDenied
	}
}
