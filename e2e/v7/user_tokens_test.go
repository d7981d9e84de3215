package v7

import (
	"net/http"
	"slices"
	"testing"

	"github.com/cloudflare/cloudflare-go/v7"
	"github.com/cloudflare/cloudflare-go/v7/shared"
	"github.com/cloudflare/cloudflare-go/v7/user"
	"github.com/leastkey/leastkey/e2e/harness"
)

// userGroup looks a permission group up by name and scope.
func userGroup(t *testing.T, client *cloudflare.Client, name, scope string) string {
	t.Helper()
	page, err := client.User.Tokens.PermissionGroups.List(t.Context(), user.TokenPermissionGroupListParams{
		Name: cloudflare.F(name), Scope: cloudflare.F(scope),
	})
	if err != nil {
		t.Fatalf("permission groups: %v", err)
	}
	if len(page.Result) != 1 || page.Result[0].Name != name {
		t.Fatalf("permission groups named %q for %s: %+v", name, scope, page.Result)
	}
	return page.Result[0].ID
}

func TestUserTokens(t *testing.T) {
	d := harness.Start(t)
	client := withKey(t, d)
	staging := d.Staging()
	write := userGroup(t, client, "DNS Write", harness.ZoneScope)

	made, err := client.User.Tokens.New(t.Context(), user.TokenNewParams{
		Name:     cloudflare.F("v7 staging"),
		Policies: cloudflare.F([]shared.TokenPolicyParam{allow(write, flat(staging.ID))}),
		Condition: cloudflare.F(user.TokenNewParamsCondition{
			RequestIP: cloudflare.F(user.TokenNewParamsConditionRequestIP{In: cloudflare.F([]string{"127.0.0.0/8"})}),
		}),
	})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	secret := made.Value
	if secret == "" || made.Status != user.TokenNewResponseStatusActive || made.IssuedOn.IsZero() || !made.ExpiresOn.IsZero() {
		t.Fatalf("create: value of %d bytes, status %q, issued %v, expires %v",
			len(secret), made.Status, made.IssuedOn, made.ExpiresOn)
	}

	t.Run("all permission groups", func(t *testing.T) {
		count := 0
		pager := client.User.Tokens.PermissionGroups.ListAutoPaging(t.Context(), user.TokenPermissionGroupListParams{})
		for pager.Next() {
			if group := pager.Current(); group.ID == "" || group.Name == "" || len(group.Scopes) != 1 {
				t.Errorf("permission group %+v", group)
			}
			count++
		}
		if err := pager.Err(); err != nil || count != 311 {
			t.Errorf("%d permission groups, %v; want 311", count, err)
		}
	})

	t.Run("get", func(t *testing.T) {
		have, err := client.User.Tokens.Get(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := shared.TokenPolicyResourcesIAMResourcesTypeObjectString{harness.ZoneScope + "." + staging.ID: "*"}
		if len(have.Policies) != 1 || have.Policies[0].PermissionGroups[0].Name != "DNS Write" {
			t.Fatalf("policies: %+v", have.Policies)
		}
		resources, flat := have.Policies[0].Resources.(shared.TokenPolicyResourcesIAMResourcesTypeObjectString)
		if !flat || len(resources) != 1 || resources[harness.ZoneScope+"."+staging.ID] != "*" {
			t.Errorf("resources: %#v, want %#v", have.Policies[0].Resources, want)
		}
		if !slices.Equal(have.Condition.RequestIP.In, []string{"127.0.0.0/8"}) {
			t.Errorf("condition: %+v", have.Condition)
		}
	})

	t.Run("update", func(t *testing.T) {
		have, err := client.User.Tokens.Update(t.Context(), made.ID, user.TokenUpdateParams{Token: shared.TokenParam{
			Name:     cloudflare.F("v7 renamed"),
			Policies: cloudflare.F([]shared.TokenPolicyParam{allow(write, flat(staging.ID))}),
		}})
		if err != nil || have.Name != "v7 renamed" || have.Status != shared.TokenStatusActive {
			t.Errorf("have %+v, %v", have, err)
		}
	})

	t.Run("edits its zone and nothing else", func(t *testing.T) {
		editZone(t, d, withToken(t, d, secret), "v7")
		refusedOutside(t, d, withToken(t, d, secret))
	})

	t.Run("roll", func(t *testing.T) {
		for name, body := range map[string]any{"empty object": map[string]any{}, "nothing": nil} {
			rolled, err := client.User.Tokens.Value.Update(t.Context(), made.ID, user.TokenValueUpdateParams{Body: body})
			if err != nil {
				t.Fatalf("roll with %s: %v", name, err)
			}
			_, err = withToken(t, d, secret).User.Tokens.Verify(t.Context())
			wantRefused(t, "verify with the rolled-away secret", err, http.StatusUnauthorized, 1000)
			secret = *rolled
			verified, err := withToken(t, d, secret).User.Tokens.Verify(t.Context())
			if err != nil || verified.ID != made.ID || verified.Status != user.TokenVerifyResponseStatusActive {
				t.Errorf("verify: %+v, %v", verified, err)
			}
		}
	})

	t.Run("delete", func(t *testing.T) {
		gone, err := client.User.Tokens.Delete(t.Context(), made.ID)
		if err != nil || gone.ID != made.ID {
			t.Errorf("delete: %+v, %v", gone, err)
		}
		_, err = withToken(t, d, secret).User.Tokens.Verify(t.Context())
		wantRefused(t, "verify with a deleted token", err, http.StatusUnauthorized, 1000)
	})
}

// This client pages until a page is empty, whatever the totals say.
func TestTokenPagesEnd(t *testing.T) {
	d := harness.Start(t)
	client := withKey(t, d)
	write := userGroup(t, client, "DNS Write", harness.ZoneScope)
	var want []string
	for range 12 {
		made, err := client.User.Tokens.New(t.Context(), user.TokenNewParams{
			Name:     cloudflare.F("v7 page"),
			Policies: cloudflare.F([]shared.TokenPolicyParam{allow(write, nested(d.Staging().AccountID))}),
		})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, made.ID)
	}
	var have []string
	pager := client.User.Tokens.ListAutoPaging(t.Context(), user.TokenListParams{PerPage: cloudflare.F(5.0)})
	for pager.Next() {
		token := pager.Current()
		if slices.Contains(have, token.ID) {
			t.Fatalf("the token %s was listed twice", token.ID)
		}
		have = append(have, token.ID)
		if token.Name != "v7 page" {
			continue
		}
		resources, ok := token.Policies[0].Resources.(shared.TokenPolicyResourcesIAMResourcesTypeObjectNested)
		if !ok || resources[harness.AccountScope+"."+d.Staging().AccountID][harness.ZoneScope+".*"] != "*" {
			t.Errorf("resources: %#v", token.Policies[0].Resources)
		}
	}
	if err := pager.Err(); err != nil {
		t.Fatal(err)
	}
	for _, id := range want {
		if !slices.Contains(have, id) {
			t.Errorf("the token %s was not listed", id)
		}
	}
}
