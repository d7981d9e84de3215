// Package wire puts a token into the words of the wire contract, and reads one from them. What the
// JSON API answers and what the dashboard prints to be copied is the same for that reason.
package wire

import (
	"encoding/json"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// Token is a token as an answer has it at an instant.
func Token(cat *catalog.Catalog, t control.Credential, now time.Time) api.Token {
	shown := api.Token{
		ID: t.ID, Name: t.Name, Status: api.TokenStatus(t.Status.String()),
		IssuedOn: api.At(t.IssuedOn), ModifiedOn: api.At(t.ModifiedOn), LastUsedOn: api.At(t.LastUsedOn),
		NotBefore: api.At(t.Validity.NotBefore), ExpiresOn: api.At(t.Validity.ExpiresOn),
		Policies: Policies(cat, t.Policies), Condition: api.Condition(t.Condition),
	}
	if t.Usable(now) == leastkey.CredentialExpired {
		shown.Status = api.StatusExpired
	}
	return shown
}

// Policies are policies as an answer has them, never nil.
func Policies(cat *catalog.Catalog, policies []leastkey.Policy) []api.Policy {
	shown := make([]api.Policy, len(policies))
	for i, p := range policies {
		shown[i] = api.Policy{ID: p.ID, Effect: p.Effect, Groups: groups(cat, p.Groups), Resources: Resources(cat, p.Patterns)}
	}
	return shown
}

func groups(cat *catalog.Catalog, ids []leastkey.ID) []api.PermissionGroupRef {
	refs := make([]api.PermissionGroupRef, len(ids))
	for i, id := range ids {
		group, _ := cat.Group(id) // a group that left the catalogue shows by its id alone
		refs[i] = api.PermissionGroupRef{ID: id, Name: group.Name}
	}
	return refs
}

// Resources is the map that the owner sent. What left the catalogue since then has no spelling; it
// grants nothing, and shows in words, so that its owner can still see and end it.
func Resources(cat *catalog.Catalog, patterns []leastkey.Pattern) json.RawMessage {
	if resources, err := cat.FormatResources(patterns); err == nil {
		return resources
	}
	words := map[string]string{}
	for _, p := range patterns {
		words[p.String()] = "*"
	}
	text, _ := json.Marshal(words) // strings marshal
	return text
}
