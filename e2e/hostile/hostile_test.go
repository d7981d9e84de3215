package hostile

import (
	"testing"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

func TestHostileRequests(t *testing.T) {
	for _, f := range []struct {
		name  string
		start front
		exact bool
	}{
		{"gateway", throughGateway, true},
		{"nginx", behindNginx, false},
		{"Caddy", behindCaddy, false},
	} {
		for language, start := range upstreams {
			t.Run(f.name+" before "+language, func(t *testing.T) {
				t.Parallel()
				w, u := edgetest.NewWorld(t), start(t)
				tally, err := w.Try(edgetest.Arrangement{Addr: f.start(t, w, u.addr), Take: u.take, Exact: f.exact, Keyed: true})
				if err != nil {
					t.Fatal(err)
				}
				t.Log(tally)
				for _, find := range tally.Finds {
					t.Error(find)
				}
			})
		}
	}
}
