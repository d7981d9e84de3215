package hostile

import (
	"testing"

	"github.com/leastkey/leastkey/internal/edge/edgetest"
)

// Law 5, wherever a request passes: what the upstream parsed, in its own language, is what was
// decided. Each arrangement forwards and refuses enough to show that it is not broken altogether.
func TestLaw5HostileRequests(t *testing.T) {
	for _, f := range []struct {
		name      string
		start     front
		exact     bool
		forwarded int // at least
	}{
		{"gateway", throughGateway, true, 120},
		{"nginx", behindNginx, false, 100},
		{"Caddy", behindCaddy, false, 120},
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
				if tally.Forwarded < f.forwarded || tally.Refused < 220 {
					t.Errorf("that few: %v", tally)
				}
			})
		}
	}
}
