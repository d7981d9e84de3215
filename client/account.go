package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// User gives the user who asks.
func (c *Client) User(ctx context.Context) (api.User, error) {
	return one[api.User](ctx, c, http.MethodGet, "/user", nil)
}

// Memberships gives the accounts that the calling user is a member of.
func (c *Client) Memberships(ctx context.Context) ([]api.Membership, error) {
	return list[api.Membership](ctx, c, "/memberships", nil)
}

// Accounts gives the accounts that the caller may see.
func (c *Client) Accounts(ctx context.Context) ([]api.Account, error) {
	return list[api.Account](ctx, c, "/accounts", nil)
}

// Account gives one account.
func (c *Client) Account(ctx context.Context, id leastkey.ID) (api.Account, error) {
	return one[api.Account](ctx, c, http.MethodGet, "/accounts/"+id.String(), nil)
}

// Roles gives the roles that members of an account may hold.
func (c *Client) Roles(ctx context.Context, account leastkey.ID) ([]api.Role, error) {
	return list[api.Role](ctx, c, "/accounts/"+account.String()+"/roles", nil)
}

// Members are the members of one account.
type Members struct {
	c    *Client
	path string
}

// Members are the members of one account.
func (c *Client) Members(account leastkey.ID) Members {
	return Members{c, "/accounts/" + account.String() + "/members"}
}

// List gives all members.
func (m Members) List(ctx context.Context) ([]api.Member, error) {
	return list[api.Member](ctx, m.c, m.path, nil)
}

// Get gives one member. The id is that of the membership.
func (m Members) Get(ctx context.Context, id leastkey.ID) (api.Member, error) {
	return one[api.Member](ctx, m.c, http.MethodGet, m.path+"/"+id.String(), nil)
}

// Create makes the user with the e-mail a member.
func (m Members) Create(ctx context.Context, email string, roles ...string) (api.Member, error) {
	return one[api.Member](ctx, m.c, http.MethodPost, m.path, api.MemberRequest{Email: api.Some(email), Roles: api.Some(roles)})
}

// Update sets the roles of a member.
func (m Members) Update(ctx context.Context, id leastkey.ID, roles ...string) (api.Member, error) {
	return one[api.Member](ctx, m.c, http.MethodPut, m.path+"/"+id.String(), api.MemberRequest{Roles: api.Some(roles)})
}

// Delete ends a membership.
func (m Members) Delete(ctx context.Context, id leastkey.ID) error {
	_, err := one[api.Deleted](ctx, m.c, http.MethodDelete, m.path+"/"+id.String(), nil)
	return err
}

// Zone is as much of a zone as it takes to name it.
type Zone struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Account struct {
		ID leastkey.ID `json:"id"`
	} `json:"account"`
}

// Zones gives the zones with exactly this name that the caller may see; all of them for "".
func (c *Client) Zones(ctx context.Context, name string) ([]Zone, error) {
	query := url.Values{}
	if name != "" {
		query.Set("name", name)
	}
	return list[Zone](ctx, c, "/zones", query)
}

// Zone gives one zone.
func (c *Client) Zone(ctx context.Context, id string) (Zone, error) {
	return one[Zone](ctx, c, http.MethodGet, "/zones/"+url.PathEscape(id), nil)
}
