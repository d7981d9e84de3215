package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMiddleware goes through docs/middleware.md: a Go server that decides by itself.
func TestMiddleware(t *testing.T) {
	const document = "docs/middleware.md"
	dir := checkout(t)
	example := filepath.Join(dir, "examples", "middleware")
	if err := os.CopyFS(example, os.DirFS(filepath.Join("..", "..", "examples", "middleware"))); err != nil {
		t.Fatal(err)
	}
	ports := map[string]string{}
	for _, port := range []string{"8081", "8787", "8793"} {
		ports["127.0.0.1:"+port] = freeAddress(t)
	}
	moved := func(s string) string {
		for from, to := range ports {
			s = strings.ReplaceAll(s, from, to)
		}
		return s
	}
	config := filepath.Join(example, "leastkey.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, []byte(moved(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	bash(t, filepath.Join("..", ".."), nil, "go build -o '"+filepath.Join(dir, "bin", "middleware")+"' ./examples/middleware")
	background := snippets(t, document, "background")
	start(t, dir, strings.Replace(background[0], "./bin/leastkey serve", "exec ./bin/leastkey serve", 1), ports["127.0.0.1:8787"])
	start(t, dir, moved(strings.Replace(background[1], "go run ./examples/middleware", "exec ./bin/middleware -listen 127.0.0.1:8081 -node http://127.0.0.1:8793", 1)), ports["127.0.0.1:8081"])
	out := bash(t, dir, nil, moved(strings.Join(snippets(t, document, "run"), "\n")))
	for _, want := range []string{
		`{"notebooks":[{"id":"nb-1","title":"recipes"}]}`,
		`{"notes":["salt the water"]}`,
		"needs one of Notes Read, Notes Write on notebook nb-2",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("the steps do not print %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "nobody must read this") {
		t.Errorf("the steps print what nobody must read:\n%s", out)
	}
}

// What the document quotes of the example is what stands there, and so was compiled and run.
func TestMiddlewareQuotes(t *testing.T) {
	document, err := os.ReadFile("../../docs/middleware.md")
	if err != nil {
		t.Fatal(err)
	}
	quotes := regexp.MustCompile("(?s)<!-- (?:go|yaml): (\\S+) -->\n```(?:go|yaml)\n(.*?)```").FindAllStringSubmatch(string(document), -1)
	if len(quotes) != 3 {
		t.Fatalf("%d quotes, want 3", len(quotes))
	}
	indent := regexp.MustCompile(`(?m)^\t`)
	for _, quote := range quotes {
		source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(quote[1])))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(indent.ReplaceAllString(string(source), ""), quote[2]) {
			t.Errorf("%s does not have\n%s", quote[1], quote[2])
		}
	}
}
