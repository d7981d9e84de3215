// Package imports makes catalogues of OpenAPI documents that others wrote, with `leastkey catalog import`, and asks a
// guard what the API's readers would ask: who may do what.
package imports

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/e2e/harness"
	"github.com/leastkey/leastkey/leastkeytest"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// imported is the catalogue of a document.
type imported struct {
	*catalog.Catalog
	undecided []string // "GET /zones/{id}", as the document has it
	base      string
}

// importDocument runs the real commands over a document: import, then check.
func importDocument(t *testing.T, document string, arguments ...string) imported {
	t.Helper()
	file := filepath.Join(t.TempDir(), "catalog.yaml")
	var report struct {
		Base       string
		Operations int
		Decided    int
		Undecided  []struct{ Operation, Reason string }
	}
	out := run(t, append([]string{"catalog", "import", document, "--output", file, "--json"}, arguments...)...)
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run(t, "catalog", "check", file)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load(file, text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Own().Operations != report.Decided || report.Decided+len(report.Undecided) != report.Operations {
		t.Errorf("%d rows of %d operations: decided %d, undecided %d", c.Own().Operations, report.Operations, report.Decided, len(report.Undecided))
	}
	made := imported{Catalog: c, base: report.Base}
	for _, u := range report.Undecided {
		if u.Reason == "" {
			t.Errorf("%s is undecided without a reason", u.Operation)
		}
		made.undecided = append(made.undecided, u.Operation)
	}
	t.Logf("%d operations: decided %d, undecided %d", report.Operations, report.Decided, len(report.Undecided))
	return made
}

func run(t *testing.T, arguments ...string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), harness.Binary(), arguments...)
	var complaint strings.Builder
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		t.Fatalf("leastkey %s: %v\n%s%s", strings.Join(arguments, " "), err, out, &complaint)
	}
	return out
}

// everything is a token of somebody who may do all there is, on all there is.
func everything(w *leastkeytest.World, acme leastkey.Principal) *leastkeytest.Credential {
	root := w.User("root@example.com")
	w.Join(root, acme, "Super Administrator")
	names := map[leastkey.ResourceType][]string{}
	for _, g := range w.State.Catalog().Groups() {
		names[g.Type] = append(names[g.Type], g.Name)
	}
	options := []leastkeytest.Option{leastkeytest.Allow(names[leastkey.UserType]...).On(leastkey.PatternOne(root.Resource()))}
	delete(names, leastkey.UserType)
	for kind, groups := range names {
		options = append(options, leastkeytest.Allow(groups...).On(leastkey.PatternEvery(kind)))
	}
	return w.Token(root, options...)
}

// whole tries every operation with a token for everything, on resources that are there. What the importer placed is
// allowed, what it did not place is denied, and there is no third.
func (c imported) whole(t *testing.T) {
	t.Helper()
	w := leastkeytest.New(t, c.Catalog)
	account := w.Account("acme")
	token := everything(w, account)
	at := map[leastkey.ResourceType]leastkey.Resource{leastkey.AccountType: account.Resource()}
	var place func(leastkey.ResourceType) leastkey.Resource
	place = func(kind leastkey.ResourceType) leastkey.Resource {
		if r, done := at[kind]; done {
			return r
		}
		defined, ok := c.Resource(kind)
		if !ok {
			t.Fatalf("no resource type %s", kind)
		}
		id := "x"
		for _, op := range c.Operations() {
			switch {
			case op.Target.Kind == catalog.RuleOne && op.Target.Type == kind:
				id = strings.Repeat("/x", len(op.Target.ID.Params))[1:]
			case op.Target.Under == kind && len(op.Target.In.Params) > 0:
				id = strings.Repeat("/x", len(op.Target.In.Params))[1:]
			}
		}
		at[kind] = w.Resource(kind, id, place(defined.Parent))
		return at[kind]
	}
	placed := 0
	for _, op := range c.Operations() {
		if op.Control {
			continue
		}
		place(op.Target.Type)
		path := fill(op.Route, "x")
		if op.Target.Type == leastkey.AccountType {
			path = fill(op.Route, account.ID.String())
		}
		// Another row can be fixed where this one is a parameter, and x is fixed nowhere.
		if v := w.Check(token.Request(op.Method, path, "")); !v.Allowed() || v.Operation != op {
			t.Errorf("%v is placed, and a token for everything is refused: %v", op, v.Decision.Reason)
		}
		placed++
	}
	if placed < 10 || len(c.undecided) == 0 {
		t.Errorf("%d operations are placed, %d are not: too few to tell", placed, len(c.undecided))
	}
	for _, name := range c.undecided {
		method, path, _ := strings.Cut(name, " ")
		if !strings.HasPrefix(path, "/") || path == "/" || method == "*" {
			continue
		}
		for _, id := range []string{"x", account.ID.String()} {
			if v := w.Check(token.Request(method, c.base+strings.TrimSuffix(fill(path, id), "/"), "")); v.Allowed() || v.Operation != nil {
				t.Errorf("%s could not be placed, and is decided as %v", name, v.Operation)
			}
		}
	}
}

// fill puts an id for every parameter of a path.
func fill(path, id string) string {
	var b strings.Builder
	for path != "" {
		before, rest, found := strings.Cut(path, "{")
		b.WriteString(before)
		if !found {
			break
		}
		_, path, _ = strings.Cut(rest, "}")
		b.WriteString(id)
	}
	return b.String()
}

// ask is a request that a reader of a document thinks of.
type ask struct {
	token   string
	request string // "GET /zones/7", below the base
	want    answer
}

type answer string

const (
	allowed  answer = "allowed"
	refused  answer = "refused" // the token does not reach so far
	unplaced answer = "unplaced"
	unclear  answer = "unclear" // the request does not say enough
)

// expect decides a table of requests.
func (c imported) expect(t *testing.T, w *leastkeytest.World, tokens map[string]*leastkeytest.Credential, table []ask) {
	t.Helper()
	for _, a := range table {
		token := tokens[a.token]
		if token == nil {
			t.Fatalf("no token %q", a.token)
		}
		method, path, _ := strings.Cut(a.request, " ")
		v := w.Check(token.Request(method, c.base+path, ""))
		got := refused
		switch {
		case v.Allowed():
			got = allowed
		case v.Operation == nil:
			got = unplaced
		case v.Denial().Status == 400:
			got = unclear
		}
		if got != a.want {
			t.Errorf("%s, %s: %s, not %s (%v, %v)", a.token, a.request, got, a.want, v.Operation, v.Decision.Reason)
		}
	}
}
