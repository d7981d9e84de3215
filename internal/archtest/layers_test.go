package archtest

import (
	"fmt"
	"slices"
	"testing"
)

type layer struct {
	pkg string
	may []string
	why string
}

// layers says what of ours each package may import: vocabulary <- engines <- adapters <- wiring. No arrow goes up, and
// none goes sideways between adapters.
var layers = []layer{
	// Vocabulary.
	{".", nil, "everything depends on the decision, so the decision depends on nothing"},
	{"api", []string{"."}, "the wire is shared by server, client and command line, so it carries none of them along"},
	{"catalog", []string{"."}, "what can be granted is data about an API; it knows neither the wire nor who enforces it"},
	{"client", []string{".", "api"}, "whoever imports the client gets the wire, and nothing of the server"},

	// Engines.
	{"guard/internal/table", nil, "how records lie in memory is a matter of bytes; what they mean, the guard knows"},
	{"guard", []string{".", "api", "catalog", "guard/internal/table"}, "an enforcement node decides from memory: it has no store and no control plane"},
	{"leastkeytest", []string{".", "api", "catalog", "guard"}, "whoever tests with the kit gets what they test with, and nothing of the server"},
	{"internal/audit", []string{"."}, "whether a log is whole is a matter of its rows and hashes; it knows nobody who writes or reads them"},
	{"internal/leak", []string{"."}, "what a report says and what a scanner is to look for is a matter of forms; who ends a secret is another"},
	{"internal/control", []string{".", "catalog", "internal/audit"}, "use cases know the model and the catalogue, never how a request came or where rows go"},
	{"internal/wire", []string{".", "api", "catalog", "internal/control"}, "the words of the contract for what use cases take and give, shared by the surfaces; it knows none of them"},
	{"internal/draft", []string{".", "catalog", "internal/control"}, "a form is read into what a use case takes; it knows no page, and asks nobody"},
	{"internal/tell", []string{".", "api", "catalog", "internal/control", "internal/wire"}, "sentences are made of a token, a catalogue and names that are handed in: it asks nobody, and knows no page"},
	{"internal/control/storetest", []string{".", "internal/audit", "internal/control"}, "the conformance suite speaks of the Store interface, not of a store"},
	{"internal/reach", []string{".", "api", "catalog", "guard"}, "two catalogues and all that nodes know are handed in; what a token may do it asks a guard"},
	{"internal/openapi", []string{".", "catalog"}, "a document is read into a catalogue; it knows no file and no network"},

	// Adapters.
	{"internal/sqlite", []string{".", "internal/audit", "internal/control"}, "a store implements what control declares, and knows no surface"},
	{"internal/httpapi", []string{".", "api", "catalog", "guard", "internal/audit", "internal/control", "internal/draft", "internal/leak", "internal/reach", "internal/tell", "internal/wire"}, "the JSON API asks the guard and calls use cases, and says in sentences and links what it explains; the store is behind them"},
	{"internal/oidc", nil, "what a provider says of a person is a matter of its signature; who that is here, and what they may, is decided elsewhere"},
	{"internal/oidc/oidctest", nil, "a provider is a stranger: it knows nothing of ours"},
	{"internal/login", []string{".", "internal/control", "internal/oidc"}, "who a person is and how often they may try to show it: no page, no store"},
	{"internal/web", []string{".", "api", "catalog", "guard", "internal/control", "internal/draft", "internal/login", "internal/oidc", "internal/tell", "internal/wire"}, "the dashboard asks the guard and calls the use cases that the API calls, so it can do nothing that the API would refuse"},
	{"internal/edge/gateway", []string{".", "api", "catalog", "guard", "internal/edge/gateway/framing", "internal/edge/gateway/hop"}, "foreign request, guard, foreign answer: an edge runs where there is no control plane"},
	{"internal/edge/socket", nil, "bytes come and go; what they say, others read"},
	{"internal/edge/gateway/framing", []string{"internal/edge/socket"}, "where a request ends on the wire is a matter of bytes alone"},
	{"internal/edge/gateway/hop", []string{"internal/edge/socket"}, "a request goes out and its answer comes back; whether it may was decided by others"},
	{"internal/edge/bodyless", []string{"api", "internal/edge/gateway/framing", "internal/edge/socket"}, "where a request ends, and how a refusal reads; what is answered to one in order is handed in"},
	{"internal/edge/forwardauth", []string{".", "api", "guard", "internal/edge/bodyless"}, "a proxy asks and the guard answers: nothing passes here, so nothing of the gateway is needed"},
	{"internal/edge/extauthz", []string{".", "api", "guard", "internal/edge/socket"}, "as forward-auth, in gRPC"},
	{"internal/edge/throttle", []string{".", "api"}, "counting requests needs to know who asks and how to refuse, nothing more"},
	{"internal/edge/edgetest", []string{".", "api", "catalog", "guard", "leastkeytest", "internal/vectors"}, "the vectors run against any edge, so they know none"},
	{"internal/vectors", []string{".", "catalog", "guard", "leastkeytest"}, "what is to become of a request is said without regard to who is asked"},
	{"internal/discovery", []string{".", "catalog", "internal/control"}, "it compares what a list says with the registry; who asks the upstream for the list is handed in"},
	{"internal/usage", []string{".", "guard", "internal/control"}, "it stands between the guard, which tells, and the use case that keeps, and knows neither surface nor store"},
	{"internal/cli", []string{".", "api", "catalog", "client", "guard", "internal/audit", "internal/leak", "internal/openapi", "internal/reach"}, "the command line is a client; the servers it starts are handed to it. What a guard makes of a request it asks a guard"},

	// Wiring.
	{"internal/config", []string{".", "catalog", "guard", "internal/audit", "internal/edge/throttle", "internal/leak"}, "a configuration file names values; what is made of them is decided in cmd. What is not YAML is explained as in a catalogue, and what is no key of a feed as a guard does"},
	{"cmd/leastkey", []string{"..."}, "the one place where stores, engines and surfaces meet"},

	{"internal/nodetest", []string{"..."}, "a test kit that wires a whole node, as cmd does"},

	// Beside the product.
	{"demo", nil, "the sample product is a customer: it takes nothing of ours that it could not have from outside"},
	{"examples/middleware", []string{".", "guard"}, "an API of somebody else's, which takes from Leastkey what anybody could"},
	{"examples/notes", nil, "an API of somebody else's, which knows nothing of Leastkey"},
	{"internal/archtest", nil, "the judge of the tree is no part of it"},
}

// bans hold whatever the table above comes to say, and through other packages too.
var bans = []struct {
	from, to []string
	why      string
}{
	{[]string{"..."}, []string{"cmd/..."}, "main is the end of every arrow"},
	{[]string{"internal/edge/..."}, []string{"internal/control/..."}, "an enforcement node must run without the authority it enforces for"},
	{
		[]string{"internal/httpapi/...", "internal/web/...", "internal/cli/...", "internal/edge/..."},
		[]string{"internal/sqlite/...", "internal/postgres/..."}, "a surface that sees the store can go around the use case, its audit row and its check",
	},
	{
		[]string{"internal/sqlite/...", "internal/postgres/..."},
		[]string{"internal/httpapi/...", "internal/web/...", "internal/edge/...", "internal/cli/..."}, "a store that knows a surface cannot be put behind another",
	},
	{
		[]string{".", "api/...", "catalog/...", "client/...", "guard/...", "leastkeytest/...", "demo/..."},
		[]string{"internal/..."}, "what users import must not bring internals along",
	},
	{
		[]string{"..."}, []string{"internal/control/storetest/...", "internal/edge/edgetest/...", "internal/nodetest/...", "internal/oidc/oidctest/..."},
		"test kits do not belong in the product",
	},
	{
		[]string{"cmd/..."}, []string{"leastkeytest/...", "internal/vectors/..."},
		"test kits do not belong in the product, though one may be made of another",
	},
}

// testsMayNot is all that tests are denied. Beyond their package's row they may use any part of the module, so that
// they can work with real parts.
var testsMayNot = []struct {
	pkg string
	to  []string
	why string
}{
	{"...", []string{"cmd/..."}, "main is tested as a program"},
	{".", []string{"api/...", "catalog/...", "client/...", "guard/...", "internal/...", "demo/..."}, "the laws are shown with the vocabulary alone"},
	{"demo", []string{".", "api/...", "catalog/...", "client/...", "guard/...", "internal/..."}, "the sample product is shown to work without us"},
}

// layerFaults holds the table, row by row.
func layerFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		row := slices.IndexFunc(layers, func(l layer) bool { return l.pkg == dir })
		if row < 0 {
			faults = append(faults, fmt.Sprintf("%s has no row in the table of layers: say what it may import, and why", dir))
			continue
		}
		for _, f := range t[dir] {
			for _, imported := range f.imports() {
				to, our := ours(imported)
				if !our || to == dir {
					continue
				}
				if !f.test && !underAny(to, layers[row].may) {
					faults = append(faults, fmt.Sprintf("%s imports %s: %s may import %q of ours, because %s", f.name, to, dir, layers[row].may, layers[row].why))
				}
				for _, not := range testsMayNot {
					if f.test && under(dir, not.pkg) && underAny(to, not.to) {
						faults = append(faults, fmt.Sprintf("%s imports %s: %s", f.name, to, not.why))
					}
				}
			}
		}
	}
	return faults
}

// banFaults follows imports to their end.
func banFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		for to, way := range t.reach(dir) {
			for _, ban := range bans {
				if underAny(dir, ban.from) && underAny(to, ban.to) && to != dir {
					faults = append(faults, fmt.Sprintf("%s reaches %s by way of %q: %s", dir, to, way, ban.why))
				}
			}
		}
	}
	slices.Sort(faults)
	return faults
}

// reach are the packages of ours that dir depends on outside its tests, each with the way there.
func (t tree) reach(dir string) map[string][]string {
	ways := map[string][]string{dir: nil}
	for queue := []string{dir}; len(queue) > 0; queue = queue[1:] {
		for _, f := range t[queue[0]] {
			for _, imported := range f.imports() {
				to, our := ours(imported)
				if _, seen := ways[to]; !our || seen || f.test {
					continue
				}
				ways[to] = append(slices.Clone(ways[queue[0]]), to)
				queue = append(queue, to)
			}
		}
	}
	delete(ways, dir)
	return ways
}

// TestLayersAreThere finds rows that nothing answers to any more.
func TestLayersAreThere(t *testing.T) {
	for _, row := range layers {
		if len(realTree(t)[row.pkg]) == 0 {
			t.Errorf("the table of layers has a row for %s, which is not there", row.pkg)
		}
	}
}

func TestLayersCanFail(t *testing.T) {
	imports := func(paths ...string) string {
		source := "package p\n"
		for _, p := range paths {
			source += fmt.Sprintf("import _ %q\n", p)
		}
		return source
	}
	hold(t, layerFaults, []broken{
		{"a row that is kept", map[string]string{"api/a.go": imports(module, "net/http")}, ""},
		{"the root imports anything", map[string]string{"a.go": imports(module + "/api")}, "everything depends on the decision"},
		{"an arrow up", map[string]string{"catalog/a.go": imports(module + "/guard")}, "catalog may import"},
		{"an arrow sideways", map[string]string{"internal/httpapi/a.go": imports(module + "/internal/edge/gateway")}, "internal/httpapi may import"},
		{"the client takes the server along", map[string]string{"client/a.go": imports(module + "/catalog")}, "nothing of the server"},
		{"the sample product takes ours", map[string]string{"demo/a.go": imports(module + "/client")}, "a customer"},
		{"a package without a row", map[string]string{"surprise/a.go": imports()}, "has no row"},
		{"a build tag hides nothing", map[string]string{"api/a_windows.go": "//go:build ignore\n\n" + imports(module+"/guard")}, "api may import"},
		{"a test with real parts", map[string]string{"internal/cli/a_test.go": imports(module + "/internal/sqlite")}, ""},
		{"a test of the root beyond it", map[string]string{"a_test.go": imports(module + "/catalog")}, "vocabulary alone"},
		{"a test of the sample product with ours", map[string]string{"demo/a_test.go": imports(module + "/client")}, "without us"},
		{"a test imports main", map[string]string{"guard/a_test.go": imports(module + "/cmd/leastkey")}, "as a program"},
	})
	hold(t, banFaults, []broken{
		{"what wiring may", map[string]string{"cmd/leastkey/a.go": imports(module+"/internal/sqlite", module+"/internal/httpapi")}, ""},
		{"main is imported", map[string]string{"internal/cli/a.go": imports(module + "/cmd/leastkey")}, "end of every arrow"},
		{"an edge by way of another package", map[string]string{
			"internal/edge/gateway/a.go": imports(module + "/internal/config"),
			"internal/config/a.go":       imports(module + "/internal/control"),
		}, `internal/edge/gateway reaches internal/control by way of ["internal/config" "internal/control"]`},
		{"a surface sees the store", map[string]string{"internal/httpapi/a.go": imports(module + "/internal/sqlite")}, "go around the use case"},
		{"a store sees a surface", map[string]string{"internal/sqlite/a.go": imports(module + "/internal/httpapi")}, "behind another"},
		{"a public package brings internals", map[string]string{"guard/a.go": imports(module + "/internal/control")}, "bring internals along"},
		{"a test kit in the product", map[string]string{"cmd/leastkey/a.go": imports(module + "/internal/edge/edgetest")}, "test kits"},
		{"a test kit in a test", map[string]string{"internal/sqlite/a_test.go": imports(module + "/internal/control/storetest")}, ""},
	})
}
