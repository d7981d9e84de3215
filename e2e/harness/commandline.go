package harness

import (
	"os/exec"
	"strings"
	"testing"
)

// CommandLine runs the program as a client of the demo, with a token in its environment, and returns standard output.
// The test ends unless the exit status is 0. Nothing is read from a terminal.
func (d *Demo) CommandLine(t *testing.T, secret string, arguments ...string) string {
	t.Helper()
	return commandLine(t, d.Ledger, append(d.environment(), "LEASTKEY_URL="+d.API, "LEASTKEY_TOKEN="+secret), arguments)
}

func commandLine(t *testing.T, ledger *Ledger, environment, arguments []string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), Binary(), arguments...)
	command.Env = environment
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("leastkey %s: %v\n%s", strings.Join(arguments, " "), err, &complaint)
	}
	ledger.searchLog(t, "what the command line says on standard error", []byte(complaint.String()))
	return string(out)
}
