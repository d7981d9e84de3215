package web

import (
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/tell"
)

// TestSayLines: a token of any size is said on one page, and what is left out is counted.
func TestSayLines(t *testing.T) {
	texts := func(n int) []string { return strings.Split(strings.Repeat("x,", n-1)+"x", ",") }
	var many []tell.Sentence
	for range 1000 {
		many = append(many, tell.Sentence{Effect: leastkey.Allow, Text: "May", Groups: texts(100), Places: texts(90)})
	}
	many = append(many, tell.Sentence{Text: "Nothing else"})
	lines := sayLines(many)
	last := lines[len(lines)-2:]
	if len(lines) != 61 || last[0].Text != "And 941 more rules, which the API lists." || last[1].Text != "Nothing else." {
		t.Errorf("%d lines, at last %+v", len(lines), last)
	}
	unfolded := 0
	for _, l := range lines {
		unfolded += len(l.Groups) + len(l.Places)
	}
	if unfolded != 300 {
		t.Errorf("%d things to unfold", unfolded)
	}
	if l := sayLines(many[:1])[0]; len(l.Groups) != 100 || l.PlacesFold() != "All 90 resources" || l.Class != "may" {
		t.Errorf("%+v", l)
	}
	if l := sayLines([]tell.Sentence{{Effect: leastkey.Deny, Places: texts(1000)}})[0]; len(l.Places) != 300 || l.Left != 700 || l.PlacesFold() != "All 1000 resources" || l.Class != "maynot" {
		t.Errorf("%d places, %d left", len(l.Places), l.Left)
	}
	if l := sayLines(many[1000:]); len(l) != 1 || l[0].Class != "" {
		t.Errorf("%+v", l)
	}
	if l := sayLines(append(many[:59:59], many[1000])); len(l) != 60 {
		t.Errorf("%d lines of 60", len(l))
	}
}
