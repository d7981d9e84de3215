package archtest

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// laws is how many there are; docs/threat-model.md lists them.
const laws = 10

var (
	claimRow  = regexp.MustCompile(`(?m)^\| (C\d+) \|(.*)$`)
	citedTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]*)`")
	lawTest   = regexp.MustCompile(`^TestLaw(\d+)\D`)
)

// claimFaults finds claims that no test shows, and laws that no test names.
func claimFaults(document string, tests map[string]bool) []string {
	var faults []string
	for i, row := range claimRow.FindAllStringSubmatch(document, -1) {
		if want := fmt.Sprintf("C%d", i+1); row[1] != want {
			faults = append(faults, fmt.Sprintf("claim %s stands where %s is expected", row[1], want))
		}
		cited := citedTest.FindAllStringSubmatch(row[2], -1)
		if len(cited) == 0 {
			faults = append(faults, fmt.Sprintf("claim %s names no test", row[1]))
		}
		for _, c := range cited {
			if !tests[c[1]] {
				faults = append(faults, fmt.Sprintf("claim %s names %s, which is not there", row[1], c[1]))
			}
		}
	}
	named := map[string]bool{}
	for test := range tests {
		if match := lawTest.FindStringSubmatch(test); match != nil {
			named[match[1]] = true
		}
	}
	for law := 1; law <= laws; law++ {
		if !named[fmt.Sprint(law)] {
			faults = append(faults, fmt.Sprintf("no test names law %d: TestLaw%d...", law, law))
		}
	}
	return faults
}

// testsOf are the test and fuzz functions of the tree.
func testsOf(t tree) map[string]bool {
	tests := map[string]bool{}
	for _, files := range t {
		for _, f := range files {
			for _, declaration := range f.syntax.Decls {
				for _, name := range declared(declaration) {
					if f.test && (strings.HasPrefix(name.Name, "Test") || strings.HasPrefix(name.Name, "Fuzz")) {
						tests[name.Name] = true
					}
				}
			}
		}
	}
	return tests
}

// TestClaims holds the threat model to the tests it names.
func TestClaims(t *testing.T) {
	document, err := os.ReadFile("../../docs/threat-model.md")
	if err != nil {
		t.Fatal(err)
	}
	if !claimRow.Match(document) {
		t.Fatal("the threat model has no claim in the form that is looked for")
	}
	tests := testsOf(realTree(t))
	clients, err := read(os.DirFS("../../e2e"))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(tests, testsOf(clients))
	for _, fault := range claimFaults(string(document), tests) {
		t.Error(fault)
	}
}

func TestClaimsCanFail(t *testing.T) {
	every := map[string]bool{"TestA": true}
	for law := 1; law <= laws; law++ {
		every[fmt.Sprintf("TestLaw%dHolds", law)] = true
	}
	without := maps.Clone(every)
	delete(without, "TestLaw1Holds") // TestLaw10Holds is another
	for _, c := range []struct {
		name, document string
		tests          map[string]bool
		want           string
	}{
		{"claims that are shown", "| C1 | 1 | a | `TestA` |\n| C2 | | b | `TestA`, `TestLaw2Holds` |\n", every, ""},
		{"a test that has gone", "| C1 | 1 | a | `TestA`, `TestGone` |\n", every, "TestGone, which is not there"},
		{"a claim without a test", "| C1 | 1 | a | we think so |\n", every, "names no test"},
		{"a number that is left out", "| C2 | 1 | a | `TestA` |\n", every, "C1 is expected"},
		{"a law without a test", "", without, "no test names law 1:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := claimFaults(c.document, c.tests)
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("faults %q, want none", faults)
			case c.want != "" && !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, c.want) }):
				t.Errorf("faults %q, want one with %q", faults, c.want)
			}
		})
	}
}
