package httpapi_test

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// The operator learns which tokens a new catalogue would change, and nothing changes by asking.
func TestCatalogDiff(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	zone := On(ZoneKey(n.Ada.Zones[0]))
	writer := n.Mint(t, ada, "writer", n.Allow(t, zone, "DNS Write"))
	reader := n.Mint(t, ada, "reader", n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read"))
	other := n.Mint(t, ada, "other", n.Allow(t, zone, "Zone Read"))
	text, err := os.ReadFile("../../catalog/cloudflare.yaml")
	if err != nil {
		t.Fatal(err)
	}
	was := `"POST /zones/{zone_id}/dns_records", any_of: [DNS Write]`
	if !bytes.Contains(text, []byte(was)) {
		t.Fatal("the default catalogue does not have the row that is changed here")
	}
	changed := strings.Replace(string(text), was, `"POST /zones/{zone_id}/dns_records", any_of: [DNS Read]`, 1)

	diff := func(catalog string) api.CatalogDiff {
		t.Helper()
		a := n.Operate(t, "POST", "/catalog/diff", api.CatalogDiffRequest{Catalog: catalog})
		if a.Status != http.StatusOK {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		for _, token := range []Token{writer, reader, other} {
			if bytes.Contains(a.Body, []byte(token.Value)) {
				t.Error("a secret is in the answer")
			}
		}
		var d api.CatalogDiff
		a.Result(t, &d)
		return d
	}
	if d := diff(string(text)); len(d.Changes) != 0 || len(d.Tokens) != 0 || d.Tokens == nil {
		t.Errorf("the same catalogue: %+v", d)
	}
	d := diff(changed)
	const operation = "POST /client/v4/zones/{zone_id}/dns_records"
	if diff := cmp.Diff([]api.CatalogChange{{Kind: "operation", Change: "changed", Name: operation, What: []api.CatalogDetail{{What: "accepts", Was: "DNS Write", Is: "DNS Read"}}}}, d.Changes); diff != "" {
		t.Error(diff)
	}
	owner := leastkey.UserOf(n.Ada.ID).String()
	want := map[string]api.TokenChange{
		"writer": {Owner: owner, OwnerName: n.Ada.Email, Loses: []api.TokenRight{{Operation: operation, On: []string{"zone " + n.Ada.Zones[0]}}}, Gains: []api.TokenRight{}},
		"reader": {Owner: owner, OwnerName: n.Ada.Email, Loses: []api.TokenRight{}, Gains: []api.TokenRight{{Operation: operation, On: []string{"every zone of account " + n.Ada.Account.String()}}}},
	}
	got := map[string]api.TokenChange{}
	for _, token := range d.Tokens {
		name := token.Name
		token.Name, token.ID = "", leastkey.ID{}
		got[name] = token
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d := diff(string(text)); len(d.Tokens) != 0 {
		t.Errorf("asking changed something: %+v", d)
	}

	broken := n.Operate(t, "POST", "/catalog/diff", api.CatalogDiffRequest{Catalog: "namespace: a\n"})
	if broken.Status != http.StatusBadRequest || !strings.Contains(string(broken.Body), "no operations") {
		t.Errorf("a broken catalogue: %d %s", broken.Status, broken.Body)
	}
	if a := n.Do(t, ada, "POST", "/leastkey/v1/catalog/diff", api.CatalogDiffRequest{Catalog: changed}); a.Status != http.StatusNotFound {
		t.Errorf("from outside of the operator's socket: %d %s", a.Status, a.Body)
	}
}
