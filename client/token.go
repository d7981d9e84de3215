package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// Tokens are the tokens of one owner.
type Tokens struct {
	c    *Client
	path string
}

// UserTokens are the tokens that the calling user owns.
func (c *Client) UserTokens() Tokens { return Tokens{c, "/user/tokens"} }

// AccountTokens are the tokens that an account owns.
func (c *Client) AccountTokens(account leastkey.ID) Tokens {
	return Tokens{c, "/accounts/" + account.String() + "/tokens"}
}

// VerifyURL is where a bearer token of this owner can be verified.
func (t Tokens) VerifyURL() string { return t.c.BaseURL() + t.path + "/verify" }

// List gives all tokens, expired ones included.
func (t Tokens) List(ctx context.Context) ([]api.Token, error) {
	return list[api.Token](ctx, t.c, t.path, url.Values{"include_expired": {"true"}})
}

// Create makes a token. Its Value is the secret, which is never shown again.
func (t Tokens) Create(ctx context.Context, r api.TokenRequest) (api.Token, error) {
	return one[api.Token](ctx, t.c, http.MethodPost, t.path, r)
}

// Get gives one token, without its secret.
func (t Tokens) Get(ctx context.Context, id leastkey.ID) (api.Token, error) {
	return one[api.Token](ctx, t.c, http.MethodGet, t.at(id), nil)
}

// Update replaces a token; its secret stays. What r leaves out is cleared, but for the status.
func (t Tokens) Update(ctx context.Context, id leastkey.ID, r api.TokenRequest) (api.Token, error) {
	return one[api.Token](ctx, t.c, http.MethodPut, t.at(id), r)
}

// Delete revokes a token for good.
func (t Tokens) Delete(ctx context.Context, id leastkey.ID) error {
	_, err := one[api.Deleted](ctx, t.c, http.MethodDelete, t.at(id), nil)
	return err
}

// Roll gives a token a new secret, which is returned. The old one works on for overlap, which is
// in whole seconds; 0 ends it at once.
func (t Tokens) Roll(ctx context.Context, id leastkey.ID, overlap time.Duration) (api.Secret, error) {
	if overlap < 0 || overlap%time.Second != 0 {
		return api.Secret{}, fmt.Errorf("overlap %s: want whole seconds, 0 or more", overlap)
	}
	return one[api.Secret](ctx, t.c, http.MethodPut, t.at(id)+"/value", api.RollRequest{OverlapSeconds: int64(overlap / time.Second)})
}

// Verify says whether the client's own token works; only a token of this kind of owner does.
func (t Tokens) Verify(ctx context.Context) (api.Verification, error) {
	return one[api.Verification](ctx, t.c, http.MethodGet, t.path+"/verify", nil)
}

// PermissionGroups gives every permission group that a token of this owner may have.
func (t Tokens) PermissionGroups(ctx context.Context) ([]api.PermissionGroup, error) {
	return one[[]api.PermissionGroup](ctx, t.c, http.MethodGet, t.path+"/permission_groups", nil)
}

func (t Tokens) at(id leastkey.ID) string { return t.path + "/" + id.String() }
