package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// api is the API behind: it says what it saw.
type api struct {
	addr string

	mu   sync.Mutex
	seen []*http.Request
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	a.addr = s.Listener.Addr().String()
	return a
}

// ServeHTTP notes the request as it came. Some paths ask for an answer that a proxy could take for more than one.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the trailers come after it
	a.mu.Lock()
	a.seen = append(a.seen, r)
	a.mu.Unlock()
	switch r.URL.RawQuery {
	case "refuse":
		w.Header().Set("WWW-Authenticate", `Basic realm="the API's own"`)
		w.WriteHeader(http.StatusUnauthorized)
	case "forbid":
		w.WriteHeader(http.StatusForbidden)
	case "elsewhere":
		w.Header().Set("X-Accel-Redirect", "/v1/notebooks/nb-2/notes")
	}
	_, _ = io.WriteString(w, "the API's own answer")
}

// take gives what was seen since the last time.
func (a *api) take() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := a.seen
	a.seen = nil
	return seen
}
