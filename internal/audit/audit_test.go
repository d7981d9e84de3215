package audit_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
)

// kept is a log as a database has it.
type kept struct {
	rows   map[leastkey.Revision]audit.Row
	hashes []audit.Hash
	size   leastkey.Revision
}

func (k *kept) read(index int64) (audit.Hash, error) {
	if index >= int64(len(k.hashes)) {
		return audit.Hash{}, errors.New("gone")
	}
	return k.hashes[index], nil
}

func (k *kept) write(row audit.Row) error {
	k.size++
	row.Revision = k.size
	stored, err := audit.Add(row, k.read)
	if err != nil {
		return err
	}
	for _, s := range stored {
		if s.Index != int64(len(k.hashes)) {
			return errors.New("hashes come out of order")
		}
		k.hashes = append(k.hashes, s.Hash)
	}
	if k.rows == nil {
		k.rows = map[leastkey.Revision]audit.Row{}
	}
	k.rows[row.Revision] = row
	return nil
}

func (k *kept) root(t testing.TB) audit.Hash {
	t.Helper()
	root, err := audit.Root(k.size, k.read)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func (k *kept) entries() []audit.Entry {
	last := k.size
	for r := range k.rows {
		last = max(last, r)
	}
	var all []audit.Entry
	for r := leastkey.Revision(1); r <= last; r++ {
		e := audit.Entry{Revision: r}
		if row, ok := k.rows[r]; ok {
			line, err := row.Leaf()
			if err != nil {
				e.Fault = err.Error()
			}
			e.Leaf = line
		}
		for i := audit.IndexOf(r); i < audit.IndexOf(r+1) && i < int64(len(k.hashes)); i++ {
			e.Hashes = append(e.Hashes, k.hashes[i])
		}
		all = append(all, e)
	}
	return all
}

func (k *kept) verify(t testing.TB, checkpoints ...audit.Checkpoint) audit.Report {
	t.Helper()
	v := audit.NewVerifier(checkpoints...)
	for _, e := range k.entries() {
		if err := v.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	return v.Done(k.size)
}

func id(n byte) leastkey.ID { return leastkey.ID{15: n} }

func some(n int) audit.Row {
	return audit.Row{ID: id(byte(n)), At: time.Date(2026, 11, 24, 10, n, 0, 5000, time.UTC), Actor: leastkey.UserOf(id(1)), Credential: id(2),
		Addr: netip.MustParseAddr("192.0.2.1"), Action: "token.roll", Subject: "token " + id(3).String(), Account: id(4), Before: json.RawMessage(`{"n":1}`)}
}

func logOf(t testing.TB, n int) *kept {
	k := &kept{}
	for i := range n {
		if err := k.write(some(i)); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// again writes rows anew, with hashes that go with them.
func again(t testing.TB, rows ...audit.Row) kept {
	k := &kept{}
	for _, row := range rows {
		if err := k.write(row); err != nil {
			t.Fatal(err)
		}
	}
	return *k
}

// TestRootIsThatOfRFC6962 compares with the definition.
func TestRootIsThatOfRFC6962(t *testing.T) {
	k := &kept{}
	var leaves []audit.Hash
	for n := range 70 {
		if got, want := k.root(t), rootOf(leaves); got != want {
			t.Errorf("%d rows: %v; want %v", n, got, want)
		}
		if report := k.verify(t); report.Root != k.root(t) || len(report.Findings) > 0 || report.Rows != n {
			t.Errorf("%d rows: %+v", n, report)
		}
		if err := k.write(some(n)); err != nil {
			t.Fatal(err)
		}
		line, err := k.rows[k.size].Leaf()
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, tlog.RecordHash(line))
	}
}

func rootOf(leaves []audit.Hash) audit.Hash {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	left, right := rootOf(leaves[:k]), rootOf(leaves[k:])
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}

func TestVerifyNamesWhatIsWrong(t *testing.T) {
	const (
		changed = "it was changed: it is not the row that was written"
		gone    = "missing, and no row says that so old ones are kept no more"
		over    = "rows 3 to 4: the hash over them is not that of their hashes: a row was changed together with its hash, or a hash was"
	)
	for name, test := range map[string]struct {
		spoil func(*kept)
		want  []string
	}{
		"nothing":                 {func(*kept) {}, nil},
		"flip":                    {func(k *kept) { r := k.rows[4]; r.Action = "token.roly"; k.rows[4] = r }, []string{"row 4: " + changed}},
		"flip in what was before": {func(k *kept) { r := k.rows[4]; r.Before = json.RawMessage(`{"n":2}`); k.rows[4] = r }, []string{"row 4: " + changed}},
		"make it unreadable": {func(k *kept) { r := k.rows[4]; r.Before = json.RawMessage(`{"n":`); k.rows[4] = r },
			[]string{"row 4: it was changed, and cannot be read: audit: row 4: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input"}},
		"delete":      {func(k *kept) { delete(k.rows, 4) }, []string{"row 4: " + gone}},
		"delete some": {func(k *kept) { delete(k.rows, 4); delete(k.rows, 5); delete(k.rows, 9) }, []string{"rows 4 to 5: " + gone, "row 9: " + gone}},
		"insert": {func(k *kept) { r := some(3); r.Revision = 12; k.rows[12] = r },
			[]string{"row 12: it has no hashes: it was put in, or its hashes were taken out", "row 12: the log says that it has 11 rows, and these are behind them: they were put in"}},
		"swap": {func(k *kept) {
			a, b := k.rows[3], k.rows[9]
			a.Revision, b.Revision = 9, 3
			k.rows[3], k.rows[9] = b, a
		}, []string{"row 3: it is the row that was written as row 9: rows were reordered", "row 9: it is the row that was written as row 3: rows were reordered"}},
		"cut off rows":            {func(k *kept) { delete(k.rows, 11) }, []string{"row 11: " + gone}},
		"cut off rows and hashes": {func(k *kept) { delete(k.rows, 11); k.hashes = k.hashes[:audit.IndexOf(11)] }, []string{"row 11: it is missing, and so are its hashes"}},
		"change a hash":           {func(k *kept) { k.hashes[audit.IndexOf(4)+1][0]++ }, []string{strings.Replace(over, "3", "1", 1), over}},
		"change a row with its hash": {func(k *kept) {
			r := k.rows[4]
			r.Action = "b"
			k.rows[4] = r
			line, err := r.Leaf()
			if err != nil {
				t.Fatal(err)
			}
			k.hashes[audit.IndexOf(4)] = tlog.RecordHash(line)
		}, []string{over}},
		"rewrite history": {func(k *kept) {
			r := k.rows[4]
			r.Action = "b"
			*k = again(t, k.rows[1], k.rows[2], k.rows[3], r, k.rows[5], k.rows[6], k.rows[7], k.rows[8], k.rows[9], k.rows[10], k.rows[11])
		}, []string{"the first 10 rows are not those for which the checkpoint was signed: somebody rewrote them"}},
		"cut off all traces": {func(k *kept) { *k = again(t, k.rows[1], k.rows[2], k.rows[3], k.rows[4]) },
			[]string{"the checkpoint is over 10 rows, and there are 4: the log was cut off"}},
	} {
		k := logOf(t, 10)
		signed := audit.Checkpoint{Size: 10, Root: k.root(t)}
		if err := k.write(some(20)); err != nil {
			t.Fatal(err)
		}
		test.spoil(k)
		var got []string
		for _, f := range k.verify(t, signed).Findings {
			if f.Revision == 0 && len(test.want) > 0 && !slices.Contains(test.want, f.String()) {
				continue // a checkpoint sees every change; said here is the one that only it can see
			}
			got = append(got, f.String())
		}
		if diff := cmp.Diff(got, test.want); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestPrunedRowsMayBeMissing(t *testing.T) {
	const gone = "missing, and no row says that so old ones are kept no more"
	for name, test := range map[string]struct {
		through leastkey.Revision
		refused string
		gone    int
		want    []string
	}{
		"as it says":    {5, "", 5, nil},
		"fewer":         {5, "", 3, nil},
		"more":          {5, "", 7, []string{"rows 6 to 7: " + gone}},
		"it was not to": {5, "no", 5, []string{"rows 1 to 5: " + gone}},
		"nonsense":      {12, "", 5, []string{"rows 1 to 5: " + gone}},
	} {
		k := logOf(t, 10)
		after, err := json.Marshal(audit.Pruned{Through: test.through})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.write(audit.Row{ID: id(77), Action: audit.ActionPrune, After: after, Refused: test.refused}); err != nil {
			t.Fatal(err)
		}
		whole := k.root(t)
		for r := range test.gone {
			delete(k.rows, leastkey.Revision(r+1))
		}
		var got []string
		for _, f := range k.verify(t, audit.Checkpoint{Size: 11, Root: whole}).Findings {
			got = append(got, f.String())
		}
		if diff := cmp.Diff(got, test.want); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAnyChangeIsFound: whatever bit of whatever row or hash is another, verify says where.
func TestAnyChangeIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &kept{}
		for i := range rapid.IntRange(1, 40).Draw(t, "size") {
			if err := k.write(some(i)); err != nil {
				t.Fatal(err)
			}
		}
		all := k.entries()
		hit := all[rapid.IntRange(0, len(all)-1).Draw(t, "row")]
		spoilt := hit.Leaf
		if rapid.Bool().Draw(t, "in a hash") {
			spoilt = hit.Hashes[rapid.IntRange(0, len(hit.Hashes)-1).Draw(t, "hash")][:]
		}
		spoilt[rapid.IntRange(0, len(spoilt)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		v := audit.NewVerifier()
		for _, e := range all {
			if err := v.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		report := v.Done(k.size)
		if !slices.ContainsFunc(report.Findings, func(f audit.Finding) bool {
			return f.Revision == hit.Revision || f.Revision <= hit.Revision && hit.Revision <= f.Last
		}) {
			t.Fatalf("row %d was changed, and found was %v", hit.Revision, report.Findings)
		}
	})
}
