package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/catalog"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// dogs is a catalogue that knows no zones.
const dogs = `
namespace: com.cloudflare.api
resources:
  dog: {parent: account, key: dog}
permission_groups:
  - {id: 00000000000000000000000000000d09, name: Dogs Read, resource: dog}
operations:
  - {route: "GET /dogs/{dog_id}", any_of: [Dogs Read], target: {dog: path.dog_id}}
`

// A token outlives what the catalogue knew when it was made. It grants nothing of that any more,
// and its owner can still see it, edit it and delete it.
func TestTokensOutliveTheCatalogue(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	token := n.Mint(t, ada, "old", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Read"), n.Allow(t, ZonesOf(n.Ada.Account), "Zone Read"), n.Allow(t, On(UserKey(n.Ada.ID)), "User Details Read"))
	c, err := catalog.Load("dogs.yaml", []byte(dogs))
	if err != nil {
		t.Fatal(err)
	}
	n.Catalog = c
	n.Restart(t)
	var tokens []Token
	n.Must(t, ada, "GET", "/user/tokens", nil, &tokens)
	if len(tokens) != 1 || len(tokens[0].Policies) != 3 {
		t.Fatalf("%+v", tokens)
	}
	got := tokens[0].Policies
	if len(got[0].Resources) != 1 || got[0].Resources["zone "+n.Ada.Zones[0]] != "*" || got[1].Resources["every zone of account "+n.Ada.Account.String()] != "*" ||
		got[2].Resources[UserKey(n.Ada.ID)] != "*" || got[0].Groups[0].ID != token.Policies[0].Groups[0].ID || got[0].Groups[0].Name != "" {
		t.Errorf("%+v", got)
	}
	n.Must(t, token.Bearer(), "GET", "/user", nil, nil)
	n.Must(t, ada, "GET", "/user/tokens/"+token.ID, nil, nil)
	// Sent back as it is, it is refused: it would be a token for something that nobody knows.
	if a := n.Do(t, ada, "PUT", "/user/tokens/"+token.ID, Object{"name": "n", "policies": got}); a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), "/policies/0/resources") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID, Object{"name": "new", "policies": got[2:]}, nil)
	n.Must(t, ada, "DELETE", "/user/tokens/"+token.ID, nil, nil)
}
