package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// longFiles are the files of more than maxLines, and why each is one piece.
const maxLines = 400

var longFiles = map[string]string{
	"demo/records_test.go": "one table of record types and their quirks, row by row",
}

// lengthFaults finds files that are too long to hold in mind.
func lengthFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		for _, f := range t[dir] {
			if _, listed := longFiles[f.name]; f.lines > maxLines && !listed {
				faults = append(faults, fmt.Sprintf("%s has %d lines, more than %d: split it by concept, or list it with the reason", f.name, f.lines, maxLines))
			}
		}
	}
	return faults
}

// docFaults finds packages that do not say what they are, or say it twice.
func docFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		var documented []string
		onlyTests := true
		for _, f := range t[dir] {
			if f.test {
				continue
			}
			onlyTests = false
			if f.syntax.Doc == nil {
				continue
			}
			documented = append(documented, f.name)
			want := "Package " + f.syntax.Name.Name + " "
			if f.syntax.Name.Name == "main" {
				want = "Command " + path.Base(dir) + " "
			}
			if !strings.HasPrefix(f.syntax.Doc.Text(), want) {
				faults = append(faults, fmt.Sprintf("%s: the package comment does not begin with %q", f.name, want))
			}
		}
		switch {
		case len(documented) > 1:
			faults = append(faults, fmt.Sprintf("%s has a package comment in each of %q: one place", dir, documented))
		case len(documented) == 0 && !onlyTests:
			faults = append(faults, fmt.Sprintf("%s has no package comment: say what it is", dir))
		}
	}
	return faults
}

var (
	vague    = []string{"util", "utils", "common", "helper", "helpers", "core", "pkg", "misc", "shared", "base", "lib"}
	idleName = regexp.MustCompile(`^Get[A-Z]|Impl$|^I[A-Z][a-z]+er$`)
)

// nameFaults finds names that say nothing.
func nameFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		for part := range strings.SplitSeq(dir, "/") {
			if slices.Contains(vague, part) {
				faults = append(faults, fmt.Sprintf("%s: %q says where things are left, not what they are", dir, part))
			}
		}
		for _, f := range t[dir] {
			if base := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.name), ".go"), "_test"); slices.Contains(vague, base) {
				faults = append(faults, fmt.Sprintf("%s: %q says where things are left, not what they are", f.name, base))
			}
			for _, declaration := range f.syntax.Decls {
				for _, name := range declared(declaration) {
					if idleName.MatchString(name.Name) {
						faults = append(faults, fmt.Sprintf("%s: %s: no Get, no Impl, no I before a name", f.at(name), name.Name))
					}
				}
			}
		}
	}
	return faults
}

// declared are the names of types, functions and methods in a declaration.
func declared(d ast.Decl) []*ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{d.Name}
	case *ast.GenDecl:
		var names []*ast.Ident
		for _, spec := range d.Specs {
			if t, ok := spec.(*ast.TypeSpec); ok {
				names = append(names, t.Name)
			}
		}
		return names
	}
	return nil
}

// tables are the variables of packages that are no error, pattern or embedded file, and why each is one.
// Nothing may change them; a table that is a function's own needs no row.
var tables = map[string]string{
	"catalog.sections":                    "the sections of a catalogue file, in order",
	"catalog.reservedTypes":               "words of the format that cannot name a resource type",
	"cmd/leastkey.story":                  "what the demo is seeded with",
	"internal/control.operatorOnly":       "the target of what only the operator may do: none",
	"guard.ownedNames":                    "the header names that servers behind are known to believe",
	"guard.ownedPrefixes":                 "as ownedNames",
	"guard.le":                            "the byte order of records, by a short name",
	"guard.plainBytes":                    "the bytes that stand in a path as they are",
	"..crcTables":                         "what the checksum is made with",
	"..base62Bytes":                       "the bytes of base62",
	"internal/edge/throttle.DefaultQuota": "a number with a unit, which a constant cannot hold",
	"internal/httpapi.statuses":           "one table from the kind of an error to its status",
	"internal/sqlite.earliest":            "a bound of what the column can hold; a constant cannot be a time",
	"internal/sqlite.latest":              "as earliest",
	"internal/nodetest.Epoch":             "a constant cannot be a time",
	"internal/nodetest.TheCatalog":        "the default catalogue, read once for all tests; nothing can change it",
}

// stateFaults finds what a package keeps or does outside any call: variables and init functions.
func stateFaults(t tree) []string {
	var faults []string
	for _, dir := range t.packages() {
		for _, f := range t[dir] {
			for _, declaration := range f.syntax.Decls {
				switch d := declaration.(type) {
				case *ast.FuncDecl:
					if d.Name.Name == "init" && d.Recv == nil {
						faults = append(faults, fmt.Sprintf("%s: init runs for whoever imports the package; make it a function that is called", f.at(d)))
					}
				case *ast.GenDecl:
					if d.Tok == token.VAR && !f.test {
						faults = append(faults, variableFaults(dir, f, d)...)
					}
				}
			}
		}
	}
	return faults
}

func variableFaults(dir string, f file, d *ast.GenDecl) []string {
	var faults []string
	for _, s := range d.Specs {
		spec := s.(*ast.ValueSpec) // a var declaration holds nothing else
		for i, name := range spec.Names {
			if _, listed := tables[dir+"."+name.Name]; listed || name.Name == "_" || embedded(d, spec) {
				continue
			}
			if i < len(spec.Values) && constant(spec.Values[i]) {
				continue
			}
			faults = append(faults, fmt.Sprintf("%s: %s is state of the package: pass it in, or list it with the reason if nothing changes it", f.at(name), name.Name))
		}
	}
	return faults
}

// embedded reports whether the compiler fills the variable from a file.
func embedded(d *ast.GenDecl, spec *ast.ValueSpec) bool {
	for _, doc := range []*ast.CommentGroup{d.Doc, spec.Doc} {
		if doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") }) {
			return true
		}
	}
	return false
}

// constant reports whether the value is an error or a pattern, which cannot change.
func constant(value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	return ok && slices.Contains([]string{"errors.New", "fmt.Errorf", "regexp.MustCompile"}, selected(call.Fun))
}

// selected is an expression of the form a.b, and "" for others.
func selected(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

// TestListsAreTrue finds rows of the two lists above that nothing answers to any more.
func TestListsAreTrue(t *testing.T) {
	whole := realTree(t)
	long, variables := map[string]bool{}, map[string]bool{}
	for dir, files := range whole {
		for _, f := range files {
			long[f.name] = f.lines > maxLines
			for _, declaration := range f.syntax.Decls {
				if d, ok := declaration.(*ast.GenDecl); ok && d.Tok == token.VAR && !f.test {
					for _, spec := range d.Specs {
						for _, name := range spec.(*ast.ValueSpec).Names {
							variables[dir+"."+name.Name] = true
						}
					}
				}
			}
		}
	}
	for name := range longFiles {
		if !long[name] {
			t.Errorf("the list of long files has %s, which is not long", name)
		}
	}
	for name := range tables {
		if !variables[name] {
			t.Errorf("the list of tables has %s, which is not there", name)
		}
	}
}

func TestFormCanFail(t *testing.T) {
	hold(t, lengthFaults, []broken{
		{"the longest there may be", map[string]string{"a.go": "package p\n" + strings.Repeat("\n", maxLines-1)}, ""},
		{"a line more", map[string]string{"a.go": "package p\n" + strings.Repeat("\n", maxLines)}, "has 401 lines"},
	})
	hold(t, docFaults, []broken{
		{"a package that says what it is", map[string]string{"p/a.go": "// Package p is one.\npackage p\n", "p/b.go": "package p\n"}, ""},
		{"a package that does not", map[string]string{"p/a.go": "package p\n"}, "no package comment"},
		{"a package that says it twice", map[string]string{"p/a.go": "// Package p is one.\npackage p\n", "p/b.go": "// Package p is.\npackage p\n"}, "one place"},
		{"a comment about something else", map[string]string{"p/a.go": "// Copyright.\npackage p\n"}, "does not begin with"},
		{"a command", map[string]string{"cmd/x/a.go": "// Package main does.\npackage main\n"}, `"Command x "`},
	})
	hold(t, nameFaults, []broken{
		{"a name that says something", map[string]string{"guard/a.go": "package p\ntype Verdict int\nfunc Getaway() {}\n"}, ""},
		{"a drawer", map[string]string{"internal/util/a.go": "package p\n"}, `"util"`},
		{"a drawer as a file", map[string]string{"guard/helpers_test.go": "package p\n"}, `"helpers"`},
		{"a getter", map[string]string{"a.go": "package p\ntype T int\nfunc (T) GetName() {}\n"}, "GetName"},
		{"the one implementation", map[string]string{"a.go": "package p\ntype storeImpl int\n"}, "storeImpl"},
	})
	hold(t, stateFaults, []broken{
		{"errors, patterns, files and assertions", map[string]string{
			"a.go": "package p\nvar ErrA = errors.New(\"a\")\nvar (\n\tb = regexp.MustCompile(`b`)\n\t_ I = T{}\n)\n//go:embed a.sql\nvar c string\n",
		}, ""},
		{"a variable", map[string]string{"a.go": "package p\nvar cache = map[string]int{}\n"}, "a.go:2: cache is state"},
		{"a variable without a value", map[string]string{"a.go": "package p\nvar a, b int\n"}, "b is state"},
		{"a variable in a test", map[string]string{"a_test.go": "package p\nvar a int\n"}, ""},
		{"init", map[string]string{"a_test.go": "package p\nfunc init() {}\n"}, "init runs"},
		{"a method of that name", map[string]string{"a.go": "package p\ntype T int\nfunc (T) init() {}\n"}, ""},
	})
}
