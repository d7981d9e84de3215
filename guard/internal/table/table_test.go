package table

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is what a table is to hold: by key, the records in any order.
type model map[uint32][]string

func (m model) clone() model {
	c := model{}
	for k, v := range m {
		c[k] = append([]string(nil), v...)
	}
	return c
}

func (m model) len() (n int) {
	for _, v := range m {
		n += len(v)
	}
	return n
}

func is(text string) func([]byte) bool { return func(rec []byte) bool { return string(rec) == text } }

// Every version of a table stays as it was, whatever is made of it later, and an editor reads what it
// wrote. Records are told apart by their first byte; keys are few, so that many have the same.
func TestVersionsAreApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type version struct {
			is    Table
			model model
		}
		versions := []version{{Table{}, model{}}}
		keys := rapid.OneOf(rapid.Uint32Range(0, 40), rapid.Uint32())
		text := rapid.StringMatching(`[a-d][xyz]{0,40}`)
		for range rapid.IntRange(1, 6).Draw(t, "commits") {
			from := rapid.SampledFrom(versions).Draw(t, "from")
			edit, want := from.is.Edit(), from.model.clone()
			for range rapid.IntRange(0, 120).Draw(t, "changes") {
				key := keys.Draw(t, "key")
				if len(want[key]) == 0 && rapid.Bool().Draw(t, "known") && len(want) > 0 {
					key = rapid.SampledFrom(sortedKeys(want)).Draw(t, "of those that are there")
				}
				change(t, edit, want, key, text.Draw(t, "text"))
			}
			check(t, &edit.Table, want)
			versions = append(versions, version{edit.Done(), want})
		}
		for _, v := range versions {
			check(t, &v.is, v.model)
			for at := range v.is.pages {
				if p := v.is.page(at); cap(p) != len(p) {
					t.Fatalf("a page of %d bytes has room for %d", len(p), cap(p))
				}
			}
		}
	})
}

func sortedKeys(m model) []uint32 {
	var all []uint32
	for k := range m {
		all = append(all, k)
	}
	return all
}

// change does one thing to both.
func change(t *rapid.T, e *Editor, want model, key uint32, text string) {
	at := -1
	if n := len(want[key]); n > 0 {
		at = rapid.IntRange(0, n-1).Draw(t, "which")
	}
	switch what := rapid.IntRange(0, 4).Draw(t, "what"); {
	case at < 0 || what == 0 || what == 4:
		e.Put(key, []byte(text))
		want[key] = append(want[key], text)
	case what == 1:
		old := want[key][at]
		if !e.Drop(key, is(old)) {
			t.Fatalf("%q is not there to be dropped", old)
		}
		remove(want, key, old)
	case what == 2:
		old := want[key][at]
		if !e.Replace(key, is(old), []byte(text)) {
			t.Fatalf("%q is not there to be replaced", old)
		}
		remove(want, key, old)
		want[key] = append(want[key], text)
	default:
		old := want[key][at]
		rec := e.Write(key, is(old))
		if string(rec) != old {
			t.Fatalf("%q is to be written to, and it is %q", old, rec)
		}
		for i := range rec {
			rec[i] ^= 1
		}
		remove(want, key, old)
		want[key] = append(want[key], string(rec))
	}
	if e.Drop(key, func([]byte) bool { return false }) || e.Write(key, func([]byte) bool { return false }) != nil {
		t.Fatal("something was found that is not the one meant")
	}
}

func remove(m model, key uint32, text string) {
	for i, s := range m[key] {
		if s == text {
			m[key] = append(append([]string(nil), m[key][:i]...), m[key][i+1:]...)
			break
		}
	}
	if len(m[key]) == 0 {
		delete(m, key)
	}
}

func check(t *rapid.T, is *Table, want model) {
	t.Helper()
	count := func(texts []string) map[string]int {
		n := map[string]int{}
		for _, s := range texts {
			n[s]++
		}
		return n
	}
	got, bytes := model{}, 0
	for key, rec := range is.All() {
		got[key] = append(got[key], string(rec))
	}
	for at := range is.pages {
		bytes += len(is.page(at))
	}
	if is.Len() != want.len() || is.Bytes() != bytes || len(got) != len(want) {
		t.Fatalf("%d records in %d bytes, %d keys; want %d in %d, %d", is.Len(), is.Bytes(), len(got), want.len(), bytes, len(want))
	}
	for key, texts := range want {
		var found []string
		for c := is.Seek(key); ; {
			rec, more := c.Next()
			if !more {
				break
			}
			found = append(found, string(rec))
		}
		if !maps.Equal(count(found), count(texts)) || !maps.Equal(count(got[key]), count(texts)) {
			t.Fatalf("key %d has %q, among all %q; want %q", key, found, got[key], texts)
		}
	}
}

// A table that is made at once has what one has that was put together record by record, those with one key
// in the same order, and can be changed like it.
func TestOf(t *testing.T) {
	type pair struct {
		key  uint32
		text string
	}
	keys := rapid.OneOf(rapid.Uint32Range(0, 40), rapid.Uint32())
	text := rapid.StringMatching(`[a-d][xyz]{0,40}`)
	pairs := rapid.Custom(func(t *rapid.T) pair { return pair{keys.Draw(t, "key"), text.Draw(t, "text")} })
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(pairs, 0, 300).Draw(t, "records")
		is := Of(func(yield func(uint32, []byte) bool) {
			for _, p := range all {
				if !yield(p.key, []byte(p.text)) {
					return
				}
			}
		})
		want, twice := model{}, false
		for _, p := range all {
			twice = twice || slices.Contains(want[p.key], p.text)
			want[p.key] = append(want[p.key], p.text)
		}
		for key, texts := range want {
			c := is.Seek(key)
			for _, text := range texts {
				if rec, more := c.Next(); !more || string(rec) != text {
					t.Fatalf("key %d has %q where %q is due", key, rec, text)
				}
			}
		}
		check(t, &is, want)
		if got := is.Twice(func(a, b []byte) bool { return string(a) == string(b) }); got != twice {
			t.Fatalf("something is in it twice: %t, want %t", got, twice)
		}
		edit, changed := is.Edit(), want.clone()
		for range rapid.IntRange(0, 60).Draw(t, "changes") {
			change(t, edit, changed, keys.Draw(t, "key"), text.Draw(t, "text"))
		}
		check(t, &edit.Table, changed)
		edit.Done()
		check(t, &is, want)
	})
}

// A table that grows stays even: no page is much longer than the others, and each key is found.
func TestGrowth(t *testing.T) {
	const records = 20_000
	e := (&Table{}).Edit()
	key := func(i int) uint32 { return uint32(i) * 2654435761 }
	for i := range records {
		e.Put(key(i), binary.LittleEndian.AppendUint32(nil, uint32(i)))
	}
	is := e.Done()
	longest := 0
	for at := range is.pages {
		longest = max(longest, is.page(at).len())
	}
	if is.Len() != records || int(is.pages) < records/perPage || longest > 6*perPage {
		t.Errorf("%d records in %d pages, %d in one", is.Len(), is.pages, longest)
	}
	for i := range records {
		if c := is.Seek(key(i)); !found(&c, uint32(i)) {
			t.Fatalf("%d is not found", i)
		}
	}
}

func found(c *Cursor, want uint32) bool {
	for {
		rec, more := c.Next()
		if !more {
			return false
		}
		if binary.LittleEndian.Uint32(rec) == want {
			return true
		}
	}
}

func BenchmarkSeek(b *testing.B) {
	for _, records := range []int{1000, 1_000_000} {
		e := (&Table{}).Edit()
		for i := range records {
			e.Put(uint32(i)*2654435761, make([]byte, 100))
		}
		is := e.Done()
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			i := uint32(0)
			for b.Loop() {
				c := is.Seek(i % uint32(records) * 2654435761)
				if _, ok := c.Next(); !ok {
					b.Fatal(i)
				}
				i += 7919
			}
		})
	}
}

// A change takes about as long among ten million records as among a thousand.
func BenchmarkChange(b *testing.B) {
	for _, records := range []int{1000, 1_000_000, 10_000_000} {
		is := Of(func(yield func(uint32, []byte) bool) {
			for i := range records {
				if !yield(uint32(i)*2654435761, []byte{1, 2, 3, 4}) {
					return
				}
			}
		})
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			b.ReportAllocs()
			key := uint32(1)
			for b.Loop() {
				edit := is.Edit()
				edit.Drop(key*2654435761, func([]byte) bool { return true })
				edit.Put(key*2654435761, []byte{4, 3, 2, 1})
				is = edit.Done()
				if key += 7919; key >= uint32(records) {
					key %= 7919
				}
			}
		})
	}
}
