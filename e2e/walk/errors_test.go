package walk

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/e2e/harness"
)

// wellFormed is a token that nobody ever made, with a right checksum.
func wellFormed() string {
	body := "lkut_" + strings.Repeat("0Az", 12)
	return fmt.Sprintf("%s%08x", body, crc32.ChecksumIEEE([]byte(body)))
}

// raw presents header fields as they are.
func raw(fields ...string) harness.Credential {
	return func(h http.Header) {
		for i := 0; i < len(fields); i += 2 {
			h.Add(fields[i], fields[i+1])
		}
	}
}

// Each row of the contract's error table that is about the credential itself: status, code, message, challenge.
func TestCredentialErrors(t *testing.T) {
	d := harness.Start(t)
	user := d.Owner()
	token := editor(t, d, d.Staging())
	unknown := wellFormed()
	d.Ledger.Add(unknown) // made up, and still no error may repeat it

	const authorization, key, email = "Authorization", "X-Auth-Key", "X-Auth-Email"
	const list, verify = "/user/tokens", "/user/tokens/verify"
	wrongKey := strings.Repeat("0", 37)
	cases := []struct {
		name   string
		fields []string
		path   string
		want   harness.Refusal
	}{
		{"bad characters", []string{authorization, "Bearer not a token!"}, verify, harness.Malformed(6111)},
		{"quotes", []string{authorization, `Bearer "` + token.Value + `"`}, verify, harness.Malformed(6111)},
		{"key as bearer", []string{authorization, "Bearer " + user.GlobalAPIKey}, verify, harness.Malformed(6111)},
		{"two bearers", []string{authorization, "Bearer " + token.Value, authorization, "Bearer " + unknown}, list,
			harness.Refusal{Status: http.StatusBadRequest, Challenge: "invalid_request"}},
		{"token as key", []string{key, token.Value, email, user.Email}, list, harness.Malformed(6103)},
		{"no address", []string{key, user.GlobalAPIKey, email, "nobody"}, list, harness.Malformed(6102)},
		{"neither", []string{key, "short", email, "nobody"}, list, harness.Malformed(6103, 6102)},
		{"nothing", nil, list, harness.Refusal{
			Status: http.StatusUnauthorized, Code: 9106,
			Prefix: "Missing X-Auth-Key, X-Auth-Email or Authorization headers", Challenge: "realm=",
		}},
		{"wrong pair", []string{key, wrongKey, email, user.Email}, list, harness.Refusal{
			Status: http.StatusUnauthorized, Code: 9103, Prefix: "Unknown X-Auth-Key or X-Auth-Email",
		}},
		{"another's address", []string{key, user.GlobalAPIKey, email, "nobody@nowhere.example"}, list, harness.Refusal{
			Status: http.StatusUnauthorized, Code: 9103, Prefix: "Unknown X-Auth-Key or X-Auth-Email",
		}},
		{"unknown at verify", []string{authorization, "Bearer " + unknown}, verify, harness.UnverifiedToken()},
		{"unknown elsewhere", []string{authorization, "Bearer " + unknown}, list, harness.UnknownToken()},
		{"unknown at the product", []string{authorization, "Bearer " + unknown}, "/zones", harness.UnknownToken()},
		{"key at verify", []string{key, user.GlobalAPIKey, email, user.Email}, verify, harness.Refusal{
			Status: http.StatusBadRequest, Code: 1001, Prefix: `Missing "Authorization" header`,
		}},
		{"without permission", []string{authorization, "Bearer " + token.Value}, list, harness.DeniedTokens("API Tokens Read")},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			answer := d.As(raw(test.fields...)).Call(t, http.MethodGet, test.path, nil)
			answer.Refused(t, test.want)
			if test.fields == nil && strings.Contains(answer.Header.Get("WWW-Authenticate"), "error=") {
				t.Errorf("the challenge to a caller without credential accuses: %q", answer.Header.Get("WWW-Authenticate"))
			}
		})
	}
	t.Run("scheme in any case", func(t *testing.T) {
		d.As(raw(authorization, "bEARER "+token.Value)).Verify(t).Want(t, http.StatusOK)
	})
}

func TestClientAddressErrors(t *testing.T) {
	d := harness.Start(t)
	policy := owner(d).Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write")
	for name, condition := range map[string]map[string]any{
		"not in the list": {"in": []string{"192.0.2.0/24", "2001:db8::/32"}},
		"in the other":    {"not_in": []string{"127.0.0.0/8"}},
	} {
		var made harness.Token
		owner(d).Call(t, http.MethodPost, "/user/tokens", map[string]any{
			"name": name, "policies": []harness.Policy{policy}, "condition": map[string]any{"request.ip": condition},
		}).Want(t, http.StatusOK).Into(t, &made)
		d.As(harness.Bearer(made.Value)).Call(t, http.MethodGet, "/zones/"+d.Staging().ID+"/dns_records", nil).
			Refused(t, harness.Refusal{
				Status: http.StatusForbidden, Code: 9109, Prefix: "Cannot use the access token from location: 127.0.0.1",
			})
	}
}

// Nobody gets more by making a token than they have, and no policy mixes what cannot go together.
func TestMintErrors(t *testing.T) {
	d := harness.Start(t)
	maker := d.As(harness.Bearer(owner(d).Mint(t, "maker",
		owner(d).Allow(t, harness.OneUser(d.Owner().ID), harness.UserScope, "API Tokens Write"),
		owner(d).Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write")).Value))
	staging, production := harness.OneZone(d.Staging().ID), harness.OneZone(d.Production().ID)
	account := harness.OneAccount(d.Staging().AccountID)
	cases := []struct {
		name   string
		caller harness.Caller
		policy harness.Policy
		code   int
	}{
		{"another zone", maker, maker.Allow(t, production, harness.ZoneScope, "DNS Write"), 1001},
		{"another permission", maker, maker.Allow(t, staging, harness.ZoneScope, "Firewall Services Write"), 1001},
		{"every zone", maker, maker.Allow(t, harness.EveryZone(), harness.ZoneScope, "DNS Write"), 1001},
		{"every zone of the account", maker, maker.Allow(t, harness.ZonesOf(d.Staging().AccountID), harness.ZoneScope, "DNS Write"), 1001},
		{"zone permission on an account", owner(d), owner(d).Allow(t, account, harness.ZoneScope, "DNS Write"), 1001},
		{"another's account", owner(d), owner(d).Allow(t, harness.OneAccount(strings.Repeat("0", 32)), harness.AccountScope, "Account Settings Read"), 1001},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			body := map[string]any{"name": test.name, "policies": []harness.Policy{test.policy}}
			test.caller.Call(t, http.MethodPost, "/user/tokens", body).Refused(t, harness.Refusal{
				Status: http.StatusBadRequest, Code: test.code,
				Prefix: "Failed common permission check against resources.",
			})
		})
	}
}

func TestUnknownRoute(t *testing.T) {
	d := harness.Start(t)
	for _, path := range []string{"/nonesuch", "/zones/" + d.Staging().ID + "/nonesuch", "/user/tokens/x/y/z"} {
		answer := owner(d).Call(t, http.MethodGet, path, nil).Want(t, http.StatusNotFound)
		if len(answer.Errors) != 2 || answer.Errors[0].Code != 7003 || answer.Errors[1].Code != 7000 ||
			!strings.HasPrefix(answer.Errors[0].Message, "Could not route to ") ||
			answer.Errors[1].Message != "No route for that URI" {
			t.Errorf("%s: errors %+v", answer.Request, answer.Errors)
		}
	}
}

// 1,200 requests in five minutes are a user's share; the next is refused with the pause to make, and another user is
// not affected.
func TestRateLimit(t *testing.T) {
	d := harness.Start(t)
	const share = 1200
	caller := d.As(harness.Bearer(editor(t, d, d.Staging()).Value))
	for range share + 100 {
		answer := caller.Verify(t)
		if answer.Status == http.StatusOK {
			continue
		}
		answer.Refused(t, harness.Refusal{
			Status: http.StatusTooManyRequests, Code: 971,
			Prefix: "Please wait and consider throttling your request speed",
		})
		if answer.Header.Get("Retry-After") == "" {
			t.Error("429 without Retry-After")
		}
		for _, user := range d.Users {
			if user.ID != d.Owner().ID {
				d.As(harness.GlobalKey(user)).Call(t, http.MethodGet, "/user", nil).Want(t, http.StatusOK)
			}
		}
		return
	}
	t.Errorf("%d requests in a row and no limit", share+100)
}
