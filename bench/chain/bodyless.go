package chain

import (
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/leastkey/leastkey/internal/edge/bodyless"
)

// bodyless204 is the server on which Leastkey answers proxies, with an answer that takes no decision.
func bodyless204(l net.Listener, _ string) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	s, err := bodyless.New(bodyless.Config{
		Answer: func(_ *bodyless.Request, a *bodyless.Answer) { a.Status = 204 },
		Start:  time.Now(), Tick: tick.C, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	return s.Serve(l)
}
