package tell

import (
	"fmt"
	"strings"

	"github.com/leastkey/leastkey"
)

// Line is what policies allow in one short line: "DNS Write on zone one.example, +2 more". Each
// permission group on each resource counts.
func (t Teller) Line(policies []leastkey.Policy) string {
	rights := t.rights(policies)
	left, _ := effective(rights)
	if len(left) == 0 {
		return "Nothing"
	}
	first := t.rules(left)[0]
	named := t.parts(first.kind, first.groups)[0]
	line := named.first() + " on " + t.place(first.patterns[0])
	if more := len(left) - named.size; more > 0 {
		line += fmt.Sprintf(", +%d more", more)
	}
	return line + t.lessDenied(rights)
}

// May is which permissions policies allow, wherever: "DNS Write, Zone Read, +3 more".
func (t Teller) May(policies []leastkey.Policy) string {
	rights := t.rights(policies)
	left, _ := effective(rights)
	groups := map[leastkey.ID]bool{}
	for _, r := range left {
		groups[r.group.ID] = true
	}
	text, shown := "", 0
	named := map[string]bool{}
	for _, rule := range t.rules(left) {
		for _, p := range t.parts(rule.kind, rule.groups) {
			if len(named) == 2 || named[p.name] {
				continue
			}
			if text == "" {
				text = p.first()
			} else {
				text += ", " + p.name
			}
			named[p.name] = true
			shown += p.size
		}
	}
	if text == "" {
		return "Nothing"
	}
	if more := len(groups) - shown; more > 0 {
		text += fmt.Sprintf(", +%d more", more)
	}
	return text + t.lessDenied(rights)
}

// On is where policies allow anything: "zone one.example", "3 zones", "every zone of account Ada's".
func (t Teller) On(policies []leastkey.Policy) string {
	left, _ := effective(t.rights(policies))
	var patterns []leastkey.Pattern
	seen := map[leastkey.Pattern]bool{}
	for _, rule := range t.rules(left) {
		for _, p := range rule.patterns {
			if !seen[p] {
				seen[p] = true
				patterns = append(patterns, p)
			}
		}
	}
	switch {
	case len(patterns) == 0:
		return "Nowhere"
	case len(patterns) == 1:
		return upper(t.place(patterns[0]))
	}
	for _, p := range patterns {
		if p.Extent != leastkey.One || p.Type != patterns[0].Type {
			return upper(t.place(patterns[0])) + fmt.Sprintf(", +%d more", len(patterns)-1)
		}
	}
	return fmt.Sprintf("%d %s", len(patterns), plural(patterns[0].Type))
}

func (t Teller) lessDenied(rights []right) string {
	denied := 0
	for _, r := range rights {
		if r.effect == leastkey.Deny {
			denied++
		}
	}
	if denied == 0 {
		return ""
	}
	return fmt.Sprintf(", %d denied", denied)
}

// first is the part at the beginning of a line. The name of a group stays as it is.
func (p part) first() string {
	if p.size == 1 {
		return p.name
	}
	return upper(p.name)
}

// upper begins a text of our own words with a capital.
func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
