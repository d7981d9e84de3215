package nodetest_test

import (
	"maps"
	"testing"
	"time"

	. "github.com/leastkey/leastkey/internal/nodetest"
)

// Law 4: whoever creates, edits or rolls a token can give it only what they may themselves do at
// that moment. Each row is an attempt to come by more; it fails and leaves everything as it was.
func TestLaw4NoEscalationByMinting(t *testing.T) {
	n := Start(t, Config{})
	var (
		ada     = n.Ada.ByKey()
		one     = On(ZoneKey(n.Ada.Zones[0]))
		self    = On(UserKey(n.Ada.ID))
		account = On(AccountKey(n.Ada.Account))
		tokens  = "/user/tokens"
		owned   = "/accounts/" + n.Ada.Account.String() + "/tokens"
		members = "/accounts/" + n.Ada.Account.String() + "/members"
	)
	minting := n.Allow(t, self, "API Tokens Write")
	mint := func(more Object, policies ...Policy) Token {
		body := Object{"name": "maker", "policies": policies}
		maps.Copy(body, more)
		var token Token
		n.Must(t, ada, "POST", tokens, body, &token)
		return token
	}
	weak := mint(nil, minting, n.Allow(t, one, "DNS Read"))
	strong := mint(nil, n.Allow(t, On(EveryZone), "DNS Write"))
	off := mint(Object{"status": "disabled"}, n.Allow(t, On(EveryZone), "DNS Write"))
	spent := mint(Object{"expires_on": Epoch.Add(time.Second)}, n.Allow(t, On(EveryZone), "DNS Write"))
	timed := mint(Object{"expires_on": Epoch.AddDate(0, 1, 0)}, minting, n.Allow(t, one, "DNS Read"))
	placed := mint(Object{"condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/24"}, "not_in": []string{"192.0.2.128/25"}}}}, minting, n.Allow(t, one, "DNS Read"))
	denied := mint(nil, minting, n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read"), n.Deny(t, one, "DNS Read"))
	nested := mint(nil, minting, n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read"))
	forAccount := mint(nil, n.Allow(t, account, "Account API Tokens Write"), n.Allow(t, one, "DNS Read"))
	inviter := mint(nil, n.Allow(t, account, "Account Settings Write", "SCIM Provisioning"))
	// Ben is Administrator of Ada's account: everything but its members and settings.
	benAs := n.Join(t, n.Ben, n.Ada.Account, "Administrator").String()
	guest := n.User(t, "guest@example.com")
	guestAs := n.Join(t, guest, n.Ada.Account, "Administrator Read Only").String()
	ownedStrong := n.MintFor(t, ada, n.Ada.Account, "strong", n.Allow(t, account, "Account Settings Write"))
	accountMinter := n.MintFor(t, ada, n.Ada.Account, "minter", n.Allow(t, account, "Account API Tokens Write"))
	n.Clock.Advance(time.Minute)

	child := func(more Object, policies ...Policy) Object {
		body := Object{"name": "child", "policies": append([]Policy{}, policies...)}
		maps.Copy(body, more)
		return body
	}
	invite := func(email string, roles ...string) Object {
		var ids []string
		for _, name := range roles {
			ids = append(ids, n.Role(t, name).String())
		}
		return Object{"email": email, "roles": ids}
	}
	dnsRead, dnsWrite := n.Allow(t, one, "DNS Read"), n.Allow(t, one, "DNS Write")
	for _, row := range []struct {
		name         string
		by           Credential
		method, path string
		body         any
		code         int
	}{
		{"another permission", weak.Bearer(), "POST", tokens, child(nil, dnsWrite), 1001},
		{"a permission besides", weak.Bearer(), "POST", tokens, child(nil, dnsRead, dnsWrite), 1001},
		{"another zone", weak.Bearer(), "POST", tokens, child(nil, n.Allow(t, On(ZoneKey(n.Ada.Zones[1])), "DNS Read")), 1001},
		{"every zone", weak.Bearer(), "POST", tokens, child(nil, n.Allow(t, On(EveryZone), "DNS Read")), 1001},
		{"every zone of the account", weak.Bearer(), "POST", tokens, child(nil, n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read")), 1001},
		{"every zone, from every zone of an account", nested.Bearer(), "POST", tokens, child(nil, n.Allow(t, On(EveryZone), "DNS Read")), 1001},
		{"the account", weak.Bearer(), "POST", tokens, child(nil, n.Allow(t, account, "Account Settings Write")), 1001},
		{"an allow hidden behind a deny", weak.Bearer(), "POST", tokens, child(nil, n.Deny(t, one, "DNS Write"), dnsWrite), 1001},
		{"a zone of somebody else, by key", ada, "POST", tokens, child(nil, n.Allow(t, On(ZoneKey(n.Ben.Zones[0])), "DNS Read")), 1001},
		{"somebody else's tokens, by key", ada, "POST", tokens, child(nil, n.Allow(t, On(UserKey(n.Ben.ID)), "API Tokens Write")), 1001},
		{"what was denied", denied.Bearer(), "POST", tokens, child(nil, dnsRead), 1001},
		{"what was denied, under the account", denied.Bearer(), "POST", tokens, child(nil, n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read")), 1001},
		{"a longer life", timed.Bearer(), "POST", tokens, child(Object{"expires_on": Epoch.AddDate(0, 2, 0)}, dnsRead), 1001},
		{"a life without end", timed.Bearer(), "POST", tokens, child(nil, dnsRead), 1001},
		{"a life without end, for nothing", timed.Bearer(), "POST", tokens, child(nil), 1001},
		{"from everywhere", placed.Bearer(), "POST", tokens, child(nil, dnsRead), 1001},
		{"from more addresses", placed.Bearer(), "POST", tokens, child(Object{"condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/25", "198.51.100.1"}}}}, dnsRead), 1001},
		{"from the addresses left out", placed.Bearer(), "POST", tokens, child(Object{"condition": Object{"request.ip": Object{"in": []string{"192.0.2.0/24"}}}}, dnsRead), 1001},
		{"from everywhere but", placed.Bearer(), "POST", tokens, child(Object{"condition": Object{"request.ip": Object{"not_in": []string{"192.0.2.128/25"}}}}, dnsRead), 1001},

		{"widen oneself", weak.Bearer(), "PUT", tokens + "/" + weak.ID, child(nil, minting, dnsWrite), 1001},
		{"outlive oneself", timed.Bearer(), "PUT", tokens + "/" + timed.ID, child(nil, minting, n.Allow(t, one, "DNS Read")), 1001},
		{"drop one's own deny", denied.Bearer(), "PUT", tokens + "/" + denied.ID, child(nil, minting, n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read")), 1001},
		{"drop one's own addresses", placed.Bearer(), "PUT", tokens + "/" + placed.ID, child(nil, minting, dnsRead), 1001},
		{"edit a stronger one", weak.Bearer(), "PUT", tokens + "/" + strong.ID, child(nil, n.Allow(t, On(EveryZone), "DNS Write", "DNS Read")), 1001},
		{"turn a stronger one on", weak.Bearer(), "PUT", tokens + "/" + off.ID, Object{"name": "on", "status": "active", "policies": off.Policies}, 1001},
		{"bring a stronger one back to life", weak.Bearer(), "PUT", tokens + "/" + spent.ID, Object{"name": "alive", "policies": spent.Policies}, 1001},
		{"roll a stronger one", weak.Bearer(), "PUT", tokens + "/" + strong.ID + "/value", nil, 1001},
		{"roll a stronger one with overlap", weak.Bearer(), "PUT", tokens + "/" + strong.ID + "/value", `{"overlap_seconds":60}`, 1001},
		{"roll a stronger one that is off", weak.Bearer(), "PUT", tokens + "/" + off.ID + "/value", nil, 1001},
		{"roll a longer one", timed.Bearer(), "PUT", tokens + "/" + weak.ID + "/value", nil, 1001},
		{"roll one for more addresses", placed.Bearer(), "PUT", tokens + "/" + weak.ID + "/value", nil, 1001},
		{"roll one without the deny", denied.Bearer(), "PUT", tokens + "/" + nested.ID + "/value", nil, 1001},
		{"roll somebody else's", n.Ben.ByKey(), "PUT", tokens + "/" + strong.ID + "/value", nil, 1003},
		{"edit somebody else's", n.Ben.ByKey(), "PUT", tokens + "/" + strong.ID, child(nil), 1003},
		{"delete somebody else's", n.Ben.ByKey(), "DELETE", tokens + "/" + strong.ID, nil, 1003},
		{"edit a user's as an account's", ada, "PUT", owned + "/" + strong.ID, child(nil), 1003},
		{"edit an account's as a user's", ada, "PUT", tokens + "/" + ownedStrong.ID, child(nil), 1003},
		{"edit another account's", n.Ben.ByKey(), "PUT", "/accounts/" + n.Ben.Account.String() + "/tokens/" + ownedStrong.ID, child(nil), 1003},

		{"through the account", forAccount.Bearer(), "POST", owned, child(nil, dnsWrite), 1001},
		{"through the account, everywhere", forAccount.Bearer(), "POST", owned, child(nil, n.Allow(t, On(EveryZone), "DNS Read")), 1001},
		{"through the account, its settings", forAccount.Bearer(), "POST", owned, child(nil, n.Allow(t, account, "Account Settings Write")), 1001},
		{"roll the account's stronger one", forAccount.Bearer(), "PUT", owned + "/" + ownedStrong.ID + "/value", nil, 1001},
		{"roll the account's stronger one as Administrator", n.Ben.ByKey(), "PUT", owned + "/" + ownedStrong.ID + "/value", nil, 1001},
		{"mint the account's settings as Administrator", n.Ben.ByKey(), "POST", owned, child(nil, n.Allow(t, account, "Account Settings Write")), 1001},
		{"mint oneself the settings as Administrator", n.Ben.ByKey(), "POST", tokens, child(nil, n.Allow(t, account, "Account Settings Write")), 1001},
		{"an account's token for its minter", accountMinter.Bearer(), "POST", owned, child(nil, dnsRead), 1001},
		{"an account's token that rolls a stronger one", accountMinter.Bearer(), "PUT", owned + "/" + ownedStrong.ID + "/value", nil, 1001},
		{"an account's token for a user", accountMinter.Bearer(), "POST", tokens, child(nil), 9109},
		{"tokens of an account that one has left", n.Ada.ByKey(), "POST", "/accounts/" + n.Ben.Account.String() + "/tokens", child(nil), 9109},

		{"invite to more than one has", inviter.Bearer(), "POST", members, invite("ben@example.com", "Super Administrator"), 1001},
		{"promote to more than one has", inviter.Bearer(), "PUT", members + "/" + guestAs, invite("", "Super Administrator"), 1001},
		{"promote to reading more than one may", inviter.Bearer(), "PUT", members + "/" + benAs, invite("", "Administrator Read Only"), 1001},
		{"promote oneself", n.Ben.ByKey(), "PUT", members + "/" + benAs, invite("", "Super Administrator"), 10000},
		{"invite as Administrator", n.Ben.ByKey(), "POST", members, invite("new@example.com", "Administrator"), 10000},
		{"promote oneself, reading only", guest.ByKey(), "PUT", members + "/" + guestAs, invite("", "Administrator"), 10000},
		{"accept more than was offered", guest.ByKey(), "PUT", "/memberships/" + guestAs, Object{"status": "accepted", "roles": invite("", "Super Administrator")["roles"]}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			done, refused := n.Acts(t)
			a := n.Do(t, row.by, row.method, row.path, row.body)
			if got := a.Code(t); got != row.code || (a.Status == 200) != (row.code == 0) {
				t.Errorf("%d %s", a.Status, a.Body)
			}
			want := len(refused)
			if row.code != 0 {
				want++
			}
			if doneNow, refusedNow := n.Acts(t); len(doneNow) != len(done) || len(refusedNow) != want {
				t.Errorf("%d acts were done and %d refused", len(doneNow)-len(done), len(refusedNow)-len(refused))
			}
		})
	}

	// What they may give, they can.
	for name, row := range map[string]struct {
		by           Credential
		method, path string
		body         any
	}{
		"the same":                           {weak.Bearer(), "POST", tokens, child(nil, minting, dnsRead)},
		"a deny of anything":                 {weak.Bearer(), "POST", tokens, child(nil, n.Deny(t, On(EveryZone), "DNS Write"))},
		"a shorter life":                     {timed.Bearer(), "POST", tokens, child(Object{"expires_on": Epoch.AddDate(0, 0, 1)}, dnsRead)},
		"fewer addresses":                    {placed.Bearer(), "POST", tokens, child(Object{"condition": Object{"request.ip": Object{"in": []string{"192.0.2.7"}}}}, dnsRead)},
		"the deny kept":                      {denied.Bearer(), "POST", tokens, child(nil, n.Allow(t, ZonesOf(n.Ada.Account), "DNS Read"), n.Deny(t, one, "DNS Read"))},
		"another zone than the denied":       {denied.Bearer(), "POST", tokens, child(nil, n.Allow(t, On(ZoneKey(n.Ada.Zones[1])), "DNS Read"))},
		"rename a stronger one":              {weak.Bearer(), "PUT", tokens + "/" + strong.ID, Object{"name": "renamed", "policies": strong.Policies}},
		"turn a stronger one off":            {weak.Bearer(), "PUT", tokens + "/" + strong.ID, Object{"name": "renamed", "status": "disabled", "policies": strong.Policies}},
		"roll a weaker one":                  {nested.Bearer(), "PUT", tokens + "/" + nested.ID + "/value", nil},
		"an account's token for what it has": {forAccount.Bearer(), "POST", owned, child(nil, dnsRead)},
		"every zone, by key":                 {ada, "POST", tokens, child(nil, n.Allow(t, On(EveryZone), "DNS Write"))},
	} {
		if a := n.Do(t, row.by, row.method, row.path, row.body); a.Status != 200 {
			t.Errorf("%s: %d %s", name, a.Status, a.Body)
		}
	}
}
