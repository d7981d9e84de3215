package gateway

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/gateway/framing"
)

// upgrade takes a request that goes on as a WebSocket to the upstream and, when that agrees, passes
// bytes both ways as long as the request would be allowed. When it does not, its answer is one like
// any other.
func (g *Gateway) upgrade(w http.ResponseWriter, r *http.Request, u *upstream, v guard.Verdict, addr netip.Addr, hasBody bool, again func() guard.Verdict) {
	h, f := readHandshake(r, hasBody)
	if f == nil {
		f = g.revealing(h)
	}
	if f != nil {
		if f.status == http.StatusUpgradeRequired {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Version", "13")
		}
		f.write(w)
		return
	}
	leave, f := g.upgrades.enter(v.Credential.Principal, g.Limits)
	if f != nil {
		g.fail(w, v, f)
		return
	}
	defer leave()
	ctx, end := g.untilRefused(r.Context(), again)
	defer end()
	flow := newStream(u.Timeouts.Idle, again)
	out := r.Clone(ctx)
	out.Body, out.RequestURI, out.Close = nil, "", false
	g.address(out, r, u, v, addr)
	h.ask(out.Header)
	answer, err := roundTrip(u.Transport, out)
	switch {
	case err != nil:
		if now := again(); !now.Allowed() {
			now.Denial().Write(w)
			return
		}
		g.fail(w, v, unreachable(err))
	case answer.StatusCode != http.StatusSwitchingProtocols:
		defer answer.Body.Close()
		if err := g.receive(r.Context(), answer, u, v); err != nil {
			f, ok := errors.AsType[*failure](err)
			if !ok {
				f = unreachable(err)
			}
			g.fail(w, v, f)
			return
		}
		g.pass(w, answer, flow)
	default:
		g.switchTo(ctx, w, u, v, h, answer, again)
	}
}

// revealing refuses to hand the upstream a credential of the caller.
func (g *Gateway) revealing(h handshake) *failure {
	for _, values := range h.fields {
		if slices.ContainsFunc(values, g.Guard.Reveals) {
			return noHandshake("Sec-WebSocket-Protocol and Sec-WebSocket-Extensions go to the API behind this gateway, and there is a credential in one of them: send it in Authorization")
		}
	}
	return nil
}

// switchTo takes the connection over from the server, once upstream and guard agree to it.
func (g *Gateway) switchTo(ctx context.Context, w http.ResponseWriter, u *upstream, v guard.Verdict, h handshake, answer *http.Response, again func() guard.Verdict) {
	defer answer.Body.Close()
	behind, ok := answer.Body.(io.ReadWriteCloser)
	err := h.agrees(answer)
	if err == nil && !ok {
		err = errors.New("upstream switches protocols, and its connection cannot be had")
	}
	if err != nil {
		g.fail(w, v, brokenAnswer("%w", err))
		return
	}
	if now := again(); !now.Allowed() {
		now.Denial().Write(w)
		return
	}
	hijacked, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		g.fail(w, v, &failure{status: http.StatusInternalServerError, code: codeUpstream,
			message: "The connection cannot be upgraded", cause: err})
		return
	}
	defer func() { _ = hijacked.Close() }() // it is at its end already, or nobody is left to tell
	client, ok := hijacked.(*framing.Conn)
	if !ok {
		g.Log.Warn("a connection that is not filtered was to be upgraded: serve a listener from gateway.Listen")
		return
	}
	said := &takenOver{header: w.Header()}
	if !client.Release() || buffered.Reader.Buffered() > 0 {
		noHandshake("something was sent behind it, before it was answered").write(said)
		if err := said.send(client); err != nil {
			g.Log.Debug("a refusal could not be written", "error", err)
		}
		return
	}
	g.cleanAnswer(answer.Header, u)
	maps.Copy(said.header, h.answer(answer.Header))
	said.WriteHeader(http.StatusSwitchingProtocols)
	if err := said.send(client); err != nil {
		return // nobody is left to tell
	}
	through := tunnel{client: client, upstream: behind, idle: g.Limits.Idle, allowed: func() bool { return again().Allowed() }}
	g.ended(v, through.run(ctx))
}

// ended writes down why a tunnel was closed, when it was not its two sides that did.
func (g *Gateway) ended(v guard.Verdict, why error) {
	if errors.Is(why, errNoLonger) || errors.Is(why, errIdle) {
		g.Log.Info("an upgraded connection was closed", "operation", v.Operation.String(), "credential", v.Credential.ID.String(), "why", why)
	}
}
