package catalog_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

func defaults(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Default()
	if err != nil {
		t.Fatalf("the embedded catalogue:\n%v", err)
	}
	return c
}

// The groups of the default catalogue are those that clients know, by id, name and scope.
func TestDefaultHasEveryPermissionGroup(t *testing.T) {
	data, err := os.ReadFile("testdata/permission_groups.json")
	if err != nil {
		t.Fatal(err)
	}
	type group struct {
		ID     string   `json:"id"`
		Name   string   `json:"name"`
		Scopes []string `json:"scopes"`
	}
	var want, got []group
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	c := defaults(t)
	for _, g := range c.Groups() {
		r, ok := c.Resource(g.Type)
		if !ok {
			t.Errorf("%s has the unknown type %q", g.Name, g.Type)
		}
		if g.Category == "" {
			t.Errorf("%s has no category", g.Name)
		}
		got = append(got, group{g.ID.String(), g.Name, []string{r.Scope}})
	}
	byID := func(x, y group) int { return strings.Compare(x.ID, y.ID) }
	slices.SortFunc(want, byID)
	slices.SortFunc(got, byID)
	if len(want) != 311 {
		t.Errorf("the facts have %d groups, not 311", len(want))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("groups (-facts +catalogue):\n%s", diff)
	}
}

func TestLookups(t *testing.T) {
	c := defaults(t)
	id := leastkey.MustParseID("4755a26eedb94da69e1066d98aa820be")
	g, ok := c.Group(id)
	if !ok || g.Name != "DNS Write" || g.Type != "zone" || g.Access != catalog.Write {
		t.Errorf("Group(%s) = %+v, %v", id, g, ok)
	}
	if named := c.GroupsNamed("DNS Write"); len(named) != 1 || named[0] != g {
		t.Errorf("GroupsNamed = %v", named)
	}
	if named := c.GroupsNamed("Logs Read"); len(named) != 2 {
		t.Errorf("a name for two types: %v", named)
	}
	if typ, ok := c.TypeOf(id); !ok || typ != "zone" {
		t.Errorf("TypeOf = %q, %v", typ, ok)
	}
	if _, ok := c.TypeOf(leastkey.ID{1}); ok {
		t.Error("an unknown group has a type")
	}
	zone := leastkey.PatternEvery("zone")
	account := leastkey.PatternEvery(leastkey.AccountType)
	if !c.Binds(id, []leastkey.Pattern{account, zone}) || c.Binds(id, []leastkey.Pattern{account}) || c.Binds(leastkey.ID{1}, []leastkey.Pattern{zone}) {
		t.Error("Binds does not follow the group's type")
	}
	for _, r := range c.Resources() {
		if found, ok := c.ResourceByScope(r.Scope); !ok || found != r {
			t.Errorf("ResourceByScope(%q) = %+v, %v", r.Scope, found, ok)
		}
	}
}
