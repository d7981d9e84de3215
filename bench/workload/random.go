package workload

import (
	"encoding/binary"

	"github.com/leastkey/leastkey"
)

// kind keeps what is drawn for one thing apart from what is drawn for another with the same number.
type kind uint64

const (
	tokenKind kind = iota + 1
	secretKind
	userKind
	accountKind
	zoneKind
	policyKind
	caseKind
	recordKind
)

// random is splitmix64: small, fast, and the same on every machine. It makes no secret that protects anything.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	x := uint64(*r)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below draws one of 0 to n-1.
func (r *random) below(n int) int { return int(r.next() % uint64(n)) } // #nosec G115 -- n is a small count

// chance is true in so many of a hundred draws.
func (r *random) chance(percent int) bool { return r.below(100) < percent }

// draw begins what is drawn for the i-th of a kind.
func (w *Workload) draw(k kind, i int) *random {
	r := random(w.Seed ^ uint64(k)<<56 ^ uint64(i)) // #nosec G115 -- i is an index
	r.next()
	return &r
}

// id is that of the i-th of a kind.
func (w *Workload) id(k kind, i int) (id leastkey.ID) {
	r := w.draw(k, i)
	binary.LittleEndian.PutUint64(id[:8], r.next())
	binary.LittleEndian.PutUint64(id[8:], r.next())
	return id
}
