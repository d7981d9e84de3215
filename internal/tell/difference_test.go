package tell_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/tell"
)

func TestDifference(t *testing.T) {
	const end = "Until 2030-02-01 12:00 UTC (in 31 days)"
	before := spec(allow(t, zones("a", "b"), "DNS Write", "Zone Read"))
	edited := func(change func(*control.TokenSpec)) control.TokenSpec {
		s := before
		change(&s)
		return s
	}
	same := func(text string) DiffLine { return DiffLine{Same, text} }
	head := []DiffLine{same("Name: n"), same("Status: active")}
	tail := []DiffLine{same("From any address"), same(end)}
	lines := func(parts ...[]DiffLine) []DiffLine {
		var all []DiffLine
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	rights := []DiffLine{same("May: DNS Write and Zone Read on zones one.example and two.example")}
	for name, row := range map[string]struct {
		after control.TokenSpec
		want  []DiffLine
	}{
		"nothing": {before, lines(head, rights, tail)},
		"policies told apart otherwise": {edited(func(s *control.TokenSpec) {
			s.Status = 0
			s.Policies = []leastkey.Policy{allow(t, zones("b"), "Zone Read", "DNS Write"), allow(t, zones("a"), "DNS Write", "Zone Read")}
		}), lines(head, rights, tail)},
		"name and status": {edited(func(s *control.TokenSpec) { s.Name, s.Status = "m", leastkey.Disabled }),
			lines([]DiffLine{{Gone, "Name: n"}, {New, "Name: m"}, {Gone, "Status: active"}, {New, "Status: disabled"}}, rights, tail)},
		"one zone more, and a deny": {edited(func(s *control.TokenSpec) {
			s.Policies = []leastkey.Policy{allow(t, zones("a", "b", "7"), "DNS Write", "Zone Read"), deny(t, zones("b"), "DNS Write")}
		}), lines(head, rights, []DiffLine{
			{New, "May: DNS Write and Zone Read on zone " + id("7").String()},
			{New, "May not: DNS Write on zone two.example"},
		}, tail)},
		"one permission less, on one zone": {edited(func(s *control.TokenSpec) {
			s.Policies = []leastkey.Policy{allow(t, zones("a", "b"), "DNS Write"), allow(t, zones("a"), "Zone Read")}
		}), lines(head, []DiffLine{
			same("May: DNS Write and Zone Read on zone one.example"), same("May: DNS Write on zone two.example"),
			{Gone, "May: Zone Read on zone two.example"},
		}, tail)},
		"what left the catalogue": {edited(func(s *control.TokenSpec) {
			s.Policies = append([]leastkey.Policy{allow(t, zones("a"), "9")}, s.Policies...)
		}), lines(head, rights, []DiffLine{{New, "A permission group that this catalogue no longer has (id " + id("9").String() + "): grants nothing"}}, tail)},
		"addresses": {edited(func(s *control.TokenSpec) { s.Condition.In = ranges(t, "192.0.2.0/24") }),
			lines(head, rights, []DiffLine{{Gone, "From any address"}, {New, "Only from 192.0.2.0/24"}}, tail[1:])},
		"the end": {edited(func(s *control.TokenSpec) { s.Validity.ExpiresOn = time.Time{} }),
			lines(head, rights, tail[:1], []DiffLine{{Gone, end}, {New, "Now, and without an end"}})},
		"the end, by a little": {edited(func(s *control.TokenSpec) { s.Validity.ExpiresOn = s.Validity.ExpiresOn.Add(time.Microsecond) }),
			lines(head, rights, tail[:1], []DiffLine{{Gone, end}, {New, "Until 2030-02-01 12:00:00.000001 UTC (in 31 days)"}})},
	} {
		t.Run(name, func(t *testing.T) {
			got := teller(t).Difference(before, row.after)
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
			if nothing := name == "nothing" || name == "policies told apart otherwise"; Differs(got) == nothing {
				t.Errorf("differs: %t", !nothing)
			}
		})
	}
}

// TestDifferenceOfManyRanges: what stands beyond the part of a list that is shown differs too.
func TestDifferenceOfManyRanges(t *testing.T) {
	many := ranges(t, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.7", "10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11")
	before, after := spec(), spec()
	before.Condition = leastkey.Condition{In: many, NotIn: ranges(t, "10.0.0.1")}
	after.Condition = leastkey.Condition{In: append(many[:10:10], ranges(t, "10.0.0.12")...)}
	var got []DiffLine
	for _, l := range (Teller{Catalog: load(t), Now: epoch()}).Difference(before, after) {
		if l.Op != Same {
			got = append(got, l)
		}
	}
	want := []DiffLine{{Gone, "Let in: 10.0.0.11"}, {New, "Let in: 10.0.0.12"}, {Gone, "Shut out: 10.0.0.1"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadRecorded(t *testing.T) {
	row := `{"name":"n","status":"disabled","validity":{"expires_on":"2030-02-01T12:00:00Z"},"condition":{"in":["192.0.2.0/24"]},` +
		`"policies":[{"id":"` + id("5").String() + `","effect":"allow","groups":["` + id("9").String() + `"],"patterns":[{"extent":1,"type":"zone","id":"` + id("a").String() + `"}]}],` +
		`"secrets":[{"tail":"abcd"},{"tail":"efgh","until":"2030-01-02T00:00:00Z"}]}`
	got, err := ReadRecorded(json.RawMessage(row))
	if err != nil {
		t.Fatal(err)
	}
	want := &Recorded{
		Spec: control.TokenSpec{
			Name: "n", Status: leastkey.Disabled, Validity: leastkey.Validity{ExpiresOn: epoch().AddDate(0, 1, 0)},
			Condition: leastkey.Condition{In: ranges(t, "192.0.2.0/24")},
			Policies:  []leastkey.Policy{{ID: id("5"), Effect: leastkey.Allow, Groups: []leastkey.ID{id("9")}, Patterns: zones("a")}},
		},
		Secrets: []control.RecordedSecret{{Tail: "abcd"}, {Tail: "efgh", Until: time.Date(2030, 1, 2, 0, 0, 0, 0, time.UTC)}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b leastkey.AddressRange) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if got, err := ReadRecorded(nil); got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadRecorded(json.RawMessage(`{"status":"gone"}`)); err == nil {
		t.Error("a row that cannot be read")
	}
}
