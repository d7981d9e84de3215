package storetest

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func (b *bench) uses(credential leastkey.ID) []control.Use {
	b.Helper()
	return read(b, func(r control.Reader) ([]control.Use, error) { return r.Uses(credential) })
}

func (b *bench) used(most int, uses ...control.Use) {
	b.Helper()
	b.note(func(n control.Notes) error { return n.Used(uses, most) })
}

// testUses: of each credential the newest are kept, in the order given.
func testUses(t *testing.T, f Factory) {
	b := start(t, f)
	ada := leastkey.UserOf(number(1))
	one, two, gone := token(21, ada, secret(1)), token(22, ada, secret(2)), token(23, ada, secret(3))
	b.put(one, two, gone)
	bare := control.Use{Credential: one.ID}
	refused := use(9, two.ID, 2)
	refused.Allowed, refused.Reason, refused.Addr, refused.Operation, refused.Target = false, "ip", netip.MustParseAddr("::ffff:192.0.2.1"), "", ""
	b.used(3, use(5, one.ID, 1), refused, bare, use(4, one.ID, 1), use(1, gone.ID, 3), use(1, number(99), 1))
	same(t, "newest first, as they came", b.uses(one.ID), []control.Use{use(4, one.ID, 1), bare, use(5, one.ID, 1)})
	same(t, "of another", b.uses(two.ID), []control.Use{refused})
	same(t, "of an unknown one", b.uses(number(99)), nil)

	b.used(3, use(6, one.ID, 1), use(7, one.ID, 1))
	same(t, "the newest", b.uses(one.ID), []control.Use{use(7, one.ID, 1), use(6, one.ID, 1), use(4, one.ID, 1)})
	same(t, "the other's stay", b.uses(two.ID), []control.Use{refused})
	var many, newest []control.Use
	for i := range 10 {
		many = append(many, use(20+i, one.ID, 1))
	}
	newest = slices.Clone(many[7:])
	slices.Reverse(newest)
	b.used(3, many...)
	same(t, "more than are kept", b.uses(one.ID), newest)
	b.used(2, use(2, one.ID, 1))
	same(t, "fewer than before", b.uses(one.ID), []control.Use{use(2, one.ID, 1), newest[0]})
	b.used(3)
	same(t, "none at all", b.uses(one.ID), []control.Use{use(2, one.ID, 1), newest[0]})
	b.used(0, use(3, one.ID, 1))
	same(t, "none kept", b.uses(one.ID), nil)
	b.used(3, use(3, one.ID, 1))
	same(t, "begun again", b.uses(one.ID), []control.Use{use(3, one.ID, 1)})

	b.commit(func(tx control.Tx) error { return tx.RevokeCredential(gone.ID, minute(1)) })
	b.used(3, use(8, gone.ID, 3), use(9, two.ID, 2))
	same(t, "after the revocation only what was before", b.uses(gone.ID), []control.Use{use(1, gone.ID, 3)})
	same(t, "beside a revoked one", b.uses(two.ID), []control.Use{use(9, two.ID, 2), refused})
}

// testLastUsed: the last use of a credential and of each secret only moves forward, and touches
// nothing that is revoked or dropped.
func testLastUsed(t *testing.T, f Factory) {
	b := start(t, f)
	ada := leastkey.UserOf(number(1))
	c, other, gone := token(21, ada, secret(2), secret(1)), token(22, ada, secret(3)), token(23, ada, secret(4))
	for _, c := range []*control.Credential{&c, &other, &gone} {
		c.LastUsedOn = time.Time{}
		for i := range c.Secrets {
			c.Secrets[i].LastUsedOn = time.Time{}
		}
	}
	b.put(c, other, gone)
	b.used(9, use(7, c.ID, 1), use(5, c.ID, 2), use(6, c.ID, 1))
	c.LastUsedOn, c.Secrets[0].LastUsedOn, c.Secrets[1].LastUsedOn = minute(7), minute(5), minute(7)
	b.holds("each by its own", c)
	b.used(9, use(4, c.ID, 1), use(6, c.ID, 2), control.Use{Credential: c.ID, Secret: hash(1)})
	c.Secrets[0].LastUsedOn = minute(6)
	b.holds("never back", c)
	b.holds("the other is untouched", other)
	b.used(9, use(9, c.ID, 3)) // the secret of another cannot have been it
	c.LastUsedOn = minute(9)
	b.holds("with the secret of another", c)
	b.holds("whose secret it is", other)
	same(t, "what nodes know", len(read(b, state)), 3)

	c.Secrets, c.ModifiedOn = c.Secrets[:1], minute(10)
	b.put(c) // drops secret 1
	b.holds("put as it was", c)
	b.used(9, use(11, c.ID, 1))
	c.LastUsedOn = minute(11)
	b.holds("with a dropped secret", c)
	wants(t, "a dropped secret", b.tryPut(token(24, ada, secret(1))), control.ErrExists)
	b.commit(func(tx control.Tx) error { return tx.RevokeCredential(gone.ID, minute(1)) })
	b.used(9, use(12, gone.ID, 4), use(12, other.ID, 3))
	_, err := b.credential(gone.ID)
	wants(t, "a revoked one", err, control.ErrNotFound)
	other.LastUsedOn, other.Secrets[0].LastUsedOn = minute(12), minute(12)
	b.holds("beside a revoked one", other)

	back := c
	back.LastUsedOn = minute(1)
	b.put(back)
	b.holds("a put keeps what it is given", back)
}

// jot notes one of each thing about what fill makes.
func jot(n control.Notes) error {
	return errors.Join(n.SessionSeen(number(61), minute(70), netip.MustParseAddr("192.0.2.77")),
		n.Used([]control.Use{use(70, number(21), 1)}, 5), n.Sweep(minute(80), time.Time{}))
}

// testNote: a note is kept for good, or nothing of it is; and it is no act.
func testNote(t *testing.T, f Factory) {
	dir := t.TempDir()
	b := &bench{TB: t, store: f.Open(t, dir)}
	b.commit(fill)
	before := read(b, look)
	boom := errors.New("boom")
	wants(t, "fn fails", b.store.Note(t.Context(), func(n control.Notes) error { return errors.Join(jot(n), boom) }), boom)
	same(t, "after fn failed", read(b, look), before)

	over, cancel := context.WithCancel(t.Context())
	cancel()
	wants(t, "a context that is over", b.store.Note(over, func(control.Notes) error { t.Error("fn ran"); return nil }), context.Canceled)
	ctx, cancel := context.WithCancel(t.Context())
	wants(t, "cancelled inside", b.store.Note(ctx, func(n control.Notes) error { cancel(); _ = jot(n); return nil }), context.Canceled)
	same(t, "after both", read(b, look), before)
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("got panic %v, want boom", got)
			}
		}()
		err := b.store.Note(t.Context(), func(n control.Notes) error {
			wants(t, "jot", jot(n), nil)
			panic("boom")
		})
		t.Errorf("came back with %v", err)
	}()
	same(t, "after the panic", read(b, look), before)

	var dead control.Notes
	b.note(func(n control.Notes) error {
		dead = n
		err := jot(n)
		same(t, "another view during the note", read(b, look), before)
		return err
	})
	for _, err := range []error{dead.SessionSeen(number(61), minute(90), netip.Addr{}), dead.Used([]control.Use{use(90, number(21), 1)}, 5), dead.Sweep(minute(900), minute(900))} {
		if err == nil {
			t.Error("Notes work after the end")
		}
	}
	after := read(b, look)
	same(t, "the session", after.Sessions[0][0].SeenOn, minute(70))
	same(t, "the link", after.Links, nil)
	same(t, "the use", after.Uses[0], []control.Use{use(70, number(21), 1)})
	same(t, "the last use", after.Tokens[0][0].Secrets[0].LastUsedOn, minute(70))
	same(t, "revision, audit and changes", []any{after.Revision, after.Audit, after.Log, after.Known}, []any{before.Revision, before.Audit, before.Log, before.Known})

	if err := b.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	b.store = f.Open(t, dir)
	same(t, "reopened", read(b, look), after)
	if err := b.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if err := b.store.Note(t.Context(), jot); err == nil {
		t.Error("Note works after Close")
	}
}
