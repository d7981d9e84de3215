package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

const module = "github.com/leastkey/leastkey"

// tree is the module as it is written: each Go file whatever its build tags, by the directory of its package
// relative to the root, which is "." itself. Nested modules are trees of their own.
type tree map[string][]file

type file struct {
	name   string // relative to the root
	test   bool
	lines  int
	set    *token.FileSet
	syntax *ast.File
}

// read parses the module whose root is fsys.
func read(fsys fs.FS) (tree, error) {
	t := tree{}
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name == "." {
				return nil
			}
			if base := entry.Name(); base == "testdata" || base == "node_modules" || strings.HasPrefix(base, ".") {
				return fs.SkipDir
			}
			if _, err := fs.Stat(fsys, path.Join(name, "go.mod")); err == nil {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		set := token.NewFileSet()
		syntax, err := parser.ParseFile(set, name, content, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		t[dir] = append(t[dir], file{
			name: name, test: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(string(content), "\n"), set: set, syntax: syntax,
		})
		return nil
	})
	return t, err
}

// packages are the directories of t in order.
func (t tree) packages() []string { return slices.Sorted(maps.Keys(t)) }

// imports are the paths that the file imports.
func (f file) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has read it
		}
		paths = append(paths, p)
	}
	return paths
}

// at is the place of a node, for a fault.
func (f file) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.name, f.set.Position(n.Pos()).Line)
}

// ours is the directory of the package that an import path names, if it is one of this module.
func ours(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}

// foreign reports whether an import path is neither ours nor of the standard library.
func foreign(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	_, our := ours(importPath)
	return strings.Contains(first, ".") && !our
}

// under reports whether dir is the pattern, or below it if that ends in "/...". "..." is every package.
func under(dir, pattern string) bool {
	if pattern == "..." {
		return true
	}
	if prefix, deep := strings.CutSuffix(pattern, "/..."); deep {
		return dir == prefix || strings.HasPrefix(dir, prefix+"/")
	}
	return dir == pattern
}

func underAny(dir string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return under(dir, p) })
}

var readModule = sync.OnceValues(func() (tree, error) { return read(os.DirFS("../..")) })

// realTree is this module.
func realTree(t *testing.T) tree {
	t.Helper()
	whole, err := readModule()
	if err != nil {
		t.Fatal(err)
	}
	if len(whole["."]) == 0 || len(whole["internal/archtest"]) == 0 {
		t.Fatalf("read %d packages, but not the root and this one", len(whole))
	}
	return whole
}

// TestShape holds every rule over the module as it is.
func TestShape(t *testing.T) {
	whole := realTree(t)
	rules := []func(tree) []string{
		layerFaults, banFaults, budgetFaults, lengthFaults, docFaults, nameFaults, stateFaults, clockFaults,
	}
	for _, rule := range rules {
		for _, fault := range rule(whole) {
			t.Error(fault)
		}
	}
}

// broken is one way to break a rule, and words of the fault that must come of it.
type broken struct {
	name  string
	files map[string]string // name in the tree, content
	want  string            // empty: no fault
}

// hold runs the rule over small trees, each of which breaks it in one way.
func hold(t *testing.T, rule func(tree) []string, cases []broken) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for name, content := range c.files {
				fsys[name] = &fstest.MapFile{Data: []byte(content)}
			}
			small, err := read(fsys)
			if err != nil {
				t.Fatal(err)
			}
			faults := rule(small)
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("faults %q, want none", faults)
			case c.want != "" && !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, c.want) }):
				t.Errorf("faults %q, want one with %q", faults, c.want)
			}
		})
	}
}
