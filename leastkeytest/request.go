package leastkeytest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/guard"
)

// Request makes a request that presents the credential, as a server gets it: from the address
// 192.0.2.1, for the host example.com. A body that is not empty is JSON.
func (c *Credential) Request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body)) //nolint:noctx // as a server gets it, not to be sent
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	c.Present(r.Header)
	return r
}

// Present puts the credential where its kind is sent, in the place of any other.
func (c *Credential) Present(h http.Header) {
	for _, name := range []string{"Authorization", "X-Auth-Email", "X-Auth-Key", "X-Auth-User-Service-Key"} {
		h.Del(name)
	}
	switch c.record.Credential.Kind {
	case leastkey.GlobalAPIKey:
		h.Set("X-Auth-Email", c.w.email(c.record.Credential.Principal))
		h.Set("X-Auth-Key", c.Secret.Reveal())
	case leastkey.ServiceKey:
		h.Set("X-Auth-User-Service-Key", c.Secret.Reveal())
	default:
		h.Set("Authorization", "Bearer "+c.Secret.Reveal())
	}
}

// Check asks the guard about a request as a server gets it, on behalf of an adapter that can do
// everything. The body can still be read after it.
func (w *World) Check(r *http.Request) guard.Verdict {
	w.t.Helper()
	asked := guard.Request{
		Method: r.Method, Host: r.Host, Target: r.RequestURI, Header: r.Header,
		Can: guard.AllAbilities,
		Body: func(limit int64) ([]byte, error) {
			data, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(data))
			if err == nil && int64(len(data)) > limit {
				err = guard.ErrBodyTooLarge
			}
			return data, err
		},
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		asked.Addr = peer.Addr()
	}
	return w.Guard.Check(r.Context(), asked)
}
