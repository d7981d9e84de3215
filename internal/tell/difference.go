package tell

import (
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// DiffLine is one line of a difference.
type DiffLine struct {
	Op   Op
	Text string
}

// Op says what becomes of a line.
type Op uint8

// What becomes of lines.
const (
	Same Op = iota
	Gone
	New
)

// Difference says line by line what makes after another token than before. Rights are compared one
// by one, so that of a rule to which a resource is added only that resource is new; how rights are
// spread over policies makes none. A zero status of after is that of before.
func (t Teller) Difference(before, after control.TokenSpec) []DiffLine {
	if after.Status == 0 {
		after.Status = before.Status
	}
	lines := compared("Name: "+visible(before.Name), "Name: "+visible(after.Name))
	lines = append(lines, compared("Status: "+before.Status.String(), "Status: "+after.Status.String())...)
	lines = append(lines, t.ruleDifference(before.Policies, after.Policies)...)
	lines = append(lines, textDifference(t.void(before.Policies), t.void(after.Policies))...)
	lines = append(lines, whereDifference(before.Condition, after.Condition)...)
	if before.Validity.NotBefore.Equal(after.Validity.NotBefore) && before.Validity.ExpiresOn.Equal(after.Validity.ExpiresOn) {
		return append(lines, DiffLine{Same, When(after.Validity, t.Now)})
	}
	return append(lines, DiffLine{Gone, When(before.Validity, t.Now)}, DiffLine{New, When(after.Validity, t.Now)})
}

// Differs reports whether there is any line but what stays the same.
func Differs(lines []DiffLine) bool {
	return slices.ContainsFunc(lines, func(l DiffLine) bool { return l.Op != Same })
}

func compared(before, after string) []DiffLine {
	if before == after {
		return []DiffLine{{Same, after}}
	}
	return []DiffLine{{Gone, before}, {New, after}}
}

func (t Teller) ruleDifference(before, after []leastkey.Policy) []DiffLine {
	was, is := t.rights(before), t.rights(after)
	common := func(in []right, of []right, wanted bool) []right {
		there := map[right]bool{}
		for _, r := range of {
			there[r] = true
		}
		return slices.DeleteFunc(slices.Clone(in), func(r right) bool { return there[r] != wanted })
	}
	var lines []DiffLine
	for _, effect := range []leastkey.Effect{leastkey.Allow, leastkey.Deny} {
		for _, part := range []struct {
			op     Op
			rights []right
		}{{Same, common(was, is, true)}, {Gone, common(was, is, false)}, {New, common(is, was, false)}} {
			for _, r := range t.rules(part.rights) {
				if r.effect == effect {
					lines = append(lines, DiffLine{part.op, t.sentence(r).Text})
				}
			}
		}
	}
	return lines
}

func textDifference(before, after []string) []DiffLine {
	var lines []DiffLine
	for _, text := range before {
		op := Gone
		if slices.Contains(after, text) {
			op = Same
		}
		lines = append(lines, DiffLine{op, text})
	}
	for _, text := range after {
		if !slices.Contains(before, text) {
			lines = append(lines, DiffLine{New, text})
		}
	}
	return lines
}

func whereDifference(before, after leastkey.Condition) []DiffLine {
	in, notIn := rangeDifference("Let in: ", before.In, after.In), rangeDifference("Shut out: ", before.NotIn, after.NotIn)
	switch {
	case !Differs(in) && !Differs(notIn):
		return []DiffLine{{Same, Where(after)}}
	case len(before.In) == 0 || len(after.In) == 0: // of which the lists alone would say the contrary
		return []DiffLine{{Gone, Where(before)}, {New, Where(after)}}
	default:
		return append(in, notIn...)
	}
}

func rangeDifference(label string, before, after []leastkey.AddressRange) []DiffLine {
	var lines []DiffLine
	part := func(op Op, in, of []leastkey.AddressRange, wanted bool) {
		there := map[leastkey.AddressRange]bool{}
		for _, r := range of {
			there[r] = true
		}
		in = slices.DeleteFunc(slices.Clone(in), func(r leastkey.AddressRange) bool { return there[r] != wanted })
		if len(in) > 0 {
			lines = append(lines, DiffLine{op, label + ranges(in)})
		}
	}
	part(Same, before, after, true)
	part(Gone, before, after, false)
	part(New, after, before, false)
	return lines
}
