package leastkeytest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/leastkeytest"
)

const shops = `
namespace: com.example.shop
resources:
  shop: {}
permission_groups:
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c01, name: Shop Read, resource: shop}
  - {id: 7d1a1c5e0f0b4a7c9d0e4d6b1f2a3c02, name: Shop Write, resource: shop}
operations:
  - {route: "GET /shops/{shop}", any_of: [Shop Read, Shop Write], target: {shop: path.shop}}
  - {route: "PUT /shops/{shop}", any_of: [Shop Write], target: {shop: path.shop}}
`

// A test of an API that is described by a catalogue of its own.
func Example() {
	t := standIn{} // in a test, its *testing.T
	c, err := catalog.Load("shops.yaml", []byte(shops))
	if err != nil {
		t.Fatal(err)
	}
	w := leastkeytest.New(t, c)
	acme := w.Account("acme")
	ada := w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	seven := w.Resource("shop", "7", acme.Resource())
	w.Resource("shop", "8", acme.Resource())

	token := w.Token(ada,
		leastkeytest.Allow("Shop Read").On(leastkey.PatternOne(seven)),
		leastkeytest.Expires(w.Now().Add(time.Hour)),
		leastkeytest.From("192.0.2.0/24"))

	say := func(when string, method, path string) {
		v := w.Check(token.Request(method, path, ""))
		fmt.Printf("%s: %s %s: %s\n", when, method, path, v.Decision.Reason)
	}
	say("at first", "GET", "/shops/7")
	say("at first", "GET", "/shops/8")
	say("at first", "PUT", "/shops/7")

	w.Leave(ada, acme)
	say("when Ada has left", "GET", "/shops/7")

	w.Join(ada, acme, "Administrator")
	w.SetNow(w.Now().Add(time.Hour))
	say("an hour later", "GET", "/shops/7")

	// Output:
	// at first: GET /shops/7: granted
	// at first: GET /shops/8: permission_missing
	// at first: PUT /shops/7: permission_missing
	// when Ada has left: GET /shops/7: principal_lacks
	// an hour later: GET /shops/7: credential_expired
}

// standIn is a testing.TB where there is no test.
type standIn struct{ testing.TB }

func (standIn) Helper()                      {}
func (standIn) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (standIn) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
