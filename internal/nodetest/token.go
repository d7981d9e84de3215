package nodetest

import (
	"testing"

	"github.com/leastkey/leastkey"
)

// Token is a token as these tests read it.
type Token struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	Status     string         `json:"status"`
	IssuedOn   string         `json:"issued_on"`
	ModifiedOn string         `json:"modified_on"`
	NotBefore  string         `json:"not_before"`
	ExpiresOn  string         `json:"expires_on"`
	Policies   []Policy       `json:"policies"`
	Condition  map[string]any `json:"condition"`
	Value      string         `json:"value"`
}

// Bearer presents the token.
func (t Token) Bearer() Credential { return Bearer(t.Value) }

// Policy is a policy as these tests write and read it.
type Policy struct {
	ID        string         `json:"id,omitempty"`
	Effect    string         `json:"effect"`
	Groups    []GroupRef     `json:"permission_groups"`
	Resources map[string]any `json:"resources"`
}

// GroupRef names a permission group.
type GroupRef struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Object is a JSON object.
type Object = map[string]any

// Keys of resources.
const (
	EveryZone    = "com.cloudflare.api.account.zone.*"
	EveryAccount = "com.cloudflare.api.account.*"
)

// ZoneKey spells a zone on the wire.
func ZoneKey(id string) string { return "com.cloudflare.api.account.zone." + id }

// AccountKey spells an account on the wire.
func AccountKey(id leastkey.ID) string { return "com.cloudflare.api.account." + id.String() }

// UserKey spells a user on the wire.
func UserKey(id leastkey.ID) string { return "com.cloudflare.api.user." + id.String() }

// On writes the resources that the keys name.
func On(keys ...string) Object {
	m := Object{}
	for _, key := range keys {
		m[key] = "*"
	}
	return m
}

// ZonesOf writes every zone of an account.
func ZonesOf(account leastkey.ID) Object {
	return Object{AccountKey(account): On(EveryZone)}
}

// Allow writes a policy.
func (n *Node) Allow(t testing.TB, on Object, groups ...string) Policy {
	t.Helper()
	p := Policy{Effect: "allow", Resources: on}
	for _, name := range groups {
		p.Groups = append(p.Groups, GroupRef{ID: n.Group(t, name).String()})
	}
	return p
}

// Deny writes a policy that takes away.
func (n *Node) Deny(t testing.TB, on Object, groups ...string) Policy {
	t.Helper()
	p := n.Allow(t, on, groups...)
	p.Effect = "deny"
	return p
}

// Mint has someone make a token of their own, which must succeed.
func (n *Node) Mint(t testing.TB, by Credential, name string, policies ...Policy) Token {
	t.Helper()
	var token Token
	n.Must(t, by, "POST", "/user/tokens", Object{"name": name, "policies": append([]Policy{}, policies...)}, &token)
	return token
}

// MintFor has someone make a token of an account.
func (n *Node) MintFor(t testing.TB, by Credential, account leastkey.ID, name string, policies ...Policy) Token {
	t.Helper()
	var token Token
	n.Must(t, by, "POST", "/accounts/"+account.String()+"/tokens", Object{"name": name, "policies": append([]Policy{}, policies...)}, &token)
	return token
}
