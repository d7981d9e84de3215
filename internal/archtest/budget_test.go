package archtest

import (
	"cmp"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A purchase is a module from outside that a package imports itself, and what it is worth it for.
type purchase struct {
	pkg, module, why string
}

var budget = []purchase{
	{"catalog", "go.yaml.in/yaml/v3", "a catalogue is YAML, written by hand: read strictly, with the line of each mistake"},
	{"internal/openapi", "go.yaml.in/yaml/v3", "OpenAPI documents are YAML as often as JSON"},
	{"internal/config", "go.yaml.in/yaml/v3", "the configuration is YAML as the catalogue is"},
	{"internal/cli", "github.com/alecthomas/kong", "commands and flags are declared as types, with help from the same place"},
	{"internal/cli", "golang.org/x/term", "a secret that is typed is not echoed"},
	{"internal/audit", "golang.org/x/mod", "the Merkle tree of RFC 6962 and signed notes, as the checksum database of Go has them"},
	{"internal/control", "golang.org/x/crypto", "argon2id, for what humans choose as passwords"},
	{"internal/control/storetest", "github.com/google/go-cmp", "what a store returns is compared whole, and shown where it differs"},
	{"internal/control/storetest", "pgregory.net/rapid", "random histories, shrunk to the shortest that goes wrong"},
	{"internal/oidc", "github.com/coreos/go-oidc/v3", "ID tokens are verified by what many others verify theirs with"},
	{"internal/oidc", "golang.org/x/oauth2", "the exchange of codes, with PKCE; go-oidc speaks in its types"},
	{"internal/sqlite", "zombiezen.com/go/sqlite", "SQLite without cgo, so that one binary runs anywhere"},
	{"internal/sqlite", "golang.org/x/sys", "locking a file on Windows, for which the standard library has no word"},
	{"internal/edge/gateway", "golang.org/x/net", "httpguts: which header names and values net/http itself will send"},
	{"internal/edge/gateway/hop", "golang.org/x/net", "as the gateway; and host names in ASCII, as they are dialled"},
	{"internal/edge/throttle", "golang.org/x/time", "token buckets"},
	{"internal/edge/extauthz", "google.golang.org/grpc", "Envoy asks in gRPC; nothing else of ours speaks it"},
	{"internal/edge/extauthz", "github.com/envoyproxy/go-control-plane/envoy", "Envoy's own protobufs: what it asks and what it understands"},
	{"internal/edge/extauthz", "google.golang.org/genproto/googleapis/rpc", "the status in an answer to Envoy"},
	{"demo", "github.com/miekg/dns", "the sample product answers DNS, so that an edit can be seen in a real answer"},
	{"demo", "zombiezen.com/go/sqlite", "the sample product keeps its zones"},
}

// testBudget is what any test may use beside its package's budget.
var testBudget = []purchase{
	{"...", "github.com/google/go-cmp", "values are compared whole"},
	{"...", "pgregory.net/rapid", "laws are properties"},
	{"...", "go.uber.org/goleak", "what is stopped has stopped"},
	{"...", "github.com/rogpeppe/go-internal", "testscript: the command line as a user types it"},
	{"...", "github.com/getkin/kin-openapi", "the OpenAPI document is checked by a reader that is not ours"},
	{"internal/web", "golang.org/x/net", "html: pages are read as a browser reads them"},
	{"internal/leak", "go.yaml.in/yaml/v3", "the rules for a scanner are read as it reads them"},
	{"internal/edge/extauthz", "go.yaml.in/yaml/v3", "the example is read as Envoy reads it: YAML"},
	{"internal/edge/extauthz", "google.golang.org/protobuf", "and then as JSON, into Envoy's own types"},
	{"...", "github.com/miekg/dns", "what the sample product serves is asked for over the wire"},
	{"internal/edge/...", "github.com/coder/websocket", "WebSockets pass between a client and a server that are not ours"},
	{"...", "zombiezen.com/go/sqlite", "a database is looked into, and broken, behind the store's back"},
}

// linked is every module in the program, and who brings it. What is not here has not been thought about.
var linked = map[string]string{
	"github.com/alecthomas/kong":       "budget",
	"github.com/miekg/dns":             "budget",
	"go.yaml.in/yaml/v3":               "budget",
	"golang.org/x/crypto":              "budget",
	"golang.org/x/mod":                 "budget",
	"golang.org/x/net":                 "budget; and sockets with control messages, for miekg/dns",
	"golang.org/x/term":                "budget",
	"golang.org/x/time":                "budget",
	"zombiezen.com/go/sqlite":          "budget",
	"golang.org/x/sys":                 "system calls, for x/term, miekg/dns and modernc.org/libc",
	"github.com/coreos/go-oidc/v3":     "budget",
	"golang.org/x/oauth2":              "budget",
	"github.com/go-jose/go-jose/v4":    "signatures of ID tokens, for go-oidc",
	"golang.org/x/text":                "Unicode of host names, for x/net",
	"modernc.org/sqlite":               "SQLite itself in Go, for zombiezen.com/go/sqlite",
	"modernc.org/libc":                 "what SQLite needs of C, for modernc.org/sqlite",
	"modernc.org/memory":               "for modernc.org/libc",
	"modernc.org/mathutil":             "for modernc.org/libc",
	"github.com/dustin/go-humanize":    "for modernc.org/libc",
	"github.com/google/uuid":           "for modernc.org/libc",
	"github.com/remyoudompheng/bigfft": "for modernc.org/mathutil",
	"golang.org/x/exp":                 "for modernc.org/libc",

	"google.golang.org/grpc":                       "budget",
	"github.com/envoyproxy/go-control-plane/envoy": "budget",
	"google.golang.org/genproto/googleapis/rpc":    "budget; and for google.golang.org/grpc",
	"google.golang.org/protobuf":                   "for google.golang.org/grpc and Envoy's protobufs",
	"github.com/envoyproxy/protoc-gen-validate":    "checks of Envoy's protobufs",
	"github.com/cncf/xds/go":                       "annotations of Envoy's protobufs",
}

// within reports whether the import path lies in the module.
func within(importPath, module string) bool {
	return importPath == module || strings.HasPrefix(importPath, module+"/")
}

// budgetFaults finds imports from outside that no purchase covers.
func budgetFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		for _, f := range t[dir] {
			allowed := budget
			if f.test {
				allowed = slices.Concat(budget, testBudget)
			}
			for _, imported := range f.imports() {
				covers := func(p purchase) bool { return under(dir, p.pkg) && within(imported, p.module) }
				if foreign(imported) && !slices.ContainsFunc(allowed, covers) {
					faults = append(faults, fmt.Sprintf("%s imports %s: not in the budget of %s; add it with its reason, or do without", f.name, imported, dir))
				}
			}
		}
	}
	return faults
}

// TestBudgetIsSpent finds purchases that nothing uses any more.
func TestBudgetIsSpent(t *testing.T) {
	whole := realTree(t)
	for _, p := range budget {
		used := slices.ContainsFunc(whole[p.pkg], func(f file) bool {
			return !f.test && slices.ContainsFunc(f.imports(), func(i string) bool { return within(i, p.module) })
		})
		if !used {
			t.Errorf("%s has %s in its budget and does not use it", p.pkg, p.module)
		}
	}
}

// TestLinkedModules compares what the program is linked from with what is thought to be in it.
func TestLinkedModules(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps",
		"-f", "{{with .Module}}{{.Path}}{{end}}", module+"/cmd/leastkey").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	there := strings.Fields(string(out))
	if !slices.Contains(there, module) {
		t.Fatalf("go list named %q, and not the module itself", there)
	}
	for _, fault := range linkFaults(there, linked) {
		t.Error(fault)
	}
}

func linkFaults(there []string, linked map[string]string) []string {
	var faults []string
	for _, m := range slices.Compact(slices.Sorted(slices.Values(there))) {
		if _, known := linked[m]; !known && m != module {
			faults = append(faults, fmt.Sprintf("the program is linked from %s, which is not in the table of linked modules: say who brings it", m))
		}
	}
	for m := range linked {
		if !slices.Contains(there, m) {
			faults = append(faults, fmt.Sprintf("the table of linked modules has %s, which is not in the program", m))
		}
	}
	slices.SortFunc(faults, cmp.Compare)
	return faults
}

// TestOnlyExtAuthzSpeaksGRPC keeps the protobufs of others out of everything else: what a package of ours means, it says
// in our own types.
func TestOnlyExtAuthzSpeaksGRPC(t *testing.T) {
	for dir, files := range realTree(t) {
		for _, f := range files {
			for _, i := range f.imports() {
				if dir != "internal/edge/extauthz" && !f.test && within(i, "google.golang.org/grpc") {
					t.Errorf("%s imports %s: only internal/edge/extauthz speaks gRPC", f.name, i)
				}
			}
		}
	}
}

func TestBudgetCanFail(t *testing.T) {
	hold(t, budgetFaults, []broken{
		{"the standard library", map[string]string{"a.go": "package p\nimport _ \"net/http\"\n"}, ""},
		{"a module nobody asked for", map[string]string{"guard/a.go": "package p\nimport _ \"example.com/left-pad\"\n"}, "not in the budget of guard"},
		{"a module of another package", map[string]string{"guard/a.go": "package p\nimport _ \"go.yaml.in/yaml/v3\"\n"}, "not in the budget of guard"},
		{"a name that only begins alike", map[string]string{"catalog/a.go": "package p\nimport _ \"go.yaml.in/yaml/v33\"\n"}, "not in the budget of catalog"},
		{"a test's tool in the product", map[string]string{"guard/a.go": "package p\nimport _ \"pgregory.net/rapid\"\n"}, "not in the budget of guard"},
		{"a test's tool in a test", map[string]string{"guard/a_test.go": "package p\nimport _ \"pgregory.net/rapid\"\n"}, ""},
	})
	if faults := linkFaults([]string{module, "example.com/left-pad"}, nil); len(faults) != 1 {
		t.Errorf("a module that slipped in: %q", faults)
	}
	if faults := linkFaults([]string{module}, map[string]string{"example.com/gone": "once"}); len(faults) != 1 {
		t.Errorf("a module that has gone: %q", faults)
	}
}
