package proxy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// No header that the guard takes for its own gets from a client to the API, in any spelling: the configurations take out
// those with a fixed name, and go on without; what else there is of their kind is taken out or refused.
func TestOwnedHeaders(t *testing.T) {
	w := newWorld(t)
	names, prefixes := owned(t)
	for _, f := range fronts {
		t.Run(f.name, func(t *testing.T) {
			behind := newAPI(t)
			front := f.start(t, w.at(t), behind.addr)
			send := func(name string) int {
				const forged = "forged-by-the-client"
				sent := request{target: own, header: append(w.bearer(t, "reader"), name+": "+forged)}
				answer, seen := front.send(t, sent), behind.take()
				if len(seen) > 1 || (answer.StatusCode == http.StatusOK) != (len(seen) == 1) {
					t.Errorf("%s: answered %d, and the API saw %d requests", name, answer.StatusCode, len(seen))
				}
				for _, r := range seen {
					for field, values := range r.Header {
						if strings.Contains(strings.Join(values, ","), forged) {
							t.Errorf("%s: the API saw %s: %q", name, field, values)
						}
					}
				}
				return answer.StatusCode
			}
			for _, name := range names {
				if status := send(name); status != http.StatusOK && !carries(name) {
					t.Errorf("%s: %d; the example is to take it out", name, status)
				}
				send(strings.ToUpper(name))
				send(strings.ReplaceAll(name, "-", "_"))
				send(strings.ReplaceAll(name, "-", "."))
			}
			for _, prefix := range prefixes {
				for _, rest := range []string{"", "For", "Of-Another-Name"} {
					send(prefix + rest)
					send(strings.ReplaceAll(prefix, "-", "_") + rest)
				}
			}
		})
	}
}

// carries reports whether a header has a credential: one beside the token is a matter of the contract.
func carries(name string) bool {
	return name == "authorization" || name == "x-auth-email" || name == "x-auth-key" || name == "x-auth-user-service-key"
}

// owned reads the names and their beginnings out of the guard's source, so that a new one is tried here as well.
func owned(t *testing.T) (names, prefixes []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "..", "guard", "header.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	texts := func(list ast.Node) (texts []string) {
		ast.Inspect(list, func(n ast.Node) bool {
			if literal, ok := n.(*ast.BasicLit); ok && literal.Kind == token.STRING {
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, text)
			}
			return true
		})
		return texts
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if assignment, ok := n.(*ast.ValueSpec); ok && len(assignment.Values) == 1 {
			switch assignment.Names[0].Name {
			case "ownedNames":
				names = texts(assignment.Values[0])
			case "ownedPrefixes":
				prefixes = texts(assignment.Values[0])
			}
			return false
		}
		return true
	})
	if len(names) < 20 || len(prefixes) < 10 {
		t.Fatalf("the guard's source gives %q and %q", names, prefixes)
	}
	return names, prefixes
}

// Traefik is not run here. Its example at least names everything that has a fixed name and that Traefik does not set.
func TestTraefikNamesThem(t *testing.T) {
	example := strings.ToLower(read(t, filepath.Join("..", "..", "examples", "traefik", "dynamic.yaml")))
	names, _ := owned(t)
	for _, name := range append(names, "connection", "upgrade", "te", "trailer", "x-forwarded-method", "x-forwarded-uri", "leastkey-token-id", "leastkey-principal") {
		if line := "\n          " + name + ": \"\"\n"; name != "x-real-ip" && !strings.Contains(example, line) {
			t.Errorf("the example does not take out %s", name)
		}
	}
}
