package harness

import (
	"net/http"
	"net/url"
	"testing"
)

// Prefixes of resource keys, which are also the scopes of permission groups.
const (
	AccountScope = "com.cloudflare.api.account"
	ZoneScope    = "com.cloudflare.api.account.zone"
	UserScope    = "com.cloudflare.api.user"
)

// Token is a token as the API describes it; Value only where it was just made.
type Token struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Status   string   `json:"status"`
	Value    string   `json:"value,omitempty"`
	Policies []Policy `json:"policies"`
}

// Policy allows or denies permission groups on resources.
type Policy struct {
	Effect           string         `json:"effect"`
	PermissionGroups []Group        `json:"permission_groups"`
	Resources        map[string]any `json:"resources"`
}

// Group is a permission group.
type Group struct {
	ID     string   `json:"id"`
	Name   string   `json:"name,omitempty"`
	Scopes []string `json:"scopes,omitempty"`
}

// OneZone is one zone and nothing else.
func OneZone(id string) map[string]any { return map[string]any{ZoneScope + "." + id: "*"} }

// ZonesOf is every zone of one account.
func ZonesOf(account string) map[string]any {
	return map[string]any{AccountScope + "." + account: map[string]any{ZoneScope + ".*": "*"}}
}

// EveryZone is every zone of the principal.
func EveryZone() map[string]any { return map[string]any{ZoneScope + ".*": "*"} }

// OneAccount is the account itself, not its zones.
func OneAccount(id string) map[string]any { return map[string]any{AccountScope + "." + id: "*"} }

// OneUser is the user itself.
func OneUser(id string) map[string]any { return map[string]any{UserScope + "." + id: "*"} }

// Group looks a permission group up by its name and the type it applies to.
func (c Caller) Group(t *testing.T, name, scope string) Group {
	t.Helper()
	query := url.Values{"name": {name}, "scope": {scope}}
	answer := c.Call(t, http.MethodGet, "/user/tokens/permission_groups?"+query.Encode(), nil)
	var groups []Group
	answer.Want(t, http.StatusOK).Into(t, &groups)
	if len(groups) != 1 || groups[0].Name != name || len(groups[0].Scopes) != 1 || groups[0].Scopes[0] != scope {
		t.Fatalf("permission group %q for %s: %+v", name, scope, groups)
	}
	return groups[0]
}

// Allow is a policy that allows the named groups of one scope.
func (c Caller) Allow(t *testing.T, resources map[string]any, scope string, names ...string) Policy {
	t.Helper()
	return c.policy(t, "allow", resources, scope, names)
}

// Deny is a policy that denies them.
func (c Caller) Deny(t *testing.T, resources map[string]any, scope string, names ...string) Policy {
	t.Helper()
	return c.policy(t, "deny", resources, scope, names)
}

func (c Caller) policy(t *testing.T, effect string, resources map[string]any, scope string, names []string) Policy {
	t.Helper()
	policy := Policy{Effect: effect, Resources: resources}
	for _, name := range names {
		policy.PermissionGroups = append(policy.PermissionGroups, Group{ID: c.Group(t, name, scope).ID})
	}
	return policy
}

// Mint creates a user token.
func (c Caller) Mint(t *testing.T, name string, policies ...Policy) Token {
	t.Helper()
	return c.MintAt(t, "/user/tokens", name, policies...)
}

// MintAt creates a token at the given collection.
func (c Caller) MintAt(t *testing.T, collection, name string, policies ...Policy) Token {
	t.Helper()
	answer := c.Call(t, http.MethodPost, collection, map[string]any{"name": name, "policies": policies})
	var token Token
	answer.Want(t, http.StatusOK).Into(t, &token)
	if len(token.ID) != 32 || len(token.Value) < 40 || len(token.Value) > 50 || token.Status != "active" {
		t.Fatalf("created token has an id of %d, a value of %d bytes and status %q",
			len(token.ID), len(token.Value), token.Status)
	}
	return token
}

// Roll replaces the secret of a user token. overlap is how many seconds the old one goes on working; 0 sends no body.
func (c Caller) Roll(t *testing.T, id string, overlap int) string {
	t.Helper()
	var body any
	if overlap > 0 {
		body = map[string]any{"overlap_seconds": overlap}
	}
	var secret string
	c.Call(t, http.MethodPut, "/user/tokens/"+id+"/value", body).Want(t, http.StatusOK).Into(t, &secret)
	return secret
}

// Verify asks whether the caller's user token works.
func (c Caller) Verify(t *testing.T) Answer {
	t.Helper()
	return c.Call(t, http.MethodGet, "/user/tokens/verify", nil)
}
