// Package leaks_test has gitleaks look for tokens with the rules that leastkey prints.
package leaks_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
)

const exitFound = 3

// found is a token that gitleaks found by the rule of ours.
type found struct{ RuleID, Secret, File string }

// scan runs gitleaks on a folder.
func scan(t *testing.T, rules, folder string) []found {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "gitleaks", "dir", "--no-banner", "--config", rules, "--exit-code", "3",
		"--report-format", "json", "--report-path", report, "--max-target-megabytes", "5", folder)
	out, err := cmd.CombinedOutput()
	if failed, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || failed.ExitCode() != exitFound) {
		t.Fatalf("%v: %s", err, out)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var all []found
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return slices.DeleteFunc(all, func(f found) bool { return f.RuleID != "leastkey-token" })
}

func rules(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), os.Getenv("LEASTKEY_E2E_BINARY"), "token", "scanner-rules", "--format", "gitleaks")
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "gitleaks.toml")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Every token that is made is found, wherever it stands; what only looks like one is not.
func TestGitleaksFindsTokens(t *testing.T) {
	folder := t.TempDir()
	var want []string
	for i := range 50 {
		kind := []leastkey.SecretKind{leastkey.UserTokenSecret, leastkey.AccountTokenSecret}[i%2]
		secret, err := leastkey.DefaultBrand.Mint(kind, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, secret.Reveal())
		form := []string{"TOKEN=%\n", "Authorization: Bearer %\n", `{"token":"%"}`, "x: '%' # note\n", "curl -H \"Authorization: Bearer %\" https://api.example.com\n"}[i%5]
		name := filepath.Join(folder, strings.Repeat("f", i+1)+".txt")
		if err := os.WriteFile(name, []byte(strings.Replace(form, "%", secret.Reveal(), 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	none := "lkut_" + strings.Repeat("a", 44) + "\nlkut_" + want[0][5:40] + "\nxx" + want[1][2:30] + "\n"
	if err := os.WriteFile(filepath.Join(folder, "none.txt"), []byte(none), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range scan(t, rules(t), folder) {
		got = append(got, f.Secret)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("of %d tokens %d are found: %q", len(want), len(got), got)
	}
}

// What this repository shows as a token stands where examples and published vectors stand, and nowhere else.
func TestThisRepositoryHoldsNoToken(t *testing.T) {
	examples := []string{"docs/token-format.md", "secret_test.go", "_test.go", "testdata/"}
	seen := 0
	for _, f := range scan(t, rules(t), filepath.Join("..", "..")) {
		seen++
		if !slices.ContainsFunc(examples, func(e string) bool { return strings.Contains(f.File, e) }) {
			t.Errorf("%s holds %s", f.File, f.Secret)
		}
	}
	if seen == 0 {
		t.Error("not even the published vectors are found")
	}
}
