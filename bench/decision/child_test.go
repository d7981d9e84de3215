package decision_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/bench/contender"
	"github.com/leastkey/leastkey/bench/decision"
)

// converse starts a process in this one, asks it everything, and gives what it says first.
func converse(t *testing.T, task decision.Task, questions []decision.Question, answers ...any) (loaded decision.Loaded) {
	t.Helper()
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	var in, out bytes.Buffer
	for _, q := range questions {
		if err := json.NewEncoder(&in).Encode(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := decision.Child(t.Context(), string(text), &in, &out); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	for _, a := range append([]any{&loaded}, answers...) {
		if err := d.Decode(a); err != nil {
			t.Fatal(err)
		}
	}
	return loaded
}

func TestRounds(t *testing.T) {
	var first, second decision.Round
	var counted decision.Counted
	loaded := converse(t, decision.Task{Contenders: []string{contender.Leastkey, contender.Usual}, Seed: 3, Tokens: 400, Cases: 1 << 11},
		[]decision.Question{{Round: 1, For: time.Millisecond}, {Round: 2, For: time.Millisecond}, {Count: 1}}, &first, &second, &counted)
	for _, p := range contender.Parts() {
		if loaded.Heap[p.String()] <= 0 {
			t.Errorf("the %s take %d bytes", p, loaded.Heap[p.String()])
		}
	}
	for _, r := range []decision.Round{first, second} {
		if r.Allowed.Decisions == 0 || r.Allowed.Decisions != r.Refused.Decisions || r.Each() <= 0 {
			t.Errorf("%+v", r)
		}
	}
	if counted.Allowed < 0 || counted.Allowed > 1000 {
		t.Errorf("%+v", counted)
	}
}

// Every change is known to the decision behind it, or the process fails.
func TestChanges(t *testing.T) {
	var changed decision.Changed
	var still, moving struct{ N uint64 }
	converse(t, decision.Task{Contenders: []string{contender.Leastkey}, Seed: 3, Tokens: 400, Cases: 1 << 11},
		[]decision.Question{{Changes: 30}, {For: 20 * time.Millisecond}, {For: 20 * time.Millisecond, Rate: 1000}}, &changed, &still, &moving)
	if changed.N != 30 || changed.P99 <= 0 || changed.CPU <= 0 {
		t.Errorf("%+v", changed)
	}
	if still.N == 0 || moving.N == 0 {
		t.Error("no decisions")
	}
}

func TestWrongTasks(t *testing.T) {
	for _, text := range []string{"", `{"contenders": ["nobody"], "tokens": 10, "cases": 256}`, `{"contenders": ["floor", "leastkey-usual-headers"], "tokens": 10, "cases": 256}`} {
		if err := decision.Child(t.Context(), text, strings.NewReader(""), &bytes.Buffer{}); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	var out bytes.Buffer
	if err := decision.Child(t.Context(), `{"contenders": ["floor"], "tokens": 10, "cases": 1024}`, strings.NewReader(`{"changes": 1}`), &out); err == nil {
		t.Error("the floor takes changes")
	}
}
