package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness/chromium"
)

// axe is the source of axe-core. The package is fetched as its lock file says, unless it is there; its install scripts
// do not run.
func axe(t *testing.T) string {
	t.Helper()
	file := filepath.Join("node_modules", "axe-core", "axe.min.js")
	source, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if out, err := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts").CombinedOutput(); err != nil {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		source, err = os.ReadFile(file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

// violation is one rule that a page breaks, and where.
type violation struct {
	ID    string
	Help  string
	Nodes []struct {
		HTML           string
		FailureSummary string
	}
}

// checkAccess runs every rule of WCAG 2.1 at levels A and AA, and those of good practice, on the page as it stands.
func checkAccess(t *testing.T, p *chromium.Page, axe, name string) {
	t.Helper()
	// Given by the DevTools protocol, the source runs beside the page's own policy, which stays in force for the page.
	if !chromium.Eval[bool](p, `typeof axe === "object"`) {
		chromium.Eval[any](p, axe+"\n;undefined")
	}
	result := chromium.Eval[struct {
		Violations []violation
		Passes     int
	}](p, `axe.run(document, {
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
		resultTypes: ["violations"],
	}).then(r => ({Violations: r.violations, Passes: r.passes.length}))`)
	const least = 10 // rules that have something to say about any page
	if result.Passes < least {
		t.Errorf("%s: %d rules passed; axe-core did not look at the page", name, result.Passes)
	}
	for _, v := range result.Violations {
		var where strings.Builder
		for _, node := range v.Nodes {
			fmt.Fprintf(&where, "\n  %s\n    %s", node.HTML, strings.ReplaceAll(node.FailureSummary, "\n", "\n    "))
		}
		t.Errorf("%s: %s: %s%s", name, v.ID, v.Help, &where)
	}
}

// axe-core that finds nothing anywhere would pass every page.
func TestAxeFindsWhatIsWrong(t *testing.T) {
	_, p := signIn(t, chromium.Person{})
	chromium.Eval[any](p, axe(t)+"\n;undefined")
	var found []string
	raw := chromium.Eval[string](p, `(() => {
		const spoilt = document.createElement("div");
		spoilt.innerHTML = "<input name=x><img src='/'><h6>x</h6>".replace("src='/'", "");
		document.querySelector("main").append(spoilt);
		return axe.run(spoilt).then(r => JSON.stringify(r.violations.map(v => v.id)));
	})()`)
	if err := json.Unmarshal([]byte(raw), &found); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"label", "image-alt"} {
		if !strings.Contains(strings.Join(found, " "), want) {
			t.Errorf("axe-core found %q, want %s among them", found, want)
		}
	}
}
