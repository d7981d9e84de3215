package v7

import (
	"net/http"
	"testing"

	"github.com/cloudflare/cloudflare-go/v7"
	"github.com/cloudflare/cloudflare-go/v7/accounts"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/leastkey/leastkey/e2e/harness"
)

func TestAccountTokens(t *testing.T) {
	d := harness.Start(t)
	client := withKey(t, d)
	account := cloudflare.F(d.Staging().AccountID)

	groups, err := client.Accounts.Tokens.PermissionGroups.Get(t.Context(), accounts.TokenPermissionGroupGetParams{
		AccountID: account, Name: cloudflare.F("DNS Write"), Scope: cloudflare.F(harness.ZoneScope),
	})
	if err != nil || len(*groups) != 1 {
		t.Fatalf("permission groups: %+v, %v", groups, err)
	}
	policies := []shared.TokenPolicyParam{allow((*groups)[0].ID, flat(d.Staging().ID))}

	made, err := client.Accounts.Tokens.New(t.Context(), accounts.TokenNewParams{
		AccountID: account, Name: cloudflare.F("v7 account"), Policies: cloudflare.F(policies),
	})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	secret := made.Value

	verify := func(secret string) error {
		verified, err := withToken(t, d, secret).Accounts.Tokens.Verify(t.Context(),
			accounts.TokenVerifyParams{AccountID: account})
		if err == nil && (verified.ID != made.ID || verified.Status != accounts.TokenVerifyResponseStatusActive) {
			t.Errorf("verify: %+v", verified)
		}
		return err
	}
	if err := verify(secret); err != nil {
		t.Errorf("verify: %v", err)
	}
	_, err = withToken(t, d, secret).User.Tokens.Verify(t.Context())
	wantRefused(t, "an account token at the verify of users", err, http.StatusUnauthorized, 1000)

	var listed []string
	pager := client.Accounts.Tokens.ListAutoPaging(t.Context(), accounts.TokenListParams{AccountID: account})
	for pager.Next() {
		listed = append(listed, pager.Current().ID)
	}
	if err := pager.Err(); err != nil || len(listed) != 1 || listed[0] != made.ID {
		t.Errorf("list: %q, %v; want the new token alone", listed, err)
	}

	have, err := client.Accounts.Tokens.Get(t.Context(), made.ID, accounts.TokenGetParams{AccountID: account})
	if err != nil || have.Name != "v7 account" {
		t.Errorf("get: %+v, %v", have, err)
	}
	have, err = client.Accounts.Tokens.Update(t.Context(), made.ID, accounts.TokenUpdateParams{
		AccountID: account,
		Token:     shared.TokenParam{Name: cloudflare.F("v7 account renamed"), Policies: cloudflare.F(policies)},
	})
	if err != nil || have.Name != "v7 account renamed" {
		t.Errorf("update: %+v, %v", have, err)
	}

	editZone(t, d, withToken(t, d, secret), "v7-account")
	refusedOutside(t, d, withToken(t, d, secret))

	rolled, err := client.Accounts.Tokens.Value.Update(t.Context(), made.ID,
		accounts.TokenValueUpdateParams{AccountID: account, Body: map[string]any{}})
	if err != nil {
		t.Fatalf("roll: %v", err)
	}
	wantRefused(t, "the rolled-away secret", verify(secret), http.StatusUnauthorized, 1000)
	if err := verify(*rolled); err != nil {
		t.Errorf("the rolled secret: %v", err)
	}
	gone, err := client.Accounts.Tokens.Delete(t.Context(), made.ID, accounts.TokenDeleteParams{AccountID: account})
	if err != nil || gone.ID != made.ID {
		t.Errorf("delete: %+v, %v", gone, err)
	}
	wantRefused(t, "a deleted account token", verify(*rolled), http.StatusUnauthorized, 1000)
}
