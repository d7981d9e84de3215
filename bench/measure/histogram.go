package measure

import (
	"math/bits"
	"time"
)

// Histogram counts durations in buckets that are 3 % wide, without allocating, so that to note one does not disturb
// the next. The zero Histogram is ready. It is for one goroutine.
type Histogram struct {
	counts [64 * fine]uint64
	n      uint64
	most   time.Duration
}

const fine = 32

// Add notes one.
func (h *Histogram) Add(d time.Duration) {
	h.counts[bucket(uint64(max(d, 0)))]++ // #nosec G115 -- not negative
	h.n++
	h.most = max(h.most, d)
}

// Merge adds all of another.
func (h *Histogram) Merge(other *Histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.n += other.n
	h.most = max(h.most, other.most)
}

// Quantile is the upper end of the bucket below which that part of all lies; 1 is the longest of all.
func (h *Histogram) Quantile(q float64) time.Duration {
	if q >= 1 {
		return h.most
	}
	below := uint64(q * float64(h.n))
	for i, n := range h.counts {
		if n > below {
			return min(upper(i), h.most)
		}
		below -= n
	}
	return h.most
}

// Latency is what is told of many durations.
type Latency struct {
	P50  time.Duration `json:"p50"`
	P99  time.Duration `json:"p99"`
	P999 time.Duration `json:"p99_9"`
	Max  time.Duration `json:"max"`
	N    uint64        `json:"n"`
}

// Latency sums up.
func (h *Histogram) Latency() Latency {
	return Latency{h.Quantile(0.5), h.Quantile(0.99), h.Quantile(0.999), h.most, h.n}
}

// bucket of a number: by its highest bit, and the five below that.
func bucket(v uint64) int {
	if v < fine {
		return int(v) // #nosec G115 -- small
	}
	shift := bits.Len64(v) - 6
	return (shift+1)*fine + int(v>>shift) - fine // #nosec G115 -- v>>shift is below 64
}

func upper(bucket int) time.Duration {
	if bucket < fine {
		return time.Duration(bucket)
	}
	shift := bucket/fine - 1
	return time.Duration((uint64(bucket%fine+fine)+1)<<shift - 1) // #nosec G115 -- of a duration
}
