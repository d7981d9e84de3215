package walk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey/e2e/harness"
)

// imported is what the command says of an import.
type imported struct {
	Done                bool
	Imported, Unchanged int
}

const dnsRead = "82e64a83756745bbbb1c9c2701bf816b"

// The credentials of another system, 100,000 in a file: one broken line is named and its batch of 1000 left out, the
// rest works through the gateway, a second run brings what was left out and a third changes nothing.
func TestImportOfAHundredThousand(t *testing.T) {
	const count, broken = 100_000, 45_678
	d := harness.Start(t)
	file := filepath.Join(t.TempDir(), "credentials.jsonl")
	secret := func(i int) string { return fmt.Sprintf("other-system.%08d.%08x", i, uint32(i)*2654435761) }
	write := func(spoilt int) {
		var text bytes.Buffer
		for i := range count {
			if i+1 == spoilt {
				text.WriteString(`{"owner": "user:nobody@example.com", "secret": "`)
			}
			line, err := json.Marshal(map[string]any{
				"owner": "account:" + d.Staging().AccountID, "secret": secret(i), "name": fmt.Sprintf("client %d", i),
				"policies": []any{map[string]any{
					"effect": "allow", "permission_groups": []any{map[string]any{"id": dnsRead}},
					"resources": map[string]any{"com.cloudflare.api.account.zone." + d.Staging().ID: "*"},
				}},
			})
			if err != nil {
				t.Fatal(err)
			}
			text.Write(append(line, '\n'))
		}
		if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func() (said imported, complaint string, err error) {
		begun := time.Now()
		command := exec.CommandContext(t.Context(), harness.Binary(), "token", "import", "--data", d.DataDir(), "--json", file)
		var out, errs bytes.Buffer
		command.Stdout, command.Stderr = &out, &errs
		err = command.Run()
		if bad := json.Unmarshal(out.Bytes(), &said); bad != nil {
			t.Fatalf("%v: %v\n%s\n%s", err, bad, &out, &errs)
		}
		t.Logf("%d lines in %s", count, time.Since(begun).Round(10*time.Millisecond))
		return said, errs.String(), err
	}
	status := func(i, want int) {
		t.Helper()
		d.As(harness.Bearer(secret(i))).Call(t, http.MethodGet, "/zones/"+d.Staging().ID+"/dns_records", nil).Want(t, want)
	}
	write(broken)
	said, complaint, err := run()
	if err == nil || said.Imported != count-1000 {
		t.Errorf("with a broken line: %v, %+v", err, said)
	}
	for _, want := range []string{"line 45678: ", "lines 45001 to 46000: none of them was imported", "50000 lines\n"} {
		if !strings.Contains(complaint, want) {
			t.Errorf("nothing of %q is said:\n%s", want, complaint)
		}
	}
	status(0, http.StatusOK)
	status(count-1, http.StatusOK)
	status(45_000, http.StatusUnauthorized)
	status(45_999, http.StatusUnauthorized)
	write(0)
	if said, _, err = run(); err != nil || said.Imported != 1000 || said.Unchanged != count-1000 {
		t.Errorf("mended: %v, %+v", err, said)
	}
	status(45_000, http.StatusOK)
	if said, _, err = run(); err != nil || said.Imported != 0 || said.Unchanged != count || !said.Done {
		t.Errorf("again: %v, %+v", err, said)
	}
}
