package catalog_test

import (
	"os"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
)

// The rows that README.md shows by themselves fit into its example.
func TestReadmeRows(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(readme), "```yaml\n")
	if len(blocks) != 5 {
		t.Fatalf("README.md has %d examples", len(blocks)-1)
	}
	example, _, _ := strings.Cut(blocks[1], "```\n")
	load := func(rows string) *catalog.Catalog {
		rows, _, _ = strings.Cut(rows, "```\n")
		c, err := catalog.Load("README.md", []byte(example+rows))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	led := load(blocks[2])
	if op, _, ok := led.Match("POST", "", "/api/labels"); !ok || !op.ServiceKey || !op.Target.ID.Host || op.Creates.Type != "order" {
		t.Errorf("a label: %v", op)
	}
	if op, _, ok := led.Match("GET", "", "/api/refunds/o-1"); !ok || op.Target.ID.Of != "order" || op.Target.ID.String() != "above.order.path.order" {
		t.Errorf("a refund: %v", op)
	}
	if op, _, ok := load(blocks[3]).Match("GET", "", "/api/shops/s-1/orders/o-1"); !ok || op.Target.Under != "shop" {
		t.Errorf("an order in a shop: %v", op)
	}
	c := load(blocks[4])
	if op, _, ok := c.Match("GET", "", "/api/shops/s-1/orders"); !ok || op.Target.Kind != catalog.RuleList || op.Target.Type != "order" {
		t.Errorf("orders of a shop: %v", op)
	}
}

// The example in README.md is a sound catalogue, and means what the text says.
func TestReadmeExample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(readme), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("README.md has no example")
	}
	c, err := catalog.Load("README.md", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	op, params, ok := c.Match("DELETE", "", "/api/shops/s-1")
	if !ok || !op.Deletes || op.Target.Type != "shop" {
		t.Fatalf("DELETE /api/shops/s-1 matched %v", op)
	}
	if id, ok := params.Value("shop"); !ok || id != "s-1" {
		t.Errorf("shop = %q, %v", id, ok)
	}
	if r, _ := c.Resource("order"); r.Scope != "com.example.shop.account.order" || r.Parent != "shop" {
		t.Errorf("order = %+v", r)
	}
	if _, _, ok := c.Match("GET", "", "/client/v4/user/tokens/verify"); !ok {
		t.Error("the control plane is not part of it")
	}
	if r, _ := c.Resource("account"); r.Scope != "com.example.shop.account" {
		t.Errorf("account = %+v", r)
	}
}
