package catalog

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong in a catalogue file.
type Problem struct {
	File string
	Line int // from 1; 0 when the whole file is meant
	What string
	Fix  string
}

// Error gives "file:line: what; fix".
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", p.File, p.Line, p.What, p.Fix)
}

// Problems is everything that is wrong in a catalogue, in the order of the checks.
type Problems []Problem

// Error gives one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}
