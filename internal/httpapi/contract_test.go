package httpapi_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/edge/throttle"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// TestErrorsThatClientsKnow has one row for each case of the wire contract, and the statuses and
// challenges of RFC 6750. Challenges are whole, so that nothing slips into them.
func TestErrorsThatClientsKnow(t *testing.T) {
	n := Start(t, Config{})
	var (
		ada     = n.Ada.ByKey()
		zone    = "/zones/" + n.Ada.Zones[0]
		records = zone + "/dns_records"
		tokens  = "/user/tokens"
		verify  = "/user/tokens/verify"
		account = "/accounts/" + n.Ada.Account.String()
	)
	dns := n.Mint(t, ada, "dns", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	reader := n.Mint(t, ada, "reader", n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Read"))
	minter := n.Mint(t, ada, "minter", n.Allow(t, On(UserKey(n.Ada.ID)), "API Tokens Write"))
	owned := n.MintFor(t, ada, n.Ada.Account, "owned", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	mintWith := func(name string, more Object) Credential {
		body := Object{"name": name, "policies": []Policy{n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write")}}
		maps.Copy(body, more)
		var token Token
		n.Must(t, ada, "POST", tokens, body, &token)
		return token.Bearer()
	}
	located := mintWith("located", Object{"condition": Object{"request.ip": Object{"in": []string{"198.51.100.0/24"}}}})
	disabled := mintWith("disabled", Object{"status": "disabled"})
	early := mintWith("early", Object{"not_before": Epoch.Add(time.Hour)})
	late := mintWith("late", Object{"expires_on": Epoch.Add(time.Minute)})
	n.Clock.Advance(2 * time.Minute)
	unknownToken := mint(t, leastkey.UserTokenSecret)
	revoked := n.Mint(t, ada, "revoked", n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write"))
	n.Must(t, ada, "DELETE", tokens+"/"+revoked.ID, nil, nil)
	rolled := n.Mint(t, ada, "rolled")
	n.Must(t, ada, "PUT", tokens+"/"+rolled.ID+"/value", nil, nil)
	tooMuch := Object{"name": "too much", "policies": []Policy{n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write")}}
	mixed := Object{"name": "mixed", "policies": []Policy{n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "Account Settings Read")}}

	const (
		bare       = `Bearer realm="leastkey"`
		badKeyPair = bare + `, error="invalid_request", error_description="not the form of an e-mail address and a Global API Key"`
		badBearer  = bare + `, error="invalid_request", error_description="not the form of a bearer token"`
		invalid    = bare + `, error="invalid_token"`
	)
	described := func(words string) string { return invalid + `, error_description="` + words + `"` }
	lacking := func(words string) string {
		return bare + `, error="insufficient_scope", error_description="` + words + `"`
	}
	needsDNS := "needs DNS Write on zone " + n.Ada.Zones[1]
	needsAccounts := "needs one of " + accepted(n, "GET /client/v4/accounts") + " on at least one account"
	needsTokens := "needs API Tokens Write on user " + n.Ada.ID.String()

	for _, row := range []struct {
		name         string
		by           Credential
		method, path string
		body         any
		status       int
		errors       string // "code message", chained errors behind " < "
		challenge    string
	}{
		// 6003, chain 6111: malformed bearer.
		{"6111 bad characters", Bearer("a b"), "GET", records, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header", badBearer},
		{"6111 a Global API Key sent as bearer", Bearer(n.Ada.Key), "GET", records, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header",
			bare + `, error="invalid_request", error_description="a Global API Key is sent in X-Auth-Key, with X-Auth-Email"`},
		{"6111 quotes", Bearer(`"` + dns.Value + `"`), "GET", records, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header", badBearer},
		{"6111 no token", Fields("Authorization", "Bearer "), "GET", records, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header", badBearer},
		{"6111 another scheme", Fields("Authorization", "Basic YTpi"), "GET", records, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header",
			bare + `, error="invalid_request", error_description="the Authorization scheme is not Bearer"`},
		{"6111 on verify", Bearer("a b"), "GET", verify, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header", badBearer},
		{"two credentials at once", Fields("Authorization", "Bearer "+dns.Value, "Authorization", "Bearer "+reader.Value), "GET", records, nil, 400, "6003 Invalid request headers < 6111 Invalid format for Authorization header",
			bare + `, error="invalid_request", error_description="two Authorization fields"`},

		// 6003, chain 6103 and 6102: a token sent as key.
		{"6103 a token sent as key", Fields("X-Auth-Email", n.Ada.Email, "X-Auth-Key", dns.Value), "GET", records, nil, 400, "6003 Invalid request headers < 6103 Invalid format for X-Auth-Key header", badKeyPair},
		{"6103 a key without e-mail", Fields("X-Auth-Key", n.Ada.Key), "GET", records, nil, 400, "6003 Invalid request headers < 6102 Invalid format for X-Auth-Email header", badKeyPair},
		{"6102 a bad e-mail", Fields("X-Auth-Email", "ada", "X-Auth-Key", n.Ada.Key), "GET", records, nil, 400, "6003 Invalid request headers < 6102 Invalid format for X-Auth-Email header", badKeyPair},
		{"6102 and 6103", Fields("X-Auth-Email", "ada", "X-Auth-Key", dns.Value), "GET", records, nil, 400, "6003 Invalid request headers < 6102 Invalid format for X-Auth-Email header < 6103 Invalid format for X-Auth-Key header", badKeyPair},

		{"9106 nothing presented", Nobody, "GET", records, nil, 401, "9106 Missing X-Auth-Key, X-Auth-Email or Authorization headers", bare},
		{"9106 nothing presented on verify", Nobody, "GET", verify, nil, 401, "9106 Missing X-Auth-Key, X-Auth-Email or Authorization headers", bare},
		{"9106 nothing presented on an unknown path", Nobody, "GET", "/nothing/here", nil, 401, "9106 Missing X-Auth-Key, X-Auth-Email or Authorization headers", bare},
		{"9103 wrong pair", Fields("X-Auth-Email", n.Ben.Email, "X-Auth-Key", n.Ada.Key), "GET", records, nil, 401, "9103 Unknown X-Auth-Key or X-Auth-Email", invalid},
		{"9103 unknown key", Fields("X-Auth-Email", n.Ada.Email, "X-Auth-Key", strings.Repeat("0", 37)), "GET", records, nil, 401, "9103 Unknown X-Auth-Key or X-Auth-Email", invalid},

		// 1000: verify with an unknown token.
		{"1000 verify, unknown", Bearer(unknownToken), "GET", verify, nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify, not ours", Bearer("some-other-token-of-40-characters-000000"), "GET", verify, nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify, revoked", revoked.Bearer(), "GET", verify, nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify, rolled away", rolled.Bearer(), "GET", verify, nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify of an account, unknown", Bearer(unknownToken), "GET", account + "/tokens/verify", nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify of an account, by a user token", dns.Bearer(), "GET", account + "/tokens/verify", nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify of a user, by an account token", owned.Bearer(), "GET", verify, nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify of another account", owned.Bearer(), "GET", "/accounts/" + n.Ben.Account.String() + "/tokens/verify", nil, 401, "1000 Invalid API Token", invalid},
		{"1000 verify, expired", late, "GET", verify, nil, 401, "1000 Invalid API Token < 1000 the credential has expired", described("the credential has expired")},
		{"1000 verify, disabled", disabled, "GET", verify, nil, 401, "1000 Invalid API Token < 1000 the credential is disabled", described("the credential is disabled")},

		{"1001 verify with a key", ada, "GET", verify, nil, 400, `1001 Missing "Authorization" header`, bare + `, error="invalid_request", error_description="verify is about a bearer token"`},
		{"1001 verify with an unknown key", Fields("X-Auth-Email", n.Ada.Email, "X-Auth-Key", strings.Repeat("0", 37)), "GET", verify, nil, 400, `1001 Missing "Authorization" header`, bare + `, error="invalid_request", error_description="verify is about a bearer token"`},
		{"1001 verify with half a key", Fields("X-Auth-Key", "x"), "GET", verify, nil, 400, `1001 Missing "Authorization" header`, bare + `, error="invalid_request", error_description="verify is about a bearer token"`},

		// 9109: unknown or revoked on other routes, and what only the holder of the secret learns.
		{"9109 unknown", Bearer(unknownToken), "GET", records, nil, 401, "9109 Invalid access token", invalid},
		{"9109 not ours", Bearer("some-other-token-of-40-characters-000000"), "GET", records, nil, 401, "9109 Invalid access token", invalid},
		{"9109 mistyped", Bearer(dns.Value[:len(dns.Value)-1] + "x"), "GET", records, nil, 401, "9109 Invalid access token", invalid},
		{"9109 revoked", revoked.Bearer(), "GET", records, nil, 401, "9109 Invalid access token", invalid},
		{"9109 rolled away", rolled.Bearer(), "GET", records, nil, 401, "9109 Invalid access token", invalid},
		{"9109 unknown, on an unknown path", Bearer(unknownToken), "GET", "/nothing/here", nil, 401, "9109 Invalid access token", invalid},
		{"9109 service key", Fields("X-Auth-User-Service-Key", "v1.0-0-0"), "GET", records, nil, 401, "9109 Invalid access token", invalid},
		{"9109 expired", late, "GET", records, nil, 401, "9109 Invalid access token < 9109 the credential has expired", described("the credential has expired")},
		{"9109 disabled", disabled, "GET", records, nil, 401, "9109 Invalid access token < 9109 the credential is disabled", described("the credential is disabled")},
		{"9109 not yet valid", early, "GET", records, nil, 401, "9109 Invalid access token < 9109 the credential is not valid yet", described("the credential is not valid yet")},

		{"9109 location", located, "GET", records, nil, 403, "9109 Cannot use the access token from location: 192.0.2.1", lacking("the credential may not be used from this address")},
		{"9109 location, on verify", located, "GET", verify, nil, 403, "9109 Cannot use the access token from location: 192.0.2.1", lacking("the credential may not be used from this address")},

		// 9109: token routes without API Tokens permission.
		{"9109 token routes", dns.Bearer(), "POST", tokens, tooMuch, 403, "9109 Unauthorized to access requested resource: " + needsTokens, lacking(needsTokens)},
		{"9109 token routes, reading is not writing", reader.Bearer(), "POST", tokens, tooMuch, 403, "9109 Unauthorized to access requested resource: " + needsTokens, lacking(needsTokens)},
		{"9109 token routes of an account", dns.Bearer(), "DELETE", account + "/tokens/" + owned.ID, nil, 403,
			"9109 Unauthorized to access requested resource: needs Account API Tokens Write on account " + n.Ada.Account.String(),
			lacking("needs Account API Tokens Write on account " + n.Ada.Account.String())},
		{"9109 token routes of a user, by an account token", owned.Bearer(), "POST", tokens, tooMuch, 403,
			"9109 Unauthorized to access requested resource: needs API Tokens Write on a user", lacking("needs API Tokens Write on a user")},

		// 10000: product routes.
		{"10000 resource missing", dns.Bearer(), "POST", "/zones/" + n.Ada.Zones[1] + "/dns_records", "{}", 403, "10000 Authentication error: " + needsDNS, lacking(needsDNS)},
		{"10000 permission missing", reader.Bearer(), "POST", "/zones/" + n.Ada.Zones[1] + "/dns_records", "{}", 403, "10000 Authentication error: " + needsDNS, lacking(needsDNS)},
		{"10000 resource of somebody else, by key", n.Ben.ByKey(), "POST", "/zones/" + n.Ada.Zones[1] + "/dns_records", "{}", 403, "10000 Authentication error: " + needsDNS, lacking(needsDNS)},
		{"10000 resource that does not exist", dns.Bearer(), "POST", "/zones/" + strings.Repeat("0", 32) + "/dns_records", "{}", 403,
			"10000 Authentication error: needs DNS Write on zone " + strings.Repeat("0", 32), lacking("needs DNS Write on zone " + strings.Repeat("0", 32))},
		{"10000 list", dns.Bearer(), "GET", "/accounts", nil, 403, "10000 Authentication error: " + needsAccounts, lacking(needsAccounts)},
		{"10000 create", dns.Bearer(), "POST", "/zones", Object{"name": "new.example", "account": Object{"id": n.Ada.Account}}, 403,
			"10000 Authentication error: needs Zone Write on every zone of account " + n.Ada.Account.String(),
			lacking("needs Zone Write on every zone of account " + n.Ada.Account.String())},

		// 1001: exceeding the creator, mixing types.
		{"1001 exceeds its creator", minter.Bearer(), "POST", tokens, tooMuch, 400,
			"1001 Failed common permission check against resources. (Permission group: DNS Write) < 1001 the credential that makes the token does not have DNS Write on zone " + n.Ada.Zones[0], ""},
		{"1001 mixes types", ada, "POST", tokens, mixed, 400,
			"1001 Failed common permission check against resources. (Permission group: Account Settings Read) < 1001 Account Settings Read applies to a resource of type account, and the policy lists none", ""},
		{"1001 update exceeds its editor", minter.Bearer(), "PUT", tokens + "/" + reader.ID, tooMuch, 400,
			"1001 Failed common permission check against resources. (Permission group: DNS Write) < 1001 the credential that makes the token does not have DNS Write on zone " + n.Ada.Zones[0], ""},

		{"7003 unknown path", dns.Bearer(), "GET", "/nothing/here", nil, 404,
			"7003 Could not route to /client/v4/nothing/here, perhaps your object identifier is invalid? | 7000 No route for that URI", ""},
		{"7003 unknown method", dns.Bearer(), "PATCH", tokens, nil, 404,
			"7003 Could not route to /client/v4/user/tokens, perhaps your object identifier is invalid? | 7000 No route for that URI", ""},
		{"7003 what cannot be an id", ada, "GET", tokens + "/UPPER", nil, 404,
			"7003 Could not route to /client/v4/user/tokens/UPPER, perhaps your object identifier is invalid? | 7000 No route for that URI", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := n.Do(t, row.by, row.method, row.path, row.body)
			if a.Status != row.status {
				t.Errorf("status %d, want %d", a.Status, row.status)
			}
			if diff := cmp.Diff(row.errors, worded(t, a)); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(row.challenge, strings.Join(a.Header["Www-Authenticate"], " AND ")); diff != "" {
				t.Errorf("challenge (-want +got):\n%s", diff)
			}
			if a.Header.Get("Retry-After") != "" {
				t.Error("Retry-After, where trying again is of no use")
			}
		})
	}
}

// accepted lists the permission groups that an operation accepts.
func accepted(n *Node, operation string) string {
	var names []string
	for _, op := range n.Catalog.Operations() {
		for _, p := range op.AnyOf {
			if op.String() == operation {
				group, _ := n.Catalog.Group(p.Group)
				names = append(names, group.Name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// worded writes the errors of an answer in a line, and holds the envelope around them.
func worded(t *testing.T, a Answer) string {
	t.Helper()
	e := a.Envelope(t)
	if e.Success || string(e.Result) != "null" || e.Messages == nil || len(e.Errors) == 0 {
		t.Errorf("not the envelope of a failure: %s", a.Body)
	}
	if got := a.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q", got)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	var parts []string
	for _, err := range e.Errors {
		text := fmt.Sprintf("%d %s", err.Code, err.Message)
		for _, link := range err.ErrorChain {
			text += fmt.Sprintf(" < %d %s", link.Code, link.Message)
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " | ")
}

func mint(t *testing.T, kind leastkey.SecretKind) string {
	t.Helper()
	secret, err := leastkey.DefaultBrand.Mint(kind, NewRandom(99))
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// 971: the quota is the user's, whichever credential is used, and comes back with time.
func TestThrottled(t *testing.T) {
	n := Start(t, Config{Quota: throttle.Quota{Requests: 3, Per: 30 * time.Second}})
	token := n.Mint(t, n.Ada.ByKey(), "one") // the first request
	n.Must(t, token.Bearer(), "GET", "/user/tokens/verify", nil, nil)
	if a := n.Do(t, token.Bearer(), "GET", "/zones", nil); a.Status != http.StatusForbidden { // refused, and counted
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	for name, by := range map[string]Credential{"token": token.Bearer(), "key": n.Ada.ByKey()} {
		a := n.Do(t, by, "GET", "/user/tokens/verify", nil)
		if got := worded(t, a); a.Status != http.StatusTooManyRequests || got != "971 Please wait and consider throttling your request speed" {
			t.Errorf("%s: %d %s", name, a.Status, got)
		}
		if got := a.Header.Get("Retry-After"); got != "10" {
			t.Errorf("%s: Retry-After %q", name, got)
		}
		if got := a.Header.Get("Www-Authenticate"); got != "" {
			t.Errorf("%s: challenge %q", name, got)
		}
	}
	n.Must(t, n.Ben.ByKey(), "GET", "/zones", nil, nil) // somebody else's quota
	n.Clock.Advance(10 * time.Second)
	a := n.Must(t, token.Bearer(), "GET", "/user/tokens/verify", nil, nil)
	if limit, policy := a.Header.Get("Ratelimit"), a.Header.Get("Ratelimit-Policy"); limit != `"default";r=0;t=30` || policy != `"default";q=3;w=30` {
		t.Errorf("Ratelimit: %s, Ratelimit-Policy: %s", limit, policy)
	}
}

// A node in doubt says neither yes nor no (law 8).
func TestUnsure(t *testing.T) {
	n := Start(t, Config{})
	token := n.Mint(t, n.Ada.ByKey(), "one")
	n.State.Doubt()
	for name, by := range map[string]Credential{"token": token.Bearer(), "nobody": Nobody, "unknown": Bearer(mint(t, leastkey.UserTokenSecret))} {
		a := n.Do(t, by, "GET", "/user/tokens/verify", nil)
		if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") != "1" || a.Header.Get("Www-Authenticate") != "" {
			t.Errorf("%s: %d %v", name, a.Status, a.Header)
		}
		if got := worded(t, a); got != "10003 This node cannot decide at the moment; please try again" {
			t.Errorf("%s: %s", name, got)
		}
	}
}
