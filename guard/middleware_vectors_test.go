package guard_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/internal/edge/edgetest"
	"github.com/leastkey/leastkey/internal/vectors"
)

// The middleware decides every golden request as all adapters do, in front of a handler that only
// serves, and in front of one that cuts lists and has its registry told.
func TestMiddlewareVectors(t *testing.T) {
	for name, can := range map[string]guard.Ability{"a handler that only serves": 0, "a handler that cuts and tells": guard.Lists | guard.Effects} {
		t.Run(name, func(t *testing.T) {
			edgetest.RunVectors(t, func(t *testing.T, w *vectors.World) edgetest.Adapter {
				behind := edgetest.NewAPI(w)
				// The test is a trusted proxy in front, so that the client can be anywhere.
				options := guard.MiddlewareOptions{Can: can, TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
				server := httptest.NewServer(w.Guard.Middleware(options)(cutting(behind)))
				t.Cleanup(server.Close)
				return edgetest.Adapter{
					Can: can | guard.Bodies | guard.Headers,
					Send: func(t *testing.T, s vectors.Sent) edgetest.Answer {
						answer, body := send(t, server.Listener.Addr().String(), s)
						upstream := behind.Take()
						if answer.StatusCode == http.StatusBadRequest && string(body) == "400 Bad Request" { // no handler is asked
							return edgetest.Answer{Status: http.StatusBadRequest, Code: api.CodeAmbiguous}
						}
						if answer.StatusCode >= 400 {
							if upstream != nil {
								t.Error("the handler saw a request that was refused")
							}
							return edgetest.Refusal(t, answer.StatusCode, answer.Header, body)
						}
						path, _, _ := strings.Cut(s.Target, "?")
						op, _, _ := w.Catalog.Match(s.Method, s.Host, strings.TrimSuffix(path, "/"))
						return edgetest.Answer{Allowed: true, Status: http.StatusOK, Upstream: upstream, Shown: behind.Shown(op, body)}
					},
				}
			})
		})
	}
}

// cutting shows of a list that another handler gives what the verdict sees.
func cutting(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, behind := guard.VerdictFrom(r.Context())
		if !behind || !v.Allowed() {
			http.Error(w, "no verdict", http.StatusTeapot)
			return
		}
		if v.Operation.Items == nil {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var whole any
		if err := json.Unmarshal(rec.Body.Bytes(), &whole); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		_ = json.NewEncoder(w).Encode(cut(whole, v, v.Operation.Items.At))
	})
}

func cut(d any, v guard.Verdict, at catalog.Pointer) any {
	if len(at) > 0 {
		object := d.(map[string]any)
		object[at[0]] = cut(object[at[0]], v, at[1:])
		return object
	}
	kept := []any{}
	for _, item := range d.([]any) {
		id := item
		for _, name := range v.Operation.Items.ID {
			id = id.(map[string]any)[name]
		}
		if v.Sees(leastkey.Resource{Type: v.Operation.Target.Type, ID: id.(string)}) {
			kept = append(kept, item)
		}
	}
	return kept
}

// send writes the bytes of a request, so that nothing tidies it up, and reads the answer.
func send(t *testing.T, addr string, s vectors.Sent) (*http.Response, []byte) {
	t.Helper()
	var raw strings.Builder
	fmt.Fprintf(&raw, "%s %s HTTP/1.1\r\nHost: %s\r\n", s.Method, s.Target, s.Host)
	for _, h := range s.Header {
		fmt.Fprintf(&raw, "%s: %s\r\n", h[0], h[1])
	}
	if s.Addr.IsValid() {
		fmt.Fprintf(&raw, "X-Forwarded-For: %s\r\n", s.Addr)
	}
	if s.Body != nil {
		fmt.Fprintf(&raw, "Content-Length: %d\r\n\r\n%s", len(*s.Body), *s.Body)
	} else {
		raw.WriteString("\r\n")
	}
	return sendRaw(t, addr, s.Method, raw.String())
}

func sendRaw(t *testing.T, addr, method, raw string) (*http.Response, []byte) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, raw) // a refusal may come before the whole of a body is written
	answer, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}
