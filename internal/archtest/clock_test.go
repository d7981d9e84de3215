package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"testing"
)

// ambient is what code takes from the world without being given it. Whoever needs time or randomness is passed it, so
// that a test can hold it still; who may not reach outside cannot decide by what is out there.
var ambient = []string{
	"time.Now", "time.Since", "time.Until", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker",
	"rand.Reader", "rand.Read", "rand.Text", "rand.Int", "os.Getenv", "os.LookupEnv", "os.Environ",
}

// worldly are the files that may, and why.
var worldly = map[string]string{
	"internal/cli/cli.go":                     "the edge of the process: the clock enters the command line here",
	"client/client.go":                        "the wait between two tries, unless another is passed in",
	"examples/middleware/main.go":             "a program of its own",
	"examples/notes/main.go":                  "a program of its own",
	"demo/product.go":                         "what its configuration leaves out is the real clock and real randomness",
	"internal/edge/gateway/payer.go":          "a deadline of a real connection",
	"internal/edge/gateway/framing/listen.go": "a deadline of a real connection",
	"internal/edge/gateway/stream.go":         "deadlines of real connections",
	"internal/edge/gateway/hop/conn.go":       "deadlines of real connections",
	"internal/edge/gateway/hop/idle.go":       "how long a real connection is kept",
	"internal/edge/gateway/hop/sending.go":    "a bound for what is sent on a real connection",
	"internal/edge/gateway/upgrade_tunnel.go": "deadlines of real connections",
	"internal/edge/gateway/upgrade_watch.go":  "the wait for an instant; the guard's clock says whether it has come",
	"internal/oidc/oidctest/provider.go":      "a test kit: keys and codes of a provider of its own",
	"internal/edge/edgetest/run.go":           "a test kit: a deadline of a real connection",
}

// effects are the packages of the standard library that reach outside, and mustDecide are those of ours that do not.
var (
	effects    = []string{"os", "os/exec", "net", "net/http/httputil", "net/rpc", "crypto/rand", "math/rand", "math/rand/v2", "database/sql", "syscall", "unsafe", "log", "expvar", "flag"}
	mustDecide = []string{".", "api/...", "catalog/...", "guard/...", "internal/control"}
)

// clockFaults finds code that helps itself to the world, and tests that wait.
func clockFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		for _, f := range t[dir] {
			imports := f.imports()
			for _, imported := range imports {
				if !f.test && underAny(dir, mustDecide) && slices.Contains(effects, imported) {
					faults = append(faults, fmt.Sprintf("%s imports %s: vocabulary and engines decide by what they are given", f.name, imported))
				}
			}
			_, may := worldly[f.name]
			free := may || f.test || under(dir, "cmd/...")
			bubble := f.test && slices.Contains(imports, "testing/synctest")
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				expression, ok := n.(ast.Expr)
				if !ok {
					return true
				}
				switch name := selected(expression); {
				case name == "time.Sleep" && !bubble:
					faults = append(faults, fmt.Sprintf("%s: time.Sleep: wait for what is waited for, or use testing/synctest", f.at(n)))
				case slices.Contains(ambient, name) && !free:
					faults = append(faults, fmt.Sprintf("%s: %s: time, randomness and environment are passed in", f.at(n), name))
				}
				return true
			})
		}
	}
	return faults
}

// TestWorldlyAreThere finds rows that nothing answers to any more.
func TestWorldlyAreThere(t *testing.T) {
	whole := realTree(t)
	for name := range worldly {
		uses := false
		for _, files := range whole {
			for _, f := range files {
				ast.Inspect(f.syntax, func(n ast.Node) bool {
					if e, ok := n.(ast.Expr); ok && f.name == name && slices.Contains(ambient, selected(e)) {
						uses = true
					}
					return !uses
				})
			}
		}
		if !uses {
			t.Errorf("the list of files that may use clock and randomness has %s, which does not", name)
		}
	}
}

func TestClockCanFail(t *testing.T) {
	hold(t, clockFaults, []broken{
		{"a clock that is passed in", map[string]string{"guard/a.go": "package p\nfunc f(now func() time.Time) { now() }\n"}, ""},
		{"a clock that is taken", map[string]string{"guard/a.go": "package p\nfunc f() { time.Now() }\n"}, "guard/a.go:2: time.Now"},
		{"a clock that is kept as a value", map[string]string{"client/a.go": "package p\nfunc f() { x := T{now: time.Now} }\n"}, "time.Now"},
		{"randomness that is taken", map[string]string{"internal/httpapi/a.go": "package p\nfunc f() { rand.Text() }\n"}, "rand.Text"},
		{"a clock in main", map[string]string{"cmd/leastkey/a.go": "package main\nfunc f() { time.Now() }\n"}, ""},
		{"a decision that reads files", map[string]string{"guard/a.go": "package p\nimport \"os\"\n"}, "decide by what they are given"},
		{"a test that reads files", map[string]string{"guard/a_test.go": "package p\nimport \"os\"\n"}, ""},
		{"a test that waits", map[string]string{"guard/a_test.go": "package p\nfunc f() { time.Sleep(1) }\n"}, "time.Sleep"},
		{"a test in a bubble", map[string]string{"guard/a_test.go": "package p\nimport _ \"testing/synctest\"\nfunc f() { time.Sleep(1) }\n"}, ""},
	})
}
