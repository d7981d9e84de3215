package edgetest

import (
	"net"
	"testing"

	"github.com/leastkey/leastkey/guard"
)

// Law 5: a handler behind the middleware, in a plain net/http server, parses what was decided.
func TestLaw5Middleware(t *testing.T) {
	w, r := NewWorld(t), &Reporter{}
	addr := startServer(t, w.Guard.Middleware(guard.MiddlewareOptions{})(r), func(l net.Listener) net.Listener { return l })
	tally, err := w.Try(Arrangement{Addr: addr, Take: r.Take})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(tally)
	for _, find := range tally.Finds {
		t.Error(find)
	}
	if tally.Forwarded < 120 || tally.Refused < 250 {
		t.Errorf("that few: %v", tally)
	}
}
