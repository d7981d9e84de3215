// Package typescript drives the demo with the npm package cloudflare, unmodified. The tests themselves are JavaScript
// beside this file and run under node's own test runner; this file starts the demo for them.
package typescript

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

func TestTypeScriptSDK(t *testing.T) {
	install(t)
	d := harness.Start(t)
	journal := filepath.Join(t.TempDir(), "journal")
	owner := d.Owner()
	command := exec.CommandContext(t.Context(), "node", "--test", "--test-concurrency=1")
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(),
		"E2E_API=" + d.API, "E2E_DNS=" + d.DNS, "E2E_JOURNAL=" + journal,
		"E2E_USER=" + owner.ID, "E2E_EMAIL=" + owner.Email, "E2E_KEY=" + owner.GlobalAPIKey,
		"E2E_ACCOUNT=" + d.Staging().AccountID, "E2E_OTHER_ACCOUNT=" + d.OtherAccount().ID,
		"E2E_ZONE=" + d.Staging().ID, "E2E_ZONE_NAME=" + d.Staging().Name,
		"E2E_OTHER_ZONE=" + d.Production().ID, "E2E_OTHER_ZONE_NAME=" + d.Production().Name,
	}
	out, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("node --test: %v\n%s", err, out)
	}
	replay(t, d, journal)
}

// install fetches the one package that the lock file names, unless it is there. Its install scripts do not run.
func install(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", "cloudflare", "package.json")); err == nil {
		return
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// replay shows the ledger every answer that the client got, in order.
func replay(t *testing.T, d *harness.Demo, journal string) {
	t.Helper()
	content, err := os.ReadFile(journal)
	if err != nil {
		t.Fatalf("the client's answers: %v", err)
	}
	answers := 0
	for line := range bytes.Lines(content) {
		var answer struct {
			Method, Path string
			Status       int
			Header       map[string]string
			Body         string
		}
		if err := json.Unmarshal(line, &answer); err != nil {
			t.Fatalf("journal: %v", err)
		}
		header := http.Header{}
		for name, value := range answer.Header {
			header.Set(name, value)
		}
		d.Ledger.Observe(answer.Method, answer.Path, answer.Status, header, []byte(answer.Body))
		answers++
	}
	const least = 50 // all of the tests make far more
	if answers < least {
		t.Errorf("%d answers recorded, want at least %d: the tests did not run", answers, least)
	}
}
