package audit_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/audit"
)

func TestLeaf(t *testing.T) {
	full := some(1)
	full.Revision, full.Agent, full.Refused, full.After = 7, "discovery", "may not <do> this", json.RawMessage(`{"a":"<&>"}`)
	for _, row := range []audit.Row{full, {Revision: 1, Action: "a"}, {Revision: 2, Action: "b", Actor: leastkey.AccountOf(id(9))}} {
		line, err := row.Leaf()
		if err != nil {
			t.Fatal(err)
		}
		back, err := audit.ParseLeaf(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := back.Leaf()
		if err != nil || !bytes.Equal(again, line) {
			t.Errorf("%s is read as %s, %v", line, again, err)
		}
	}
	const want = `{"revision":1,"id":"00000000000000000000000000000001","at":"2026-11-24T10:01:00.000005Z","actor":"user 00000000000000000000000000000001",` +
		`"credential":"00000000000000000000000000000002","addr":"192.0.2.1","action":"token.roll","subject":"token 00000000000000000000000000000003",` +
		`"account":"00000000000000000000000000000004","before":{"n":1}}`
	row := some(1)
	row.Revision = 1
	if line, err := row.Leaf(); err != nil || string(line) != want {
		t.Errorf("the form of rows has changed: logs that exist can no longer be verified\n got %s, %v\nwant %s", line, err, want)
	}
	for _, line := range []string{"", "{}", `{"revision":1,"id":"1","action":"a"}`, " " + want, strings.Replace(want, `"n":1}}`, `"n":1},"x":1}`, 1), strings.Replace(want, "user ", "owner ", 1), want + want} {
		if row, err := audit.ParseLeaf([]byte(line)); err == nil {
			t.Errorf("%s is read as %v", line, row)
		}
	}
	row.Before = json.RawMessage("{")
	if line, err := row.Leaf(); err == nil {
		t.Errorf("a row with half an object is written as %s", line)
	}
}
