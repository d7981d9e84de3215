package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// memo is one note.
type memo struct {
	lines []line
	fails bool // it fails at the end
}

// line is one step of a note.
type line struct {
	name string
	do   func(control.Notes) error
}

func (m memo) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "note (fails %v):", m.fails)
	for _, l := range m.lines {
		s.WriteString(" " + l.name)
	}
	return s.String()
}

func (m memo) run(s control.Store) (out outcome) {
	err := s.Note(context.Background(), func(n control.Notes) error {
		for _, l := range m.lines {
			out.Ops = append(out.Ops, kindOf(l.do(n)))
		}
		if m.fails {
			return errPlanned
		}
		return nil
	})
	out.Commit = kindOf(err)
	return out
}

func drawMemo(rt *rapid.T) memo {
	return memo{
		lines: rapid.SliceOfN(rapid.Custom(drawLine), 0, 3).Draw(rt, "lines"),
		fails: rapid.IntRange(0, 7).Draw(rt, "fails") == 0,
	}
}

func drawLine(rt *rapid.T) line {
	n := func(what string, from, to int) int { return rapid.IntRange(from, to).Draw(rt, what) }
	switch n("line", 0, 4) {
	case 0:
		id, at, addr := number(n("session", 61, 64)), drawTime(rt, "seen"), drawAddr(rt)
		return line{fmt.Sprintf("SessionSeen(%v, %v, %v)", id, at, addr), func(n control.Notes) error { return n.SessionSeen(id, at, addr) }}
	case 1:
		now, idle := drawTime(rt, "now"), drawTime(rt, "idle")
		return line{fmt.Sprintf("Sweep(%v, %v)", now, idle), func(n control.Notes) error { return n.Sweep(now, idle) }}
	default:
		var uses []control.Use
		for range n("uses", 0, 6) {
			u := use(0, number(n("credential", 21, 26)), n("secret", 1, 12))
			u.At, u.Addr, u.Allowed = drawTime(rt, "at"), drawAddr(rt), rapid.Bool().Draw(rt, "allowed")
			uses = append(uses, u)
		}
		most := n("most", 0, 4)
		return line{fmt.Sprintf("Used(%v, %d)", uses, most), func(n control.Notes) error { return n.Used(uses, most) }}
	}
}

func drawSession(rt *rapid.T) op {
	s := session(rapid.IntRange(61, 64).Draw(rt, "session"), number(rapid.IntRange(1, 4).Draw(rt, "user")))
	if rapid.IntRange(0, 3).Draw(rt, "end") == 0 {
		return op{fmt.Sprintf("DeleteSession(%v)", s.ID), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.DeleteSession(s.ID) }}
	}
	s.Hash = hash(rapid.IntRange(61, 64).Draw(rt, "hash"))
	s.CreatedOn, s.ExpiresOn, s.SeenOn = drawTime(rt, "created"), drawTime(rt, "expires"), drawTime(rt, "seen")
	return op{fmt.Sprintf("PutSession(%+v)", s), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.PutSession(s) }}
}

func drawLink(rt *rapid.T) op {
	l := link(rapid.IntRange(61, 64).Draw(rt, "hash"), number(rapid.IntRange(1, 4).Draw(rt, "user")))
	if rapid.IntRange(0, 3).Draw(rt, "use") == 0 {
		return op{fmt.Sprintf("DeleteSignInLink(%x)", l.Hash), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.DeleteSignInLink(l.Hash) }}
	}
	l.ExpiresOn = drawTime(rt, "expires")
	return op{fmt.Sprintf("PutSignInLink(%+v)", l), func(tx control.Tx) ([]leastkey.Change, error) { return nil, tx.PutSignInLink(l) }}
}

// drawTime draws one of six instants, or none.
func drawTime(rt *rapid.T, what string) time.Time {
	if i := rapid.IntRange(-1, 5).Draw(rt, what); i >= 0 {
		return minute(i)
	}
	return time.Time{}
}

func drawAddr(rt *rapid.T) netip.Addr {
	return rapid.SampledFrom([]netip.Addr{
		{}, netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2"), netip.MustParseAddr("::ffff:192.0.2.3"), netip.MustParseAddr("2001:db8::1"),
	}).Draw(rt, "addr")
}
