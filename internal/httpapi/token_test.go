package httpapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "github.com/leastkey/leastkey/internal/nodetest"
)

// raw is a token with its parts as they were written.
type raw struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Status     string            `json:"status"`
	NotBefore  string            `json:"not_before"`
	ExpiresOn  string            `json:"expires_on"`
	ModifiedOn string            `json:"modified_on"`
	Policies   []json.RawMessage `json:"policies"`
	Condition  json.RawMessage   `json:"condition"`
	Value      *string           `json:"value"`
}

// resources of one policy, as they were written.
func (r raw) resources(t *testing.T, i int) string {
	t.Helper()
	var p struct{ Resources json.RawMessage }
	if err := json.Unmarshal(r.Policies[i], &p); err != nil {
		t.Fatal(err)
	}
	return string(p.Resources)
}

func create(t *testing.T, n *Node, body any) raw {
	t.Helper()
	var token raw
	n.Must(t, n.Ada.ByKey(), "POST", "/user/tokens", body, &token)
	return token
}

func read(t *testing.T, n *Node, id string) raw {
	t.Helper()
	var token raw
	n.Must(t, n.Ada.ByKey(), "GET", "/user/tokens/"+id, nil, &token)
	return token
}

// The live API sorts policies and groups anew, which shows in Terraform as drift. Here the order
// is the caller's, and what was said twice word for word is kept once.
func TestOrderIsKeptAndDuplicatesDropped(t *testing.T) {
	n := Start(t, Config{})
	write, reading, dns := n.Group(t, "Zone Write").String(), n.Group(t, "Zone Read").String(), n.Group(t, "DNS Write").String()
	z1, z2 := ZoneKey(n.Ada.Zones[0]), ZoneKey(n.Ada.Zones[1])
	if z1 < z2 {
		z1, z2 = z2, z1 // not the order of the alphabet
	}
	group := func(id string) string { return `{"id":"` + id + `"}` }
	policy := func(groups string, keys ...string) string {
		return `{"effect":"allow","permission_groups":[` + groups + `],"resources":{"` + strings.Join(keys, `":"*","`) + `":"*"}}`
	}
	first := policy(group(write)+","+group(reading)+","+group(write), z1, z2)
	second := policy(group(dns), z2)
	same := policy(group(write)+","+group(reading), z1, z2)
	swapped := policy(group(reading)+","+group(write), z1, z2)
	token := create(t, n, `{"name":"n","policies":[`+strings.Join([]string{first, second, same, swapped, second}, ",")+`]}`)
	for _, at := range []raw{token, read(t, n, token.ID)} {
		var got []string
		for i := range at.Policies {
			var p Policy
			if err := json.Unmarshal(at.Policies[i], &p); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, g := range p.Groups {
				names = append(names, g.Name)
			}
			got = append(got, strings.Join(names, "+")+" "+at.resources(t, i))
		}
		both := `{"` + z1 + `":"*","` + z2 + `":"*"}`
		want := []string{"Zone Write+Zone Read " + both, `DNS Write {"` + z2 + `":"*"}`, "Zone Read+Zone Write " + both}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// Resources come back in the shape in which they were sent: Terraform compares the text.
func TestResourcesKeepTheirShape(t *testing.T) {
	n := Start(t, Config{})
	account, zone := AccountKey(n.Ada.Account), ZoneKey(n.Ada.Zones[0])
	for name, resources := range map[string]string{
		"one zone":                `{"` + zone + `":"*"}`,
		"every zone":              `{"` + EveryZone + `":"*"}`,
		"every zone of account":   `{"` + account + `":{"` + EveryZone + `":"*"}}`,
		"flat and nested in one":  `{"` + zone + `":"*","` + account + `":{"` + EveryZone + `":"*"}}`,
		"nested before flat":      `{"` + account + `":{"` + EveryZone + `":"*"},"` + zone + `":"*"}`,
		"with an account besides": `{"` + zone + `":"*","` + account + `":"*"}`,
	} {
		token := create(t, n, `{"name":"`+name+`","policies":[{"effect":"allow","permission_groups":[{"id":"`+n.Group(t, "DNS Read").String()+`"}],"resources":`+resources+`}]}`)
		for _, at := range []raw{token, read(t, n, token.ID)} {
			if got := at.resources(t, 0); got != resources {
				t.Errorf("%s: sent %s, got %s", name, resources, got)
			}
		}
	}
}

func TestConditionSpellings(t *testing.T) {
	n := Start(t, Config{})
	const both = `{"request.ip":{"in":["192.0.2.0/24","198.51.100.9","2001:db8::/32"],"not_in":["192.0.2.128/25"]},"request_ip":{"in":["192.0.2.0/24","198.51.100.9","2001:db8::/32"],"not_in":["192.0.2.128/25"]}}`
	const limits = `{"in":["192.0.2.77/24","198.51.100.9","192.0.2.0/24","2001:db8::1/32"],"not_in":["192.0.2.200/25"]}`
	for name, condition := range map[string]string{
		"dotted": `{"request.ip":` + limits + `}`,
		"snake":  `{"request_ip":` + limits + `}`,
		"both":   `{"request_ip":` + limits + `,"request.ip":` + limits + `}`,
		"null":   `{"request_ip":` + limits + `,"request.ip":null}`,
	} {
		token := create(t, n, `{"name":"`+name+`","policies":[],"condition":`+condition+`}`)
		for _, at := range []raw{token, read(t, n, token.ID)} {
			if got := string(at.Condition); got != both { // both spellings, host bits masked, duplicates dropped
				t.Errorf("%s: %s", name, got)
			}
		}
	}
	for name, condition := range map[string]string{"none": `null`, "empty": `{}`, "empty lists": `{"request.ip":{"in":[],"not_in":[]}}`} {
		if token := create(t, n, `{"name":"`+name+`","policies":[],"condition":`+condition+`}`); token.Condition != nil {
			t.Errorf("%s: %s", name, token.Condition)
		}
	}
}

// Only the answer to a create has a value; a roll has the bare string.
func TestValueIsShownOnce(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	for _, owner := range []struct{ path, prefix string }{{"/user/tokens", "lkut_"}, {"/accounts/" + n.Ada.Account.String() + "/tokens", "lkat_"}} {
		var token raw
		a := n.Must(t, ada, "POST", owner.path, Object{"name": "n", "policies": []Policy{}}, &token)
		if a.Status != 200 || token.Value == nil || !strings.HasPrefix(*token.Value, owner.prefix) || len(*token.Value) != 49 {
			t.Errorf("%s: %d %s", owner.path, a.Status, a.Body)
		}
		var rolled string
		n.Must(t, ada, "PUT", owner.path+"/"+token.ID+"/value", nil, &rolled)
		if !strings.HasPrefix(rolled, owner.prefix) || rolled == *token.Value {
			t.Errorf("%s: rolled to %s", owner.path, rolled)
		}
		for _, other := range []Answer{
			n.Must(t, ada, "GET", owner.path+"/"+token.ID, nil, nil),
			n.Must(t, ada, "GET", owner.path, nil, nil),
			n.Must(t, ada, "PUT", owner.path+"/"+token.ID, Object{"name": "m", "policies": []Policy{}}, nil),
			n.Must(t, Bearer(rolled), "GET", owner.path+"/verify", nil, nil),
			n.Must(t, ada, "DELETE", owner.path+"/"+token.ID, nil, nil),
		} {
			text := string(other.Body)
			if strings.Contains(text, `"value"`) || strings.Contains(text, rolled) || strings.Contains(text, *token.Value) {
				t.Errorf("%s: shown again: %s", owner.path, text)
			}
		}
	}
}

func TestReplace(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	on := On(ZoneKey(n.Ada.Zones[0]))
	var token Token
	n.Must(t, ada, "POST", "/user/tokens", Object{"name": "before", "status": "disabled", "policies": []Policy{n.Allow(t, on, "DNS Read")},
		"not_before": "2030-01-01T00:00:00Z", "expires_on": "2031-01-01T01:00:00+01:00", "condition": Object{"request.ip": Object{"in": []string{"192.0.2.1"}}}}, &token)
	at := "/user/tokens/" + token.ID
	if token.ExpiresOn != "2031-01-01T00:00:00Z" {
		t.Errorf("expires_on %s", token.ExpiresOn)
	}
	for name, body := range map[string]string{
		"without policies": `{"name":"after"}`, "null policies": `{"name":"after","policies":null}`, "without a name": `{"policies":[]}`,
		"nothing": ``, "null": `null`, "a list": `[]`, "two values": `{"name":"after","policies":[]}{}`, "policies as object": `{"name":"after","policies":{}}`,
		"name twice": `{"name":"after","policies":[],"name":"later"}`,
	} {
		if a := n.Do(t, ada, "PUT", at, body); a.Status != 400 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
	if diff := cmp.Diff(token.Policies, readToken(t, n, at).Policies); diff != "" {
		t.Errorf("a refused replace changed something: %s", diff)
	}

	n.Must(t, ada, "PUT", at, Object{"name": "after", "policies": []Policy{n.Allow(t, on, "DNS Write")}}, nil)
	got := readToken(t, n, at)
	if got.Name != "after" || len(got.Policies) != 1 || got.Policies[0].Groups[0].Name != "DNS Write" {
		t.Errorf("policies are not replaced: %+v", got)
	}
	if got.Status != "disabled" {
		t.Errorf("without status it became %s", got.Status)
	}
	if got.NotBefore != "" || got.ExpiresOn != "" || got.Condition != nil {
		t.Errorf("what was left out stayed: %+v", got)
	}
	if got.ModifiedOn <= got.IssuedOn || got.IssuedOn != token.IssuedOn {
		t.Errorf("issued %s, modified %s", got.IssuedOn, got.ModifiedOn)
	}
	n.Must(t, ada, "PUT", at, Object{"name": "after", "status": "active", "policies": []Policy{}}, nil)
	if a := n.Do(t, Bearer(token.Value), "GET", "/user/tokens/verify", nil); a.Status != 200 {
		t.Errorf("the secret did not stay: %d %s", a.Status, a.Body)
	}
	// Some clients send back what they read, status expired included.
	n.Must(t, ada, "PUT", at, Object{"name": "after", "status": "expired", "policies": []Policy{}}, nil)
	if got := readToken(t, n, at); got.Status != "active" {
		t.Errorf("status expired, sent back, made it %s", got.Status)
	}
}

func readToken(t *testing.T, n *Node, at string) Token {
	t.Helper()
	var token Token
	n.Must(t, n.Ada.ByKey(), "GET", at, nil, &token)
	return token
}

// What the server owns and what nobody knows is ignored; so is a body where none is wanted.
func TestJunkIsIgnored(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	junk := Object{
		"id": strings.Repeat("0", 32), "value": "mine", "issued_on": "", "modified_on": nil, "created_on": "0001-01-01T00:00:00Z",
		"priority": 0, "tags": nil, "data": nil, "settings": Object{}, "last_used_on": "", "expires_on": nil, "not_before": nil,
		"condition": Object{"request.ip": nil}, "name": "junk",
		"policies": []Object{{"id": "", "effect": "allow", "resources": On(ZoneKey(n.Ada.Zones[0])), "name": 7,
			"permission_groups": []Object{{"id": n.Group(t, "DNS Read"), "name": nil, "meta": Object{"key": 1}, "scopes": []int{}}}}},
	}
	token := create(t, n, junk)
	if token.ID == junk["id"] || token.Value == nil || *token.Value == "mine" {
		t.Errorf("%+v", token)
	}
	junk["policies"].([]Object)[0]["id"] = 7
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID, junk, nil)
	for _, body := range []any{nil, "{}", "", "null", "junk", "[1", Object{"a": 1}} {
		n.Must(t, ada, "GET", "/user/tokens/"+token.ID, body, nil)
		n.Must(t, ada, "GET", "/user/tokens/"+token.ID+"/", body, nil) // the same route
	}
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/", junk, nil)
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/value/", nil, nil)
	n.Must(t, ada, "GET", "/user/tokens/", nil, nil)
	n.Must(t, ada, "POST", "/user/tokens/", Object{"name": "n", "policies": []Policy{}}, nil)
	for i, body := range []any{nil, "{}", "", "null", "junk", "[1"} {
		token := create(t, n, Object{"name": fmt.Sprint(i), "policies": []Policy{}})
		a := n.Must(t, ada, "DELETE", "/user/tokens/"+token.ID, body, nil)
		if got, want := string(a.Body), `{"result":{"id":"`+token.ID+`"},"success":true,"errors":[],"messages":[]}`+"\n"; got != want {
			t.Errorf("delete with %v: %s", body, got)
		}
	}
}

func TestRollBodies(t *testing.T) {
	n := Start(t, Config{})
	ada := n.Ada.ByKey()
	works := func(secret string) bool {
		return n.Do(t, Bearer(secret), "GET", "/user/tokens/verify", nil).Status == 200
	}
	for name, row := range map[string]struct {
		body    any
		overlap time.Duration
	}{
		"no body": {nil, 0}, "empty": {"", 0}, "null": {"null", 0}, "{}": {"{}", 0}, "junk": {`{"id":"x"}`, 0}, "zero": {`{"overlap_seconds":0}`, 0},
		"null overlap": {`{"overlap_seconds":null}`, 0}, "a minute": {`{"overlap_seconds":60}`, time.Minute}, "7 days": {`{"overlap_seconds":604800}`, 7 * 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			old := n.Mint(t, ada, name)
			defer n.Must(t, ada, "DELETE", "/user/tokens/"+old.ID, nil, nil)
			var fresh string
			n.Must(t, ada, "PUT", "/user/tokens/"+old.ID+"/value", row.body, &fresh)
			if !works(fresh) || works(old.Value) != (row.overlap > 0) {
				t.Errorf("fresh works: %t, old works: %t", works(fresh), works(old.Value))
			}
			n.Clock.Advance(row.overlap)
			if !works(fresh) || works(old.Value) {
				t.Errorf("after the overlap: fresh works: %t, old works: %t", works(fresh), works(old.Value))
			}
		})
	}
	token := n.Mint(t, ada, "kept")
	for _, body := range []string{`{"overlap_seconds":-1}`, `{"overlap_seconds":604801}`, `{"overlap_seconds":1.5}`, `{"overlap_seconds":"60"}`,
		`{"overlap_seconds":9223372036854775807}`, `{"overlap_seconds":1e30}`, `[]`, `{`, `{}{}`, `{"overlap_seconds":1,"overlap_seconds":1}`} {
		if a := n.Do(t, ada, "PUT", "/user/tokens/"+token.ID+"/value", body); a.Status != 400 || !works(token.Value) {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	// At most two secrets live: the third roll ends the first.
	var second, third string
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/value", `{"overlap_seconds":600}`, &second)
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID+"/value", `{"overlap_seconds":600}`, &third)
	if works(token.Value) || !works(second) || !works(third) {
		t.Errorf("first %t, second %t, third %t", works(token.Value), works(second), works(third))
	}
	n.Must(t, ada, "PUT", "/user/tokens/"+token.ID, Object{"name": "edited", "policies": []Policy{}}, nil)
	if !works(second) || !works(third) {
		t.Error("an edit ended an overlap")
	}
	n.Must(t, ada, "DELETE", "/user/tokens/"+token.ID, nil, nil)
	if works(second) || works(third) {
		t.Error("revoking left a secret alive")
	}
}

func TestVerify(t *testing.T) {
	n := Start(t, Config{})
	ada, account := n.Ada.ByKey(), "/accounts/"+n.Ada.Account.String()+"/tokens/verify"
	user := n.Mint(t, ada, "user")
	owned := n.MintFor(t, ada, n.Ada.Account, "owned")
	const tail = `},"success":true,"errors":[],"messages":[{"code":10000,"message":"This API Token is valid and active","type":null}]}` + "\n"
	for path, token := range map[string]Token{"/user/tokens/verify": user, account: owned} {
		a := n.Do(t, token.Bearer(), "GET", path, nil)
		if want := `{"result":{"id":"` + token.ID + `","status":"active"` + tail; a.Status != 200 || string(a.Body) != want {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
	}
	var bounded Token
	n.Must(t, ada, "POST", "/user/tokens", Object{"name": "b", "policies": []Policy{}, "not_before": Epoch, "expires_on": Epoch.AddDate(1, 0, 0)}, &bounded)
	a := n.Do(t, bounded.Bearer(), "GET", "/user/tokens/verify", nil)
	want := `{"result":{"id":"` + bounded.ID + `","status":"active","not_before":"2030-01-01T00:00:00Z","expires_on":"2031-01-01T00:00:00Z"` + tail
	if string(a.Body) != want {
		t.Errorf("%s", a.Body)
	}
	// SDKs send every credential that they find: bearer wins.
	both := func(email, key string) Credential {
		return Fields("Authorization", "bEARER "+user.Value, "X-Auth-Email", email, "X-Auth-Key", key, "X-Auth-User-Service-Key", "v1.0-0-0")
	}
	for _, by := range []Credential{both(n.Ada.Email, n.Ada.Key), both(n.Ben.Email, n.Ben.Key), both("x", "y")} {
		n.Must(t, by, "GET", "/user/tokens/verify", nil, nil)
	}
}
