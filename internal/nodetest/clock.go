package nodetest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Epoch is when every clock starts.
var Epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

// Clock goes on by a microsecond whenever it is read, so that no two things happen at once, and
// by more only when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts a clock at Epoch.
func NewClock() *Clock { return &Clock{now: Epoch} }

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Random gives the same bytes in every run. It may be read by many goroutines.
type Random struct {
	mu     sync.Mutex
	source *rand.ChaCha8
}

// NewRandom starts at the seed.
func NewRandom(seed byte) *Random { return &Random{source: rand.NewChaCha8([32]byte{seed})} }

// Read implements io.Reader.
func (r *Random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}
