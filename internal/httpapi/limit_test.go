package httpapi_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// What cannot become a token, and what is said about it.
func TestRefusedTokens(t *testing.T) {
	n := Start(t, Config{})
	ada, zone := n.Ada.ByKey(), ZoneKey(n.Ada.Zones[0])
	policy := func(effect, group string, resources any) Object {
		return Object{"name": "n", "policies": []Object{{"effect": effect, "permission_groups": []Object{{"id": group}}, "resources": resources}}}
	}
	dns := n.Group(t, "DNS Read").String()
	plain := func(more Object) Object {
		body := Object{"name": "n", "policies": []Policy{}}
		maps.Copy(body, more)
		return body
	}
	for _, row := range []struct {
		name string
		body any
		want string // errors, and the pointer of the first
	}{
		{"name of 0", plain(Object{"name": ""}), "1001 a token needs a name @/name"},
		{"name of spaces", plain(Object{"name": "  "}), "1001 a token needs a name @/name"},
		{"name of 121", plain(Object{"name": strings.Repeat("ü", 121)}), "1001 the name has 121 characters: at most 120 are allowed @/name"},
		{"name with a control character", plain(Object{"name": "a\nb"}), "1001 the name has a control character in it @/name"},
		{"name that is no text", plain(Object{"name": 7}), "1001 name: want a string @/name"},
		{"expired already", plain(Object{"expires_on": "2029-12-31T23:59:59Z"}), "1001 expires_on is in the past: 2029-12-31T23:59:59Z @/expires_on"},
		{"ends before it begins", plain(Object{"not_before": "2031-01-02T00:00:00Z", "expires_on": "2031-01-01T00:00:00Z"}), "1001 expires_on must be after not_before @/expires_on"},
		{"ends as it begins", plain(Object{"not_before": "2031-01-01T00:00:00Z", "expires_on": "2031-01-01T00:00:00Z"}), "1001 expires_on must be after not_before @/expires_on"},
		{"unknown status", plain(Object{"status": "revoked"}), "1001 status: want active or disabled @/status"},
		{"unknown group", policy("allow", strings.Repeat("0", 32), On(zone)), "1001 no permission group has the id 00000000000000000000000000000000 @/policies/0/permission_groups/0/id"},
		{"group that binds to nothing", policy("allow", n.Group(t, "Account Settings Read").String(), On(zone)),
			"1001 Failed common permission check against resources. (Permission group: Account Settings Read) < 1001 Account Settings Read applies to a resource of type account, and the policy lists none @/policies/0/permission_groups/0"},
		{"deny that binds to nothing", policy("deny", n.Group(t, "Account Settings Read").String(), On(zone)),
			"1001 Failed common permission check against resources. (Permission group: Account Settings Read) < 1001 Account Settings Read applies to a resource of type account, and the policy lists none @/policies/0/permission_groups/0"},
		{"a zone of somebody else", policy("allow", dns, On(ZoneKey(n.Ben.Zones[0]))),
			"1001 Failed common permission check against resources. (Permission group: DNS Read) < 1001 the owner of the token does not have DNS Read on zone " + n.Ben.Zones[0]},
		{"a zone that does not exist", policy("allow", dns, On(ZoneKey(strings.Repeat("0", 32)))),
			"1001 Failed common permission check against resources. (Permission group: DNS Read) < 1001 the owner of the token does not have DNS Read on zone 00000000000000000000000000000000"},
		{"an account of somebody else", policy("allow", dns, ZonesOf(n.Ben.Account)),
			"1001 Failed common permission check against resources. (Permission group: DNS Read) < 1001 the owner of the token does not have DNS Read on every zone of account " + n.Ben.Account.String()},
		{"somebody else", policy("allow", n.Group(t, "API Tokens Read").String(), On(UserKey(n.Ben.ID))),
			"1001 Failed common permission check against resources. (Permission group: API Tokens Read) < 1001 the owner of the token does not have API Tokens Read on user " + n.Ben.ID.String()},
		{"no group", Object{"name": "n", "policies": []Object{{"effect": "allow", "permission_groups": []Object{}, "resources": On(zone)}}}, "1001 a policy needs at least one permission group @/policies/0/permission_groups"},
		{"no effect", policy("", dns, On(zone)), "1001 policies.0.effect: want allow or deny @/policies/0/effect"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := n.Do(t, ada, "POST", "/user/tokens", row.body)
			got := worded(t, a)
			if source := a.Envelope(t).Errors[0].Source; source != nil {
				got += " @" + source.Pointer
			}
			if a.Status != 400 || got != row.want {
				t.Errorf("%d\n got %s\nwant %s", a.Status, got, row.want)
			}
		})
	}
	for name, resources := range map[string]any{
		"none": Object{}, "unknown type": On("com.cloudflare.api.account.dog.x"), "every user": On("com.cloudflare.api.user.*"), "upper case": On(strings.ToUpper(zone)),
		"value": Object{zone: "all"}, "list": []string{zone}, "text": zone, "null": nil, "other namespace": On("com.example.api.account.*"), "no id": On("com.cloudflare.api.account.zone."),
	} {
		if a := n.Do(t, ada, "POST", "/user/tokens", policy("allow", dns, resources)); a.Status != 400 || !strings.HasPrefix(worded(t, a), "1001 policies.0.resources: ") {
			t.Errorf("resources %s: %d %s", name, a.Status, a.Body)
		}
	}
	for _, name := range []string{"n", strings.Repeat("ü", 120)} {
		n.Must(t, ada, "POST", "/user/tokens", plain(Object{"name": name}), nil)
	}
	var tokens []Token
	n.Must(t, ada, "GET", "/user/tokens", nil, &tokens)
	if len(tokens) != 2 {
		t.Errorf("%d tokens: a refused one was kept", len(tokens))
	}
}

// A user has 50 tokens at most, an account 500; who deletes one may make another.
func TestTokenLimits(t *testing.T) {
	n := Start(t, Config{})
	fill(t, n, leastkey.UserOf(n.Ada.ID), 49)
	fill(t, n, leastkey.AccountOf(n.Ada.Account), 499)
	n.Restart(t)
	ada := n.Ada.ByKey()
	for path, words := range map[string]string{
		"/user/tokens": "1004 50 tokens is the most that one user may have; delete one first",
		"/accounts/" + n.Ada.Account.String() + "/tokens": "1004 500 tokens is the most that one account may have; delete one first",
	} {
		var last Token
		n.Must(t, ada, "POST", path, Object{"name": "last", "policies": []Policy{}}, &last)
		if a := n.Do(t, ada, "POST", path, Object{"name": "over", "policies": []Policy{}}); a.Status != 400 || worded(t, a) != words {
			t.Errorf("%s: %d %s", path, a.Status, a.Body)
		}
		n.Must(t, ada, "PUT", path+"/"+last.ID, Object{"name": "renamed", "policies": []Policy{}}, nil)
		n.Must(t, ada, "PUT", path+"/"+last.ID+"/value", nil, nil)
		n.Must(t, ada, "DELETE", path+"/"+last.ID, nil, nil)
		n.Must(t, ada, "POST", path, Object{"name": "again", "policies": []Policy{}}, nil)
	}
	n.Mint(t, n.Ben.ByKey(), "another user's")
}

// fill gives an owner tokens, in one commit below the node's feet.
func fill(t *testing.T, n *Node, owner leastkey.Principal, count int) {
	t.Helper()
	id := func() leastkey.ID {
		made, err := leastkey.NewID(NewRandom(byte(owner.Kind) + 50))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}()
	_, err := n.Store.Commit(context.Background(), func(tx control.Tx) (control.Act, error) {
		for i := range count {
			id[0], id[1] = byte(i), byte(i>>8)
			c := control.Credential{Name: fmt.Sprint("filled ", i), IssuedOn: Epoch.Add(time.Duration(i)), ModifiedOn: Epoch}
			c.ID, c.Kind, c.Principal, c.Status = id, leastkey.Token, owner, leastkey.Active
			c.Secrets = []control.StoredSecret{{LiveSecret: leastkey.LiveSecret{Hash: leastkey.SecretHash{byte(i), byte(i >> 8), byte(owner.Kind)}}}}
			if err := tx.PutCredential(c); err != nil {
				return control.Act{}, err
			}
		}
		return control.Act{Audit: control.Audit{ID: id, Action: "fill"}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Nothing is answered with 409: newer clients would send the request again and again.
func TestTakenIsNot409(t *testing.T) {
	n := Start(t, Config{})
	invite := Object{"email": n.Ben.Email, "roles": []string{n.Role(t, "Administrator").String()}}
	at := "/accounts/" + n.Ada.Account.String() + "/members"
	n.Must(t, n.Ada.ByKey(), "POST", at, invite, nil)
	if a := n.Do(t, n.Ada.ByKey(), "POST", at, invite); a.Status != 400 || worded(t, a) != "1001 ben@example.com is a member of the account already" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := n.Operate(t, "POST", "/users", Object{"email": n.Ben.Email}); a.Status != 400 || worded(t, a) != "1001 another user has the e-mail address ben@example.com" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	taken := Object{"type": "zone", "id": n.Ada.Zones[0], "parent": Object{"type": "account", "id": n.Ben.Account}}
	if a := n.Operate(t, "POST", "/resources", taken); a.Status != 400 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	first, second := n.Mint(t, n.Ada.ByKey(), "same name"), n.Mint(t, n.Ada.ByKey(), "same name")
	if first.ID == second.ID {
		t.Error("one token where two were made")
	}
}
