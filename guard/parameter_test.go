package guard_test

import (
	"net/http"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/guard"
	"github.com/leastkey/leastkey/leastkeytest"
)

// Law 5: whatever some program takes for the parameter by which a request was decided makes it unclear.
func TestLaw5ParametersHaveOneReading(t *testing.T) {
	c, err := catalog.Load("shops.yaml", []byte(`
namespace: com.example.shop
resources:
  shop: {}
permission_groups:
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c01, name: Shop Read, resource: shop}
operations:
  - {route: "GET /orders", any_of: [Shop Read], target: {shop: query.shop_id}}
  - {route: "POST /shops/{shop}", any_of: [Shop Read], target: {shop: path.shop}}
  - {route: "POST /shops", any_of: [Shop Read], target: {shop: body./shop}}
`))
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	acme, ada := w.Account("acme"), w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	token := w.Token(ada, leastkeytest.Allow("Shop Read").On(leastkey.PatternOne(w.Resource("shop", "mine", acme.Resource()))))
	w.Resource("shop", "victim", acme.Resource())
	status := func(method, target, body string) int {
		r := guard.Request{Method: method, Target: target, Header: http.Header{"Authorization": {"Bearer " + token.Secret.Reveal()}}, Can: guard.Bodies | guard.Headers}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
			r.Body = func(int64) ([]byte, error) { return []byte(body), nil }
		}
		v := w.Guard.Check(t.Context(), r)
		if v.Allowed() {
			return http.StatusOK
		}
		return v.Denial().Status
	}
	for _, test := range []struct {
		method, target, body string
		want                 int
	}{
		{"GET", "/orders?shop_id=mine", "", 200},
		{"GET", "/orders?shop_id=mine&page=2&shop=x&id=3&shop_ids=4&filter[shop]=5", "", 200},
		{"GET", "/orders?shop%5Fid=mine", "", 200},
		{"GET", "/orders?shop_id=victim", "", 403},
		{"GET", "/orders", "", 400},
		{"GET", "/orders?shop_id=", "", 400},
		{"GET", "/orders?shop_id=mine;page=2", "", 400},
		{"GET", "/orders?shop_id=mi%zzne", "", 400},
		{"POST", "/shops/mine", "", 200},
		{"POST", "/shops/mine?method=DELETE&_methods=1", "", 200},
		{"POST", "/shops", `{"shop":"mine","shops":1,"a":{"shop":"victim"}}`, 200},
		{"POST", "/shops?page=1", `{"shop":"mine"}`, 200},
		{"POST", "/shops?shop=victim", `{"shop":"mine"}`, 400},
		{"POST", "/shops?Shop[]=victim", `{"shop":"mine"}`, 400},
	} {
		if got := status(test.method, test.target, test.body); got != test.want {
			t.Errorf("%s %s %s: %d; want %d", test.method, test.target, test.body, got, test.want)
		}
	}
	for _, other := range []string{
		"shop_id", "shop.id", "+shop_id", "%20shop_id", "shop_id%00", "shop_id%00x", "shop_id%5B%5D", "shop_id[]", "SHOP_ID", "Shop_Id", "shop%20id", "shop+id", "shop-id",
		"shop[id", "shop_id%5B0%5D", "[shop_id]", "%5Bshop_id", "shop_id%20", "%C5%BFhop_id", "a%01b",
	} {
		for _, target := range []string{"/orders?shop_id=mine&" + other + "=victim", "/orders?" + other + "=victim&shop_id=mine"} {
			if got := status("GET", target, ""); got != http.StatusBadRequest {
				t.Errorf("GET %s: %d; want 400", target, got)
			}
		}
	}
	for _, method := range []string{
		"_method", "+_method", "%20_method", "_method%00", "_method%5B%5D", "%00_method", "[_method]", "_METHOD", "%20.method", "-method", "X-HTTP-Method-Override", "x_http_method_override", "a=1;_method",
	} {
		if got := status("POST", "/shops/mine?"+method+"=DELETE", ""); got != http.StatusBadRequest {
			t.Errorf("a POST with %s=DELETE in the query: %d; want 400", method, got)
		}
	}
	for _, body := range []string{
		`{"shop":"mine","shop\u0000":"victim"}`, `{"shop":"mine","Shop":"victim"}`, `{"shop":"mine","shop ":"victim"}`, `{"shop":"mine","shop[]":"victim"}`, `{"\tshop":"victim","shop":"mine"}`,
	} {
		if got := status("POST", "/shops", body); got != http.StatusBadRequest {
			t.Errorf("POST /shops %s: %d; want 400", body, got)
		}
	}
}
