package main

import (
	"strings"
	"testing"

	"github.com/leastkey/leastkey/internal/cli"
)

// What the demo prints to be pasted calls the program as it was called.
func TestPrintedCommandsCallThisProgram(t *testing.T) {
	for program, want := range map[string]string{
		"bin/leastkey":        "  bin/leastkey token create --name",
		"leastkey":            "  leastkey token create --name",
		"/opt/our tools/it's": `  '/opt/our tools/it'\''s' token create --name`,
	} {
		var out strings.Builder
		s := seeds{Users: []seedUser{{Email: "ada@example.com"}}}
		s.print(cli.DemoOptions{Program: program, Stdout: &out})
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: no %q in\n%s", program, want, out.String())
		}
	}
}
