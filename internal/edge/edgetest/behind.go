package edgetest

import (
	"fmt"
	"strings"
)

// Arrangement is what stands between clients and an upstream that reports what it parsed.
type Arrangement struct {
	Addr string                   // where clients send their requests
	Take func() ([]Report, error) // what the upstream saw since the last time

	Exact bool // it does with every vector exactly what the vector wants, as the gateway does
	Keyed bool // it adds the upstream's own credential
}

// Tally is what became of the hostile requests.
type Tally struct {
	Tried     int
	Refused   int // the upstream saw nothing of it
	Forwarded int // as wanted
	Tidied    int // of those that the gateway refuses: made a request that the token may make, then decided as that
	Late      int // of those refused: the upstream had a request that the token may make, whose body then broke off
	Finds     []Find
}

// String implements fmt.Stringer.
func (y Tally) String() string {
	return fmt.Sprintf("%d hostile requests: %d refused (%d in their body), %d forwarded, %d forwarded tidied up", y.Tried, y.Refused, y.Late, y.Forwarded, y.Tidied)
}

// Find is a hostile request that got through in a way in which it must not.
type Find struct {
	Vector, Request string
	Answers         []int
	Faults          []string
	Reports         []Report
}

// String implements fmt.Stringer.
func (f Find) String() string {
	raw := f.Request
	if len(raw) > 700 {
		raw = raw[:700] + "..."
	}
	return fmt.Sprintf("%s: %s\nanswers %v\nsent %q\nthe upstream saw %+v", f.Vector, strings.Join(f.Faults, "; "), f.Answers, raw, f.Reports)
}

// Try sends every hostile request, and an innocent one right behind each, and judges what the
// upstream saw. It is weaker than [Run], for what stands in front may be a program that is not
// ours, which refuses, tidies up and frames anew in its own way. What it holds to is said at
// [World.faults].
func (w *World) Try(a Arrangement) (Tally, error) {
	var y Tally
	if _, err := a.Take(); err != nil {
		return y, err
	}
	for _, v := range hostile() {
		answers, cut, err := exchange(a.Addr, w.Fill(v.raw)+w.probe())
		if err != nil {
			return y, fmt.Errorf("%s: %w", v.name, err)
		}
		reports, err := a.Take()
		if err != nil {
			return y, fmt.Errorf("%s: %w", v.name, err)
		}
		y.add(w, a, outcome{v, answers, cut, reports})
	}
	return y, nil
}

func (y *Tally) add(w *World, a Arrangement, o outcome) {
	y.Tried++
	if faults := w.faults(a, o); len(faults) > 0 {
		y.Finds = append(y.Finds, Find{o.name, w.Fill(o.raw), o.answers, faults, o.reports})
	}
	own, late, _ := o.divide()
	switch {
	case len(own) == 0:
		y.Refused++
		if len(late) > 0 {
			y.Late++
		}
	case o.want.refused != nil:
		y.Tidied++
	default:
		y.Forwarded++
	}
}
