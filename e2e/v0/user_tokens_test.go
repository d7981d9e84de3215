package v0

import (
	"errors"
	"slices"
	"testing"

	"github.com/cloudflare/cloudflare-go"
	"github.com/leastkey/leastkey/e2e/harness"
)

func TestUserTokens(t *testing.T) {
	d := harness.Start(t)
	api := withKey(t, d)
	staging := d.Staging()
	write := group(t, api, "DNS Write", harness.ZoneScope)

	made, err := api.CreateAPIToken(t.Context(), cloudflare.APIToken{
		Name: "v0 staging",
		Policies: []cloudflare.APITokenPolicies{{
			Effect:           "allow",
			Resources:        harness.OneZone(staging.ID),
			PermissionGroups: []cloudflare.APITokenPermissionGroups{write},
		}},
		Condition: &cloudflare.APITokenCondition{
			RequestIP: &cloudflare.APITokenRequestIPCondition{In: []string{"127.0.0.0/8"}},
		},
	})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if made.Value == "" || made.Status != "active" || made.IssuedOn == nil || made.ModifiedOn == nil {
		t.Fatalf("create: value of %d bytes, status %q, issued %v, modified %v",
			len(made.Value), made.Status, made.IssuedOn, made.ModifiedOn)
	}

	t.Run("get", func(t *testing.T) {
		have, err := api.GetAPIToken(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if have.Value != "" {
			t.Error("the secret was shown a second time")
		}
		if have.Name != made.Name || len(have.Policies) != 1 || have.Policies[0].Effect != "allow" ||
			have.Policies[0].Resources[harness.ZoneScope+"."+staging.ID] != "*" ||
			len(have.Policies[0].PermissionGroups) != 1 || have.Policies[0].PermissionGroups[0].ID != write.ID {
			t.Errorf("have %+v", have)
		}
		if have.Condition == nil || have.Condition.RequestIP == nil ||
			!slices.Equal(have.Condition.RequestIP.In, []string{"127.0.0.0/8"}) {
			t.Errorf("condition came back as %+v", have.Condition)
		}
	})

	t.Run("list", func(t *testing.T) {
		tokens, err := api.APITokens(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(tokens, func(token cloudflare.APIToken) bool { return token.ID == made.ID }) {
			t.Errorf("the new token is not among the %d listed", len(tokens))
		}
	})

	t.Run("update sends back what was read", func(t *testing.T) {
		whole, err := api.GetAPIToken(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		whole.Name = "v0 renamed"
		have, err := api.UpdateAPIToken(t.Context(), made.ID, whole)
		if err != nil {
			t.Fatal(err)
		}
		if have.Name != "v0 renamed" || have.Status != "active" || len(have.Policies) != 1 {
			t.Errorf("have %+v", have)
		}
	})

	t.Run("edits its zone and nothing else", func(t *testing.T) {
		editZone(t, d, withToken(t, d, made.Value), "v0")
		refusedOutside(t, d, withToken(t, d, made.Value))
	})

	t.Run("roll", func(t *testing.T) {
		rolled, err := api.RollAPIToken(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = withToken(t, d, made.Value).VerifyAPIToken(t.Context())
		wantInvalid(t, "verify with the rolled-away secret", err)
		verified, err := withToken(t, d, rolled).VerifyAPIToken(t.Context())
		if err != nil || verified.ID != made.ID || verified.Status != "active" {
			t.Errorf("verify: %+v, %v", verified, err)
		}
		made.Value = rolled
	})

	t.Run("delete", func(t *testing.T) {
		if err := api.DeleteAPIToken(t.Context(), made.ID); err != nil {
			t.Fatal(err)
		}
		_, err := withToken(t, d, made.Value).VerifyAPIToken(t.Context())
		wantInvalid(t, "verify with a deleted token", err)
		var missing *cloudflare.NotFoundError
		if _, err := api.GetAPIToken(t.Context(), made.ID); !errors.As(err, &missing) {
			t.Errorf("get a deleted token: %v; want not found", err)
		}
	})
}

// A token may make tokens, but none that can do more than itself.
func TestTokenMakesTokens(t *testing.T) {
	d := harness.Start(t)
	owner := d.As(harness.GlobalKey(d.Owner()))
	minter := withToken(t, d, owner.Mint(t, "v0 minter",
		owner.Allow(t, harness.OneUser(d.Owner().ID), harness.UserScope, "API Tokens Write"),
		owner.Allow(t, harness.OneZone(d.Staging().ID), harness.ZoneScope, "DNS Write"),
	).Value)
	write := group(t, minter, "DNS Write", harness.ZoneScope)
	request := func(zone string) cloudflare.APIToken {
		return cloudflare.APIToken{Name: "v0 minted", Policies: []cloudflare.APITokenPolicies{{
			Effect: "allow", Resources: harness.OneZone(zone),
			PermissionGroups: []cloudflare.APITokenPermissionGroups{{ID: write.ID}},
		}}}
	}

	made, err := minter.CreateAPIToken(t.Context(), request(d.Staging().ID))
	if err != nil {
		t.Fatalf("within its own powers: %v", err)
	}
	editZone(t, d, withToken(t, d, made.Value), "v0-minted")

	var refused *cloudflare.RequestError
	_, err = minter.CreateAPIToken(t.Context(), request(d.Production().ID))
	if !errors.As(err, &refused) || !refused.InternalErrorCodeIs(1001) {
		t.Errorf("a token for another zone: %v; want a refusal with code 1001", err)
	}
	if err := minter.DeleteAPIToken(t.Context(), made.ID); err != nil {
		t.Errorf("delete: %v", err)
	}
}
