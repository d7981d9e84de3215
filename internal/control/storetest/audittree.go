package storetest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// testAuditTree: rows come with their hashes, and all of it is as the verifier would have it.
func testAuditTree(t *testing.T, f Factory) {
	b := start(t, f)
	var rows []control.Audit
	for n := range 21 {
		rows = append(rows, b.audited(control.Audit{ID: b.id(), At: minute(n), Action: "a", Subject: "<\u2028>", Refused: "because", Before: json.RawMessage(`{"a": 1}`)}))
		if n%5 == 0 {
			if _, err := b.store.Commit(t.Context(), func(control.Tx) (control.Act, error) { return control.Act{Audit: control.Audit{ID: b.id()}}, nil }); err == nil {
				t.Error("there is a row without an action")
			}
		}
	}
	hashes := read(b, func(r control.Reader) ([]audit.Stored, error) { return r.AuditHashes(0, audit.IndexOf(99)) })
	verifier, rest := audit.NewVerifier(), hashes
	for _, row := range rows {
		line, err := row.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		e := audit.Entry{Revision: row.Revision, Leaf: line}
		for ; len(rest) > 0 && rest[0].Index < audit.IndexOf(row.Revision+1); rest = rest[1:] {
			e.Hashes = append(e.Hashes, rest[0].Hash)
		}
		if err := verifier.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if report := verifier.Done(b.revision()); len(report.Findings) > 0 || len(rest) > 0 {
		t.Errorf("%v, and %d hashes more", report.Findings, len(rest))
	}
	for _, span := range [][2]int64{{0, 9}, {0, 4}, {1, 3}, {3, 3}, {4, 2}, {30, 99}, {99, 120}, {-1, 1}} {
		got := read(b, func(r control.Reader) ([]audit.Stored, error) { return r.AuditHashes(span[0], span[1]) })
		want := slices.DeleteFunc(slices.Clone(hashes), func(s audit.Stored) bool { return s.Index < span[0] || s.Index >= span[1] })
		if len(want) == 0 {
			want = nil
		}
		same(t, "hashes", got, want)
	}
	for _, test := range []struct {
		after leastkey.Revision
		limit int
		want  []control.Audit
	}{{0, 99, rows}, {0, 2, rows[:2]}, {1, 3, rows[1:4]}, {21, 9, nil}, {0, 0, nil}, {0, -1, nil}} {
		got := read(b, func(r control.Reader) ([]control.AuditRead, error) { return r.AuditAfter(test.after, test.limit) })
		var plain []control.Audit
		for _, row := range got {
			if row.Fault != nil {
				t.Errorf("row %d: %v", row.Revision, row.Fault)
			}
			plain = append(plain, row.Audit)
		}
		same(t, "rows, oldest first", plain, test.want)
	}
	refused := read(b, func(r control.Reader) ([]control.Audit, error) {
		return r.AuditRows(control.AuditFilter{Refused: true, Action: "a", Limit: 1})
	})
	same(t, "what was refused", refused, rows[20:])
	none := read(b, func(r control.Reader) ([]control.Audit, error) { return r.AuditRows(control.AuditFilter{Action: "b"}) })
	same(t, "another action", none, nil)
}

// testPruneAudit: rows go only when a later row says so.
func testPruneAudit(t *testing.T, f Factory) {
	b := start(t, f)
	prune := func(through leastkey.Revision, limit int) (n int, err error) {
		err = b.store.Note(t.Context(), func(notes control.Notes) (err error) {
			n, err = notes.PruneAudit(through, limit)
			return err
		})
		return n, err
	}
	left := func() (revisions []leastkey.Revision) {
		for _, row := range read(b, func(r control.Reader) ([]control.AuditRead, error) { return r.AuditAfter(0, most) }) {
			revisions = append(revisions, row.Revision)
		}
		return revisions
	}
	says := func(through leastkey.Revision, refused string) {
		after, err := json.Marshal(audit.Pruned{Through: through})
		if err != nil {
			t.Fatal(err)
		}
		b.audited(control.Audit{ID: b.id(), Action: audit.ActionPrune, After: after, Refused: refused})
	}
	for range 6 {
		b.audited(control.Audit{ID: b.id(), Action: "a", Refused: ""})
	}
	refuses := func(what string, through leastkey.Revision) {
		t.Helper()
		if n, err := prune(through, most); err == nil {
			t.Errorf("%s: %d rows went", what, n)
		}
		if len(left()) != int(b.revision()) {
			t.Errorf("%s: left are %v", what, left())
		}
	}
	refuses("nothing says so", 1)
	says(4, "it may not")
	refuses("that was refused", 1)
	says(20, "")
	refuses("beyond itself", 1)
	says(4, "")
	refuses("more than it says", 5)
	for _, want := range []struct{ limit, gone int }{{3, 3}, {3, 1}, {3, 0}, {-1, 0}} {
		if n, err := prune(4, want.limit); err != nil || n != want.gone {
			t.Errorf("%d rows went, %v; want %d", n, err, want.gone)
		}
	}
	same(t, "left", left(), []leastkey.Revision{5, 6, 7, 8, 9})
	same(t, "the revision", b.revision(), 9)
}

// testLongAudit: however many rows there are, and of whatever age, they are found by all that they can be
// looked for by, before some went and after.
func testLongAudit(t *testing.T, f Factory) {
	b := start(t, f)
	random := rand.New(rand.NewPCG(1, 2))
	someone := []leastkey.Principal{{}, leastkey.UserOf(number(1)), leastkey.UserOf(number(2)), leastkey.AccountOf(number(1))}
	subjects := []string{"", "token x", someone[1].String(), someone[2].String()}
	var rows []control.Audit
	for n := range 600 {
		a := control.Audit{ID: b.id(), Action: "a", Actor: someone[random.IntN(4)], Subject: subjects[random.IntN(4)], At: minute(n/20 + random.IntN(9))}
		if random.IntN(3) > 0 {
			a.Account = number(random.IntN(3))
		}
		if random.IntN(20) == 0 {
			a.At = time.Time{} // known for none of its span
		}
		rows = append(rows, b.audited(a))
	}
	check := func() {
		t.Helper()
		for range 150 {
			filter := control.AuditFilter{Actor: someone[random.IntN(4)], Subject: subjects[random.IntN(4)], Account: number(random.IntN(3)), Limit: 1 + random.IntN(700)}
			if random.IntN(2) == 0 {
				filter.Actor, filter.User = leastkey.Principal{}, number(random.IntN(3))
			}
			if random.IntN(3) == 0 {
				filter.Actor, filter.Subject, filter.Account = leastkey.Principal{}, "", leastkey.ID{}
			}
			if random.IntN(2) == 0 {
				filter.From = minute(random.IntN(40))
			}
			if random.IntN(2) == 0 {
				filter.To = minute(random.IntN(40))
			}
			if random.IntN(3) == 0 {
				filter.Before = leastkey.Revision(random.IntN(700))
			}
			var want []control.Audit
			for _, row := range slices.Backward(rows) {
				if fits(row, filter) && len(want) < filter.Limit {
					want = append(want, row)
				}
			}
			got := read(b, func(r control.Reader) ([]control.Audit, error) { return r.AuditRows(filter) })
			same(t, fmt.Sprintf("%+v", filter), got, want)
		}
	}
	check()
	after, err := json.Marshal(audit.Pruned{Through: 550})
	if err != nil {
		t.Fatal(err)
	}
	rows = append(rows, b.audited(control.Audit{ID: b.id(), Action: audit.ActionPrune, After: after}))
	for _, through := range []leastkey.Revision{200, 540} {
		if err := b.store.Note(t.Context(), func(n control.Notes) error { _, err := n.PruneAudit(through, most); return err }); err != nil {
			t.Fatal(err)
		}
		rows = slices.DeleteFunc(rows, func(row control.Audit) bool { return row.Revision <= through })
		check()
	}
}
