package control

import (
	"log/slog"
	"time"

	"github.com/leastkey/leastkey"
)

// progress tells whoever waits for a large state to be loaded how far it is, about every second.
type progress struct {
	log  *slog.Logger
	now  func() time.Time
	told time.Time

	changes, credentials int
}

// lookEvery is after how many changes progress looks at the clock: well within a second.
const lookEvery = 10_000

// of gives what each gives, and tells of it.
func (p *progress) of(each func(func(leastkey.Change) error) error) func(func(leastkey.Change) error) error {
	return func(yield func(leastkey.Change) error) error {
		return each(func(change leastkey.Change) error {
			p.changes++
			if change.Credential != nil {
				p.credentials++
			}
			if p.changes%lookEvery == 0 {
				p.tell()
			}
			return yield(change)
		})
	}
}

func (p *progress) tell() {
	if now := p.now(); now.Sub(p.told) >= time.Second {
		p.told = now
		p.log.Info("loading the state", "credentials", p.credentials, "others", p.changes-p.credentials)
	}
}
