package storetest

import (
	"net/netip"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// signedIn is a store with users 1 to 4 and the sessions.
func signedIn(t *testing.T, f Factory, sessions ...control.Session) *bench {
	t.Helper()
	b := start(t, f)
	b.commit(func(tx control.Tx) error {
		if err := settle(tx); err != nil {
			return err
		}
		for _, s := range sessions {
			if err := tx.PutSession(s); err != nil {
				return err
			}
		}
		return nil
	})
	return b
}

func (b *bench) sessions(user leastkey.ID) []control.Session {
	b.Helper()
	return read(b, func(r control.Reader) ([]control.Session, error) { return r.Sessions(user) })
}

// note runs fn in a note that must succeed.
func (b *bench) note(fn func(control.Notes) error) {
	b.Helper()
	if err := b.store.Note(b.Context(), fn); err != nil {
		b.Fatalf("note: %v", err)
	}
}

func testSessions(t *testing.T, f Factory) {
	ada, bob := number(1), number(2)
	late, early, tie := session(62, ada), session(61, ada), session(63, ada)
	tie.CreatedOn = late.CreatedOn
	bare := control.Session{ID: number(64), User: bob, Hash: hash(64)}
	b := signedIn(t, f, tie, bare, late, early)
	same(t, "oldest first, then by id", b.sessions(ada), []control.Session{early, late, tie})
	same(t, "of another user", b.sessions(bob), []control.Session{bare})
	same(t, "of nobody", b.sessions(number(3)), nil)
	same(t, "by id", read(b, func(r control.Reader) (control.Session, error) { return r.Session(late.ID) }), late)
	byHash := func(n int) (control.Session, error) {
		var s control.Session
		err := b.store.View(t.Context(), func(r control.Reader) (err error) {
			s, err = r.SessionByHash(hash(n))
			return err
		})
		return s, err
	}
	got, err := byHash(64)
	wants(t, "by hash", err, nil)
	same(t, "by hash", got, bare)

	for name, taken := range map[string]control.Session{"a new session": session(65, bob), "a known one": early} {
		taken.Hash = late.Hash
		_, err := b.try(func(tx control.Tx) error { return tx.PutSession(taken) })
		wants(t, name+" with a taken hash", err, control.ErrExists)
	}
	same(t, "after refusals", b.sessions(ada), []control.Session{early, late, tie})

	early.Hash, early.ConfirmedOn, early.SeenOn, early.Addr6 = hash(70), time.Time{}, minute(90), netip.Addr{}
	b.commit(func(tx control.Tx) error { return tx.PutSession(early) })
	same(t, "replaced", b.sessions(ada), []control.Session{early, late, tie})
	_, err = byHash(61)
	wants(t, "the hash before", err, control.ErrNotFound)

	b.commit(func(tx control.Tx) error { return tx.DeleteSession(late.ID) })
	same(t, "ended", b.sessions(ada), []control.Session{early, tie})
	_, err = byHash(62)
	wants(t, "the hash of an ended one", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteSession(late.ID) })
	wants(t, "end twice", err, control.ErrNotFound)
}

func testSignInLinks(t *testing.T, f Factory) {
	b := signedIn(t, f)
	one, other := link(61, number(1)), link(62, number(1))
	b.commit(func(tx control.Tx) error { return tx.PutSignInLink(one) })
	b.commit(func(tx control.Tx) error { return tx.PutSignInLink(other) })
	find := func(h leastkey.SecretHash) (l control.SignInLink, err error) {
		err = b.store.View(t.Context(), func(r control.Reader) (err error) {
			l, err = r.SignInLink(h)
			return err
		})
		return l, err
	}
	longer := link(61, number(2))
	longer.ExpiresOn = minute(99)
	_, err := b.try(func(tx control.Tx) error { return tx.PutSignInLink(longer) })
	wants(t, "a taken hash", err, control.ErrExists)
	got, err := find(one.Hash)
	wants(t, "after the refusal", err, nil)
	same(t, "after the refusal", got, one)

	b.commit(func(tx control.Tx) error { return tx.DeleteSignInLink(one.Hash) })
	_, err = find(one.Hash)
	wants(t, "a link that was used", err, control.ErrNotFound)
	_, err = b.try(func(tx control.Tx) error { return tx.DeleteSignInLink(one.Hash) })
	wants(t, "use it twice", err, control.ErrNotFound)
	got, err = find(other.Hash)
	wants(t, "the other", err, nil)
	same(t, "the other", got, other)
}

func testSessionSeen(t *testing.T, f Factory) {
	was := session(61, number(1)) // seen at minute 62, from 192.0.2.2 and 2001:db8::2
	var never control.Session
	never.ID, never.User, never.Hash = number(62), number(1), hash(62)
	other := session(63, number(2))
	b := signedIn(t, f, was, never, other)
	tests := []struct {
		name string
		at   time.Time
		addr string
		want func(s *control.Session)
	}{
		{"earlier", minute(61), "192.0.2.9", func(*control.Session) {}},
		{"from IPv4", minute(63), "192.0.2.3", func(s *control.Session) { s.SeenOn, s.Addr4 = minute(63), netip.MustParseAddr("192.0.2.3") }},
		{"at the same time, from IPv6", minute(63), "2001:db8::3", func(s *control.Session) { s.Addr6 = netip.MustParseAddr("2001:db8::3") }},
		{"from IPv4 in IPv6", minute(64), "::ffff:192.0.2.4", func(s *control.Session) { s.SeenOn, s.Addr4 = minute(64), netip.MustParseAddr("192.0.2.4") }},
		{"from a link of its own", minute(65), "fe80::1%eth0", func(s *control.Session) { s.SeenOn, s.Addr6 = minute(65), netip.MustParseAddr("fe80::1") }},
		{"from nowhere", minute(66), "", func(s *control.Session) { s.SeenOn = minute(66) }},
	}
	for _, test := range tests {
		var addr netip.Addr
		if test.addr != "" {
			addr = netip.MustParseAddr(test.addr)
		}
		b.note(func(n control.Notes) error { return n.SessionSeen(was.ID, test.at, addr) })
		test.want(&was)
		same(t, test.name, b.sessions(number(1)), []control.Session{never, was})
	}
	b.note(func(n control.Notes) error {
		return n.SessionSeen(never.ID, minute(1), netip.MustParseAddr("192.0.2.1"))
	})
	never.SeenOn, never.Addr4 = minute(1), netip.MustParseAddr("192.0.2.1")
	b.note(func(n control.Notes) error { return n.SessionSeen(number(99), minute(70), netip.Addr{}) }) // no such session
	same(t, "one that was never seen", b.sessions(number(1)), []control.Session{never, was})
	same(t, "of another user", b.sessions(number(2)), []control.Session{other})
}

func testSweep(t *testing.T, f Factory) {
	now, idle := minute(100), minute(50)
	ada := number(1)
	lasting := func(n int, expires, seen time.Time) control.Session {
		s := session(n, ada)
		s.ExpiresOn, s.SeenOn = expires, seen
		return s
	}
	first, last := now.Add(time.Microsecond), idle.Add(time.Microsecond)
	good := lasting(61, first, last)
	b := signedIn(t, f, good,
		lasting(62, now, last), lasting(63, minute(1), last), lasting(64, time.Time{}, last),
		lasting(65, first, idle), lasting(66, first, minute(1)), lasting(67, first, time.Time{}), lasting(68, minute(1), minute(1)))
	links := []control.SignInLink{link(61, ada), link(62, ada), link(63, ada)}
	links[0].ExpiresOn, links[1].ExpiresOn, links[2].ExpiresOn = first, now, time.Time{}
	b.commit(func(tx control.Tx) error {
		for _, l := range links {
			if err := tx.PutSignInLink(l); err != nil {
				return err
			}
		}
		return nil
	})
	b.note(func(n control.Notes) error { return n.Sweep(time.Time{}, time.Time{}) }) // long ago: what never began to live is over even then
	same(t, "long ago", len(b.sessions(ada)), 6)
	for range 2 {
		b.note(func(n control.Notes) error { return n.Sweep(now, idle) })
		same(t, "the rest", b.sessions(ada), []control.Session{good})
		for i, l := range links {
			want := control.ErrNotFound
			if i == 0 {
				want = nil
			}
			wants(t, "link", b.store.View(t.Context(), func(r control.Reader) error { _, err := r.SignInLink(l.Hash); return err }), want)
		}
	}
}
