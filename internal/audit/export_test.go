package audit_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
)

// TestExport: the lines of an export are enough to hold it against a checkpoint.
func TestExport(t *testing.T) {
	k := logOf(t, 10)
	after, err := json.Marshal(audit.Pruned{Through: 4})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.write(audit.Row{ID: id(77), Action: audit.ActionPrune, After: after}); err != nil {
		t.Fatal(err)
	}
	signed := audit.Checkpoint{Size: 11, Root: k.root(t)}
	for r := range leastkey.Revision(4) {
		delete(k.rows, r+1)
	}
	var lines [][]byte
	for _, e := range k.entries() {
		line, err := e.Line()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	verify := func(lines [][]byte) ([]audit.Finding, error) {
		v := audit.NewVerifier(signed)
		for _, line := range lines {
			if err := v.AddLine(line); err != nil {
				return nil, err
			}
		}
		return v.Done(leastkey.Revision(len(lines))).Findings, nil
	}
	if found, err := verify(lines); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	for name, spoilt := range map[string][][]byte{
		"a line less at the end":     lines[:10],
		"a line less at the front":   lines[1:],
		"another order":              append([][]byte{lines[1], lines[0]}, lines[2:]...),
		"another action":             append(slices.Clone(lines[:7]), append([][]byte{bytes.Replace(lines[7], []byte("token.roll"), []byte("token.rule"), 1)}, lines[8:]...)...),
		"another hash":               append([][]byte{bytes.Replace(lines[0], []byte(`"hash":"`), []byte(`"hash":"AAAA`), 1)}, lines[1:]...),
		"a row that is told to go":   append(slices.Clone(lines[:7]), append([][]byte{bytes.Replace(lines[0], []byte(`:1,`), []byte(`:8,`), 1)}, lines[8:]...)...),
		"a line that is no row":      append(slices.Clone(lines[:7]), []byte("{}")),
		"a line with something more": append([][]byte{append(slices.Clone(lines[0]), ' ', '1')}, lines[1:]...),
	} {
		if found, err := verify(spoilt); err == nil && len(found) == 0 {
			t.Errorf("%s: nothing is found", name)
		}
	}
}
