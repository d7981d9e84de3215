package extauthz

import (
	"log/slog"
	"net/http"
	"net/netip"
	"testing"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"google.golang.org/protobuf/proto"

	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// FuzzQuestion asks anything at all. Nothing may end the server, and what it lets through the guard
// must allow when it is asked the same in plain words, with no more than the adapter can do.
func FuzzQuestion(f *testing.F) {
	w := edgetest.NewWorld(f)
	a := &authorization{Config: Config{Guard: w.Guard, Log: slog.New(slog.DiscardHandler)}}
	for _, q := range []*auth.CheckRequest{sound(w), sound(w, [2]string{"Cookie", "a=b"}), {}} {
		wire, err := proto.Marshal(q)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire, "authorization", "Bearer "+w.Token.Reveal())
		f.Add(wire, ":path", "/client/v4/zones")
		f.Add(wire, "x-forwarded-for", "192.0.2.1")
	}
	f.Fuzz(func(t *testing.T, wire []byte, name, value string) {
		var q auth.CheckRequest
		if proto.Unmarshal(wire, &q) != nil {
			t.Skip("not a question")
		}
		if about := q.GetAttributes().GetRequest().GetHttp(); about.GetHeaderMap() != nil {
			about.HeaderMap.Headers = append(about.HeaderMap.Headers, &core.HeaderValue{Key: name, RawValue: []byte(value)})
		}
		r, err := a.read(&q)
		if err != nil {
			return
		}
		r.Addr = guard.ClientAddr(r.Addr, r.Header, nil)
		v := w.Guard.Check(t.Context(), r.Request)
		if !v.Allowed() {
			return
		}
		answer := allow(r, v).GetOkResponse()
		about := q.GetAttributes().GetRequest().GetHttp()
		plain := w.Guard.Check(t.Context(), guard.Request{Method: about.GetMethod(), Host: about.GetHost(), Target: about.GetPath(), Header: r.Header, Addr: netip.Addr{}, Can: guard.Headers | guard.Bodies, Body: r.Body})
		if !plain.Allowed() {
			t.Errorf("let through, and the guard says %d", plain.Denial().Status)
		}
		header := apply(t, r.Header.Clone(), answer)
		for name := range header {
			identity := name == http.CanonicalHeaderKey(guard.TokenIDHeader) || name == http.CanonicalHeaderKey(guard.PrincipalHeader)
			said := name == "X-Forwarded-For" || name == "X-Forwarded-Proto" || name == "X-Forwarded-Host"
			if guard.Owned(name) && !identity && !said {
				t.Errorf("the API sees %s", name)
			}
		}
	})
}
