package harness

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// CommandLine runs the program as a client of the demo, with a token in its environment, and returns standard output.
// The test ends unless the exit status is 0. Nothing is read from a terminal.
func (d *Demo) CommandLine(t *testing.T, secret string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Getenv(binaryVariable), arguments...)
	command.Env = append(d.environment(), "LEASTKEY_URL="+d.API, "LEASTKEY_TOKEN="+secret)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("leastkey %s: %v\n%s", strings.Join(arguments, " "), err, &complaint)
	}
	d.Ledger.searchLog(t, "what the command line says on standard error", []byte(complaint.String()))
	return string(out)
}
