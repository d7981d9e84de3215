package v0

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/cloudflare/cloudflare-go"
	"github.com/leastkey/leastkey/e2e/harness"
)

// This client has no methods for account tokens; its users reach them with Raw.
func TestAccountTokens(t *testing.T) {
	d := harness.Start(t)
	api := withKey(t, d)
	account, staging := d.Staging().AccountID, d.Staging()
	collection := "/accounts/" + account + "/tokens"
	raw := func(t *testing.T, api *cloudflare.API, method, path string, body, result any) error {
		t.Helper()
		answer, err := api.Raw(t.Context(), method, path, body, nil)
		if err == nil && result != nil {
			err = json.Unmarshal(answer.Result, result)
		}
		return err
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	var groups []cloudflare.APITokenPermissionGroups
	must(t, raw(t, api, http.MethodGet, collection+"/permission_groups?name=DNS%20Write", nil, &groups))
	if len(groups) != 1 || groups[0].Name != "DNS Write" {
		t.Fatalf("permission groups named DNS Write: %+v", groups)
	}
	policies := []cloudflare.APITokenPolicies{{
		Effect: "allow", Resources: harness.OneZone(staging.ID), PermissionGroups: groups,
	}}
	var made cloudflare.APIToken
	must(t, raw(t, api, http.MethodPost, collection, cloudflare.APIToken{Name: "v0 account", Policies: policies}, &made))

	verify := func(secret string) error {
		var verified cloudflare.APITokenVerifyBody
		err := raw(t, withToken(t, d, secret), http.MethodGet, collection+"/verify", nil, &verified)
		if err == nil && (verified.ID != made.ID || verified.Status != "active") {
			t.Errorf("verify: %+v", verified)
		}
		return err
	}
	must(t, verify(made.Value))
	_, err := withToken(t, d, made.Value).VerifyAPIToken(t.Context())
	wantInvalid(t, "an account token at the verify of users", err)

	var tokens []cloudflare.APIToken
	must(t, raw(t, api, http.MethodGet, collection, nil, &tokens))
	if len(tokens) != 1 || tokens[0].ID != made.ID || tokens[0].Value != "" {
		t.Errorf("list: %d tokens, want the new one without its secret", len(tokens))
	}
	var have cloudflare.APIToken
	must(t, raw(t, api, http.MethodGet, collection+"/"+made.ID, nil, &have))
	have.Name = "v0 account renamed"
	must(t, raw(t, api, http.MethodPut, collection+"/"+made.ID, have, &have))
	if have.Name != "v0 account renamed" || len(have.Policies) != 1 {
		t.Errorf("update: %+v", have)
	}

	editZone(t, d, withToken(t, d, made.Value), "v0-account")
	refusedOutside(t, d, withToken(t, d, made.Value))

	var rolled string
	must(t, raw(t, api, http.MethodPut, collection+"/"+made.ID+"/value", nil, &rolled))
	wantInvalid(t, "the rolled-away secret", verify(made.Value))
	must(t, verify(rolled))
	must(t, raw(t, api, http.MethodDelete, collection+"/"+made.ID, nil, nil))
	wantInvalid(t, "a deleted account token", verify(rolled))
}
