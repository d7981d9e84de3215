package guard

import "time"

// lease is how long a snapshot that came from another process may be decided by: for bound from
// when it was asked for. The zero lease never ends: the state is of this process.
type lease struct {
	from  time.Time
	bound time.Duration
	now   func() time.Time
}

// holds goes by the monotonic clock, and by the wall clock as well, since the first stands still
// while a machine sleeps. Where they differ, the one that went further counts.
func (l lease) holds() bool {
	if l.now == nil {
		return true
	}
	now := l.now()
	return now.Sub(l.from) < l.bound && now.Round(0).Sub(l.from.Round(0)) < l.bound
}
