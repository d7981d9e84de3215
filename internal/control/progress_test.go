package control

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
)

// TestProgress: who waits hears of it about every second, and of a small state nothing.
func TestProgress(t *testing.T) {
	var said bytes.Buffer
	at := time.Unix(0, 0)
	now := func() time.Time { at = at.Add(250 * time.Millisecond); return at }
	p := progress{log: slog.New(slog.NewTextHandler(&said, nil)), now: now, told: at}
	given := 0
	err := p.of(func(yield func(leastkey.Change) error) error {
		for i := range 8 * lookEvery {
			change := leastkey.Change{Credential: &leastkey.CredentialRecord{}}
			if i%2 == 0 {
				change = leastkey.Change{Resource: &leastkey.ResourceRecord{}}
			}
			if err := yield(change); err != nil {
				return err
			}
		}
		return nil
	})(func(leastkey.Change) error { given++; return nil })
	if err != nil || given != 8*lookEvery {
		t.Fatalf("%d given: %v", given, err)
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[1], `credentials=40000 others=40000`) {
		t.Errorf("said %q", lines)
	}
}
