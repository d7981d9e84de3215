package reach_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/reach"
)

const shop = `namespace: com.example.shop
token_headers: [X-Shop-Key]
resources:
  shop: {}
permission_groups:
  - {id: 00000000000000000000000000000001, name: Shop Read, resource: shop}
  - {id: 00000000000000000000000000000002, name: Shop Write, resource: shop}
  - {id: 00000000000000000000000000000003, name: Shop Close, resource: shop}
templates:
  - {id: 00000000000000000000000000000004, name: Look, permissions: [Shop Read], resources: {shop: choose}}
operations:
  - {route: "GET /shops/{shop}", any_of: [Shop Read, Shop Write], target: {shop: path.shop}}
  - {route: "DELETE /shops/{shop}", any_of: [Shop Close], target: {shop: path.shop}, deletes: target}
  - {route: GET /me, access: token, target: self}
`

func TestCatalogues(t *testing.T) {
	edit := func(old ...string) []api.CatalogChange {
		t.Helper()
		load := func(text string) *catalog.Catalog {
			c, err := catalog.Load("shop.yaml", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		return reach.Catalogues(load(shop), load(strings.NewReplacer(old...).Replace(shop)))
	}
	id := func(n byte) leastkey.ID { return leastkey.ID{15: n} }
	for _, test := range []struct {
		name string
		old  []string
		want []api.CatalogChange
	}{
		{"nothing", nil, []api.CatalogChange{}},
		{"a parameter by another name", []string{"{shop}\"", "{id}\"", "path.shop", "path.id"}, []api.CatalogChange{}},
		{"accepted groups in another order", []string{"Shop Read, Shop Write", "Shop Write, Shop Read"}, []api.CatalogChange{}},
		{"a group by another name", []string{"Shop Close", "Shop Delete"}, []api.CatalogChange{
			{Kind: "permission group", Change: "renamed", Name: "Shop Delete", ID: id(3), What: []api.CatalogDetail{{What: "name", Was: "Shop Close", Is: "Shop Delete"}}},
		}},
		{"an operation that needs more", []string{"any_of: [Shop Read, Shop Write]", "any_of: [Shop Write]"}, []api.CatalogChange{
			{Kind: "operation", Change: "changed", Name: "GET /shops/{shop}", What: []api.CatalogDetail{{What: "accepts", Was: "Shop Read, Shop Write", Is: "Shop Write"}}},
		}},
		{"an operation that is gone, and a header", []string{"  - {route: GET /me, access: token, target: self}\n", "", "[X-Shop-Key]", "[X-Key]"}, []api.CatalogChange{
			{Kind: "operation", Change: "removed", Name: "GET /me", What: []api.CatalogDetail{{What: "accepts", Was: "any usable token"}, {What: "acts on", Was: "the credential itself"}}},
			{Kind: "token header", Change: "removed", Name: "X-Shop-Key"},
			{Kind: "token header", Change: "added", Name: "X-Key"},
		}},
		{"a type", []string{"  shop: {}\n", "  shop: {}\n  order: {parent: shop}\n"}, []api.CatalogChange{
			{Kind: "resource type", Change: "added", Name: "order", What: []api.CatalogDetail{
				{What: "parent", Is: "shop"}, {What: "key", Is: "com.example.shop.account.order"}, {What: "ids", Is: "1 to 255 visible ASCII characters without '*'"},
			}},
		}},
		{"a template", []string{"permissions: [Shop Read], resources: {shop: choose}", "permissions: [Shop Read], resources: {shop: all}"}, []api.CatalogChange{
			{Kind: "template", Change: "changed", Name: "Look", ID: id(4), What: []api.CatalogDetail{{What: "resources", Was: "shop: choose", Is: "shop: all"}}},
		}},
		{"what becomes of a resource", []string{", deletes: target", ""}, []api.CatalogChange{
			{Kind: "operation", Change: "changed", Name: "DELETE /shops/{shop}", What: []api.CatalogDetail{{What: "afterwards", Was: "removes the target", Is: ""}}},
		}},
	} {
		if diff := cmp.Diff(test.want, edit(test.old...)); diff != "" {
			t.Errorf("%s:\n%s", test.name, diff)
		}
	}
}
