package catalog_test

import (
	"testing"

	"github.com/leastkey/leastkey/catalog"
)

// What is not YAML is named on its own line, and the usual mistakes with what to do.
func TestSyntax(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1\nb: {x: 1\nc: 3\n":   `x:2: not YAML: did not find expected ',' or '}'; correct the syntax`,
		"a: 1\n- b\n":              `x:2: not YAML: did not find expected key; correct the syntax`,
		"a: 1\nb: 2\n\n\n}\n":      `x:5: not YAML: did not find expected key; correct the syntax`,
		"a: 1\nb: [\n":             `x:2: not YAML: did not find expected node content; correct the syntax`,
		"a: 1\nb: 2: 3\n":          `x:2: not YAML: mapping values are not allowed in this context; correct the syntax`,
		"a: 1\nb\nc: 3\n":          `x:2: not YAML: could not find expected ':'; correct the syntax`,
		"a: 1\nb:\n\tc: 2\n":       `x:3: not YAML: a tab in the indentation; indent with spaces`,
		"a: 1\n\tb: 2\n":           `x:2: not YAML: a tab in the indentation; indent with spaces`,
		"\ta: 1\n":                 `x:1: not YAML: a tab in the indentation; indent with spaces`,
		"a: 1\nb: @x\n":            "x:2: not YAML: found character that cannot start any token; quote the text that begins with @, ` or %",
		"a: 1\nb: 2\nc: *x\n":      `x:3: not YAML: unknown anchor 'x' referenced; correct the syntax`,
		"a: 1\nb: \xff\n":          `x:2: not YAML: invalid leading UTF-8 octet; correct the syntax`,
		"a: 1\nb: 2\nc: \x01\n":    `x:3: not YAML: control characters are not allowed; correct the syntax`,
		"- {route: GET /x/{id}}\n": `x:1: not YAML: the { of a parameter begins another mapping; quote the route: {route: "GET /x/{id}", ...}`,
		"a: 1\no:\n  - {n: 1}\n  - {any_of: [A], route: GET /x/{id}/y/{b}, target: self}\n": `x:4: not YAML: the { of a parameter begins another mapping; quote the route: {route: "GET /x/{id}/y/{b}", ...}`,
		"o:\n  - {any_of: [A],\n     route: GET /x/{id}}\n":                                 `x:3: not YAML: the { of a parameter begins another mapping; quote the route: {route: "GET /x/{id}", ...}`,
	} {
		_, err := catalog.Load("x", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%q\n got %v\nwant %s", text, err, want)
		}
	}
}
