package storetest

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

func nothing(control.Tx) error { return nil }

// audited commits nothing but its audit row.
func (b *bench) audited(a control.Audit) control.Audit {
	b.Helper()
	rev, err := b.store.Commit(b.Context(), func(control.Tx) (control.Act, error) { return control.Act{Audit: a}, nil })
	if err != nil {
		b.Fatalf("commit: %v", err)
	}
	a.Revision = rev
	return a
}

func testAudit(t *testing.T, f Factory) {
	b := start(t, f)
	ada, acme := leastkey.UserOf(number(1)), leastkey.AccountOf(number(1))
	full := control.Audit{
		ID: b.id(), Revision: 99, At: minute(1), Actor: ada, Credential: number(2), Addr: netip.MustParseAddr("2001:db8::1"),
		Action: "token.create", Subject: "token x", Account: number(3),
		Before: json.RawMessage(`{"a": [1, 2.50], "name":"` + "Ł" + `"}`), After: json.RawMessage(`null`),
	}
	rows := []control.Audit{
		b.audited(full), // its revision is the store's
		b.audited(control.Audit{ID: b.id(), Action: "operator", Agent: "discovery"}),
		b.audited(control.Audit{ID: b.id(), Action: "a", Actor: acme, Subject: "token x", Addr: netip.MustParseAddr("192.0.2.1")}),
		b.audited(control.Audit{ID: b.id(), Action: "b", Actor: ada, Subject: "token y", Account: number(3), At: minute(0)}),
		b.audited(control.Audit{ID: b.id(), Action: "c", Actor: ada, Subject: "token x", Account: number(4)}),
	}
	same(t, "revision", rows[0].Revision, 1)
	tests := []struct {
		name   string
		filter control.AuditFilter
		want   []int
	}{
		{"all, newest first", control.AuditFilter{}, []int{4, 3, 2, 1, 0}},
		{"of an account", control.AuditFilter{Account: number(3)}, []int{3, 0}},
		{"of an actor", control.AuditFilter{Actor: ada}, []int{4, 3, 0}},
		{"of an actor of the same id", control.AuditFilter{Actor: acme}, []int{2}},
		{"of a subject", control.AuditFilter{Subject: "token x"}, []int{4, 2, 0}},
		{"of part of a subject", control.AuditFilter{Subject: "token"}, nil},
		{"of all three", control.AuditFilter{Account: number(3), Actor: ada, Subject: "token x"}, []int{0}},
		{"the newest", control.AuditFilter{Limit: 2}, []int{4, 3}},
		{"the newest of an actor", control.AuditFilter{Actor: ada, Limit: 1}, []int{4}},
		{"fewer than none", control.AuditFilter{Limit: -1}, nil},
	}
	for _, test := range tests {
		var want []control.Audit
		for _, i := range test.want {
			want = append(want, rows[i])
		}
		got := read(b, func(r control.Reader) ([]control.Audit, error) { return r.AuditRows(test.filter) })
		same(t, test.name, got, want)
	}
	got := read(b, func(r control.Reader) ([]control.Audit, error) {
		return r.AuditRows(control.AuditFilter{Subject: "token y"})
	})
	if len(got) == 1 && (got[0].Before != nil || got[0].After != nil) {
		t.Errorf("what was nil came back as %v and %v", got[0].Before, got[0].After)
	}

	_, err := b.store.Commit(t.Context(), func(tx control.Tx) (control.Act, error) {
		return control.Act{Audit: control.Audit{ID: full.ID, Action: "again"}}, tx.PutUser(user(1))
	})
	wants(t, "an audit id that is taken", err, control.ErrExists) // so an act given an id of its own is done once
	same(t, "nothing was kept", read(b, control.Reader.Users), nil)
	same(t, "nothing was kept", b.revision(), 5)

	var all []control.Audit
	for range 120 {
		all = append(all, b.audited(control.Audit{ID: b.id(), Action: "many"}))
	}
	slices.Reverse(all)
	got = read(b, func(r control.Reader) ([]control.Audit, error) { return r.AuditRows(control.AuditFilter{}) })
	same(t, "a hundred unless said", got, all[:100])
}

// testAuditSpans: rows of a span of time, before a row, and about a user.
func testAuditSpans(t *testing.T, f Factory) {
	b := start(t, f)
	ada, bob := leastkey.UserOf(number(1)), leastkey.UserOf(number(2))
	row := func(at int, actor leastkey.Principal, subject string, account int) control.Audit {
		a := control.Audit{ID: b.id(), Action: "a", Actor: actor, Subject: subject}
		if at >= 0 {
			a.At = minute(at)
		}
		if account > 0 {
			a.Account = number(account)
		}
		return b.audited(a)
	}
	rows := []control.Audit{
		row(0, ada, "token x", 0),
		row(1, bob, ada.String(), 3),
		row(2, ada, ada.String(), 3),
		row(1, leastkey.Principal{}, ada.String(), 0), // the clock went back
		row(-1, ada, "token x", 3),
		row(3, bob, "token x", 3),
		row(4, bob, ada.String()+"0", 0),
		row(5, leastkey.AccountOf(ada.ID), "account x", 0),
		row(6, ada, "token y", 4),
	}
	tests := []struct {
		name   string
		filter control.AuditFilter
		want   []int
	}{
		{"what a user did or met, each once", control.AuditFilter{User: ada.ID}, []int{8, 4, 3, 2, 1, 0}},
		{"the newest of it", control.AuditFilter{User: ada.ID, Limit: 3}, []int{8, 4, 3}},
		{"in an account", control.AuditFilter{User: ada.ID, Account: number(3)}, []int{4, 2, 1}},
		{"of a subject", control.AuditFilter{User: ada.ID, Subject: "token x"}, []int{4, 0}},
		{"of the user as a subject", control.AuditFilter{User: ada.ID, Subject: ada.String()}, []int{3, 2, 1}},
		{"before a row", control.AuditFilter{User: ada.ID, Before: rows[3].Revision}, []int{2, 1, 0}},
		{"in a span", control.AuditFilter{User: ada.ID, From: minute(1), To: minute(6)}, []int{3, 2, 1}},
		{"by somebody", control.AuditFilter{User: ada.ID, Actor: bob}, []int{1}},
		{"of another user", control.AuditFilter{User: bob.ID}, []int{6, 5, 1}},
		{"of nobody known", control.AuditFilter{User: number(9)}, nil},
		{"from, to the microsecond", control.AuditFilter{From: minute(4)}, []int{8, 7, 6}},
		{"from just after", control.AuditFilter{From: minute(4).Add(1000)}, []int{8, 7}},
		{"before a time, to the microsecond", control.AuditFilter{To: minute(2)}, []int{3, 1, 0}},
		{"before just after", control.AuditFilter{To: minute(2).Add(1000)}, []int{3, 2, 1, 0}},
		{"a span of nothing", control.AuditFilter{From: minute(2), To: minute(2)}, nil},
		{"the newest of a span", control.AuditFilter{From: minute(1), To: minute(4), Limit: 2}, []int{5, 3}},
		{"an account's span", control.AuditFilter{Account: number(3), From: minute(1), To: minute(3)}, []int{2, 1}},
		{"an actor's span", control.AuditFilter{Actor: ada, From: minute(1)}, []int{8, 2}},
		{"a subject's span", control.AuditFilter{Subject: ada.String(), To: minute(2)}, []int{3, 1}},
		{"before the first", control.AuditFilter{Before: 1}, nil},
		{"before the third", control.AuditFilter{Before: 3}, []int{1, 0}},
		{"before what is not yet", control.AuditFilter{Before: 1<<64 - 1, Limit: 2}, []int{8, 7}},
		{"all at once", control.AuditFilter{Account: number(3), User: ada.ID, Subject: ada.String(), From: minute(1), To: minute(2), Before: 9}, []int{1}},
	}
	for _, test := range tests {
		var want []control.Audit
		for _, i := range test.want {
			want = append(want, rows[i])
		}
		same(t, test.name, read(b, func(r control.Reader) ([]control.Audit, error) { return r.AuditRows(test.filter) }), want)
	}
	for _, want := range rows {
		same(t, "by id", read(b, func(r control.Reader) (control.Audit, error) { return r.AuditRow(want.ID) }), want)
	}
	err := b.store.View(t.Context(), func(r control.Reader) error { _, err := r.AuditRow(number(99)); return err })
	wants(t, "no such row", err, control.ErrNotFound)
}

func testChangeLog(t *testing.T, f Factory) {
	b := start(t, f)
	ada := leastkey.UserOf(number(1))
	old := secret(1)
	old.Until = minute(3)
	acts := [][]leastkey.Change{
		{ofUser(user(1)), ofAccount(account(2)), ofMember(member(3, number(2), number(1)))},
		nil,
		{ofResource(zone(1, "z1"))},
		{ofCredential(token(4, ada, secret(2), old))},
		{revoked(token(4, ada)), goneResource(zone(1, "z1").Resource), endedMember(member(3, number(2), number(1)))},
	}
	var want []control.Committed
	for i, changes := range acts {
		act := b.act(changes...)
		rev, err := b.store.Commit(t.Context(), func(control.Tx) (control.Act, error) { return act, nil })
		wants(t, "commit", err, nil)
		same(t, "revision", rev, leastkey.Revision(i+1))
		same(t, "head", b.revision(), rev)
		want = append(want, control.Committed{Revision: rev, Changes: changes})
	}
	tests := []struct {
		after leastkey.Revision
		limit int
		want  []control.Committed
	}{
		{0, 100, want}, {0, 5, want}, {0, 2, want[:2]}, {2, 2, want[2:4]}, {4, 1, want[4:]},
		{5, 9, nil}, {77, 9, nil}, {1 << 63, 9, nil}, {1<<64 - 1, 9, nil}, {0, 0, nil}, {0, -1, nil},
	}
	for _, test := range tests {
		got := read(b, func(r control.Reader) ([]control.Committed, error) { return r.Changes(test.after, test.limit) })
		if diff := diff(got, test.want); diff != "" {
			t.Errorf("%d changes after %d: got -, want +\n%s", test.limit, test.after, diff)
		}
	}
}
