package powerdns

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/e2e/harness"
)

// denied are the operations of PowerDNS that the catalogue leaves out on purpose.
var denied = []string{
	"GET /error", // documents what errors look like, and is none
}

// What PowerDNS says of itself is what the catalogue has, and nothing else.
func TestCatalogueIsWhole(t *testing.T) {
	c, err := catalog.Load("catalog.yaml", []byte(example(t, "catalog.yaml")))
	if err != nil {
		t.Fatal(err)
	}
	pdns := harness.StartPowerDNS(t, godKey)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+pdns.API+"/api/docs", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", godKey)
	r.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var document struct {
		BasePath string
		Paths    map[string]map[string]json.RawMessage
	}
	if err := json.NewDecoder(answer.Body).Decode(&document); err != nil || len(document.Paths) == 0 {
		t.Fatalf("%v, %d paths", err, len(document.Paths))
	}
	there := map[*catalog.Operation]bool{}
	for path, methods := range document.Paths {
		for name := range methods {
			method := strings.ToUpper(name)
			if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) || slices.Contains(denied, method+" "+path) {
				continue
			}
			op, _, ok := c.Match(method, "", strings.NewReplacer("{", "a", "}", "z").Replace(document.BasePath+path))
			if !ok {
				t.Errorf("the catalogue lacks %s %s", method, path)
				continue
			}
			there[op] = true
		}
	}
	for _, op := range c.Operations() {
		index := op.Route == "/api" || op.Route == "/api/v1" // which the document does not have
		if !op.Control && !there[op] && !index {
			t.Errorf("PowerDNS does not have %s", op)
		}
	}
}
