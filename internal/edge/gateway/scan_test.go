package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"pgregory.net/rapid"
)

// The scanner takes for JSON what encoding/json does, wherever the bytes lie.
func FuzzScanner(f *testing.F) {
	for _, raw := range []string{`{"a":[1,-0.5e+7,"\u00e9\\",true,null]}`, `[01]`, `"` + "\x1f" + `"`, `{"a":1,}`, ` [ ] x`, `"0123456789abcdef"`, `-`, `1e`, `"\u12`, "\"\xff\"", "tru", ""} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := scanner{data: raw}
		value, err := s.value()
		if err == nil {
			err = s.end()
		}
		if valid := json.Valid(raw); valid != (err == nil) {
			t.Fatalf("%q: %v; to encoding/json it is valid: %t", raw, err, valid)
		}
		if err == nil && !bytes.Equal(value, bytes.Trim(raw, " \t\r\n")) {
			t.Fatalf("%q: the value is %q", raw, value)
		}
		for _, p := range []catalog.Pointer{{}, {"a"}, {"a", "b"}, {"a", "1"}, {"0"}, {"é"}} {
			got, err := textAt(raw, p)
			want, wanted := treeTextAt(raw, p)
			if got != want || (err == nil) != (wanted == nil) {
				t.Fatalf("%q at %s: %q, %v; want %q, %v", raw, p, got, err, want, wanted)
			}
		}
	})
}

func TestScannerIsBounded(t *testing.T) {
	for _, depth := range []int{deepest, deepest + 1} {
		for _, one := range []string{`[`, `{"a":`} {
			raw := []byte(strings.Repeat(one, depth) + `1` + strings.Repeat(map[string]string{`[`: `]`, `{"a":`: `}`}[one], depth))
			s := scanner{data: raw}
			if _, err := s.value(); (err == nil) != json.Valid(raw) {
				t.Errorf("%d deep: %v", depth, err)
			}
		}
	}
}

// drawJSON draws a value in which the keys of lists occur, in order and not.
func drawJSON(t *rapid.T, depth int) string {
	kinds := 7
	if depth == 0 {
		kinds = 5
	}
	space := rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "space")
	list := func(one func() string) string {
		var all []string
		for range rapid.IntRange(0, 3).Draw(t, "many") {
			all = append(all, space+one()+space)
		}
		return strings.Join(all, ",")
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "literal")
	case 1, 2:
		return rapid.SampledFrom([]string{"0", "1", "2", "-1", "7", "1.0", "1e2", "18446744073709551615"}).Draw(t, "number")
	case 3, 4:
		return rapid.SampledFrom([]string{`""`, `"a"`, `"\u0061"`, `"é"`, `"\"\\\n"`, `"` + strings.Repeat("x", 20) + `"`, "\"\xff\""}).Draw(t, "text")
	case 5:
		return "[" + list(func() string { return drawJSON(t, depth-1) }) + "]"
	default:
		key := rapid.SampledFrom([]string{`"id"`, `"items"`, `"\u0069tems"`, `"page"`, `"total_pages"`, `"total_count"`, `"info"`, `"success"`, `"errors"`, `"messages"`, `"<x>"`})
		return "{" + list(func() string { return key.Draw(t, "key") + space + ":" + space + drawJSON(t, depth-1) }) + "}"
	}
}

// drawPage draws a document that is a page more often than not.
func drawPage(t *rapid.T) string {
	if rapid.IntRange(0, 7).Draw(t, "any") == 7 {
		return drawJSON(t, 4)
	}
	var items []string
	for range rapid.IntRange(0, 4).Draw(t, "items") {
		items = append(items, rapid.SampledFrom([]string{`{"id":"a"}`, `{"id":7,"x":[{}]}`, ` { "n" : 1, "id" : "\u0062" } `, `{"n":{},"id":"c"}`, `{"id":"d","items":{"id":"d"}}`, drawJSON(t, 1)}).Draw(t, "item"))
	}
	members := []string{`"items":[` + strings.Join(items, ",") + "]", `"info":{"page":1,"total_pages":1,"more":[],"total_count":4}`, `"success":true`, `"errors":[1]`,
		`"page":1`, `"total_pages":2`, `"total_count":3`, `"messages":{}`, `"other":` + drawJSON(t, 2)}
	members = rapid.Permutation(members).Draw(t, "order")[:rapid.IntRange(7, len(members)).Draw(t, "many")]
	return "{" + strings.Join(members, ",") + "}" + rapid.SampledFrom([]string{"", "", "", "", "", " ", "\n", "x"}).Draw(t, "behind")
}

// One pass finds in a page, and leaves of it, what reading it value by value does.
func TestPageIsReadAsATree(t *testing.T) {
	pointers := rapid.SampledFrom([]catalog.Pointer{{}, {"items"}, {"info"}, {"items", "items"}, {"info", "items"}, {"items", "id"}})
	good := 0
	rapid.Check(t, func(t *rapid.T) {
		op := &catalog.Operation{Items: &catalog.Items{At: pointers.Draw(t, "items at"), ID: rapid.SampledFrom([]catalog.Pointer{{"id"}, {}, {"items", "id"}}).Draw(t, "id")}}
		if rapid.IntRange(0, 3).Draw(t, "usual") < 3 {
			op.Items.At, op.Items.ID = catalog.Pointer{"items"}, catalog.Pointer{"id"}
		}
		if rapid.Bool().Draw(t, "paged") {
			op.Paging = &catalog.Paging{Page: "page", PerPage: "per_page", Info: pointers.Draw(t, "info at")}
			if rapid.IntRange(0, 3).Draw(t, "usual info") < 3 {
				op.Paging.Info = catalog.Pointer{"info"}
			}
		}
		raw := []byte(drawPage(t))
		want, wanted := treePage(raw, op)
		got, err := scannedPage(raw, op)
		if (err == nil) != (wanted == nil) || got != want {
			t.Fatalf("%s\nitems at %s, info at %v:\n%s, %v\nwant\n%s, %v", raw, op.Items.At, op.Paging, got, err, want, wanted)
		}
		if err == nil {
			good++
		}
	})
	if good < 10 {
		t.Errorf("only %d pages were any", good)
	}
}

func infoOf(t fmt.Stringer) []byte { return []byte(`{"new":"` + t.String() + `"}`) }

// scannedPage says all that is found in a page, and gives it without its first item.
func scannedPage(raw []byte, op *catalog.Operation) (string, error) {
	p, err := readPage(raw, op, spotsOf(op))
	if err != nil {
		return "", err
	}
	if p.shape.broken != nil {
		return "", p.shape.broken
	}
	if !p.found {
		return "", errAbsent
	}
	said := ""
	if op.Paging != nil && op.Paging.Info != nil {
		for count := 1; count <= counts; count++ {
			if !p.told[count] {
				return "", errAbsent
			}
			said += fmt.Sprint(p.count[count], " ")
		}
	}
	for _, i := range p.items {
		said += fmt.Sprintf("%s=%s ", i.id, i.raw)
	}
	return said + string(p.shape.fill(p.items[min(1, len(p.items)):], infoOf(op.Items.At))), nil
}

// treePage does the same value by value.
func treePage(raw []byte, op *catalog.Operation) (string, error) {
	array, err := treeValueAt(raw, op.Items.At)
	var items []json.RawMessage
	if err == nil && string(array) != "null" {
		items, err = treeElements(array)
	}
	if err != nil {
		return "", err
	}
	said := ""
	parts := []part{{at: op.Items.At}}
	if op.Paging != nil && op.Paging.Info != nil {
		for _, name := range []string{"page", "total_pages", "total_count"} {
			n, err := treeCountAt(raw, append(append(catalog.Pointer{}, op.Paging.Info...), name))
			if err != nil {
				return "", err
			}
			said += fmt.Sprint(n, " ")
		}
		parts = append(parts, part{at: op.Paging.Info, value: infoOf(op.Items.At)})
	}
	for _, i := range items {
		id, err := treeTextAt(i, op.Items.ID)
		if err != nil {
			return "", err
		}
		said += fmt.Sprintf("%s=%s ", id, i)
	}
	parts[0].value = joinArray(items[min(1, len(items)):])
	data, err := treeRebuild(raw, parts, true)
	return said + string(data), err
}

// longList is a page of many zones, and what of them may be seen.
func longList(zones int) (raw []byte, sees func(id string) bool) {
	var items []string
	for n := range zones {
		items = append(items, fmt.Sprintf(`{"id":"%032x","name":"zone-%d.example","status":"active","paused":false,"type":"full","development_mode":0,`+
			`"name_servers":["a.ns.example","b.ns.example"],"original_name_servers":null,"modified_on":"2026-01-01T05:20:00.12345Z","activated_on":"2026-01-02T00:01:00.12345Z",`+
			`"owner":{"id":null,"type":"user","email":null},"account":{"id":"%032x","name":"An account"},"permissions":["#zone:read","#zone:edit"],"plan":{"id":"free","name":"Free","price":0}}`, n, n, n))
	}
	raw = fmt.Appendf(nil, `{"result":[%s],"result_info":{"page":1,"per_page":%d,"total_pages":1,"count":%d,"total_count":%d},"success":true,"errors":[],"messages":[]}`,
		strings.Join(items, ","), zones, zones, zones)
	return raw, func(id string) bool { return id[len(id)-1]%3 == 0 }
}

// BenchmarkCut cuts a long list to a third of it, as the gateway does it, and by way of a tree.
func BenchmarkCut(b *testing.B) {
	raw, sees := longList(2000)
	op := &catalog.Operation{Items: &catalog.Items{At: catalog.Pointer{"result"}, ID: catalog.Pointer{"id"}}, Paging: &catalog.Paging{Info: catalog.Pointer{"result_info"}}}
	b.Run("scanner", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			p, err := readPage(raw, op, spotsOf(op))
			if err != nil {
				b.Fatal(err)
			}
			var kept []listed
			for _, i := range p.items {
				if sees(i.id) {
					kept = append(kept, i)
				}
			}
			info, err := json.Marshal(api.PageOf(1, 2000, len(kept)))
			if out := p.shape.fill(kept, info); err != nil || len(out) == 0 {
				b.Fatal(err)
			}
		}
	})
	b.Run("valid", func(b *testing.B) { // encoding/json, when nothing is to be found
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			if !json.Valid(raw) {
				b.Fatal("not JSON")
			}
		}
	})
	b.Run("tree", func(b *testing.B) {
		b.SetBytes(int64(len(raw)))
		for b.Loop() {
			var document map[string]any
			if err := json.Unmarshal(raw, &document); err != nil {
				b.Fatal(err)
			}
			var kept []any
			for _, i := range document["result"].([]any) {
				if sees(i.(map[string]any)["id"].(string)) {
					kept = append(kept, i)
				}
			}
			document["result"], document["result_info"] = kept, api.PageOf(1, 2000, len(kept))
			if _, err := json.Marshal(document); err != nil {
				b.Fatal(err)
			}
		}
	})
}
