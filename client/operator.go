package client

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
)

// Operator talks to a running server over the socket in its data directory. Whoever may open the
// socket is the operator: no credential goes along.
type Operator struct{ c *Client }

// NewOperator makes an Operator for the server that runs on the data directory.
func NewOperator(data string) (*Operator, error) {
	socket := filepath.Join(data, api.OperatorSocket)
	c, err := New("http://operator"+api.OperatorPath, Credential{}, Transport(&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}))
	if err != nil {
		return nil, err
	}
	c.whole = true
	return &Operator{c}, nil
}

// Users gives all users.
func (o *Operator) Users(ctx context.Context) ([]api.OperatorUser, error) {
	return list[api.OperatorUser](ctx, o.c, "/users", nil)
}

// CreateUser makes a user. The answer has the Global API Key, and the password if one was made
// up; neither is shown again.
func (o *Operator) CreateUser(ctx context.Context, u api.OperatorUserCreate) (api.OperatorUser, error) {
	return one[api.OperatorUser](ctx, o.c, http.MethodPost, "/users", u)
}

// DisableUser switches a user, with all credentials, off or on again.
func (o *Operator) DisableUser(ctx context.Context, id leastkey.ID, disabled bool) (api.OperatorUser, error) {
	return one[api.OperatorUser](ctx, o.c, http.MethodPatch, "/users/"+id.String(), api.OperatorUserUpdate{Disabled: &disabled})
}

// RollGlobalKey gives a user a new Global API Key, which is in the answer and not shown again. The
// old one is dead when this returns.
func (o *Operator) RollGlobalKey(ctx context.Context, id leastkey.ID) (api.OperatorUser, error) {
	return one[api.OperatorUser](ctx, o.c, http.MethodPost, "/users/"+id.String()+"/global_api_key", nil)
}

// DisableGlobalKey switches off the Global API Key of a user: it is refused when this returns, until the user
// changes it or it is rolled.
func (o *Operator) DisableGlobalKey(ctx context.Context, id leastkey.ID) (api.OperatorUser, error) {
	return one[api.OperatorUser](ctx, o.c, http.MethodDelete, "/users/"+id.String()+"/global_api_key", nil)
}

// Unlink ends what identity providers know a user by, and every session of theirs.
func (o *Operator) Unlink(ctx context.Context, id leastkey.ID) (api.OperatorUser, error) {
	return one[api.OperatorUser](ctx, o.c, http.MethodDelete, "/users/"+id.String()+"/identities", nil)
}

// SignInLink makes an address at which a user can sign in to the dashboard once, without the password.
func (o *Operator) SignInLink(ctx context.Context, id leastkey.ID) (api.OperatorSignInLink, error) {
	return one[api.OperatorSignInLink](ctx, o.c, http.MethodPost, "/users/"+id.String()+"/sign_in_link", nil)
}

// Accounts gives all accounts.
func (o *Operator) Accounts(ctx context.Context) ([]api.Account, error) {
	return list[api.Account](ctx, o.c, "/accounts", nil)
}

// CreateAccount makes an account.
func (o *Operator) CreateAccount(ctx context.Context, name string) (api.Account, error) {
	return one[api.Account](ctx, o.c, http.MethodPost, "/accounts", api.OperatorAccount{Name: name})
}

// Members are the members of one account. Roles may be given by name.
func (o *Operator) Members(account leastkey.ID) Members { return o.c.Members(account) }

// Resources gives the registered resources: those of one type and under one parent where these
// are not zero.
func (o *Operator) Resources(ctx context.Context, t leastkey.ResourceType, parent leastkey.Resource) ([]api.Resource, error) {
	query := url.Values{}
	if t != "" {
		query.Set("type", string(t))
	}
	if !parent.IsZero() {
		query.Set("parent", string(parent.Type)+":"+parent.ID)
	}
	return list[api.Resource](ctx, o.c, "/resources", query)
}

// CreateResource registers a resource.
func (o *Operator) CreateResource(ctx context.Context, r api.Resource) (api.Resource, error) {
	return one[api.Resource](ctx, o.c, http.MethodPost, "/resources", r)
}

// ImportResources registers many resources, all or none. A dry run only says what would be done.
func (o *Operator) ImportResources(ctx context.Context, rows []api.Resource, dryRun bool) (api.ResourceImport, error) {
	path := "/resources/import"
	if dryRun {
		path += "?dry_run=true"
	}
	return one[api.ResourceImport](ctx, o.c, http.MethodPost, path, rows)
}

// ImportCredentials takes in credentials of another system, all or none. Each line is an
// [api.CredentialImport] in JSON. A dry run only says what would be done.
func (o *Operator) ImportCredentials(ctx context.Context, lines api.CredentialLines, dryRun bool) (api.ImportedCredentials, error) {
	path := "/credentials/import"
	if dryRun {
		path += "?dry_run=true"
	}
	return one[api.ImportedCredentials](ctx, o.c, http.MethodPost, path, lines)
}

// RenameResource gives a resource another name.
func (o *Operator) RenameResource(ctx context.Context, r leastkey.Resource, name string) (api.Resource, error) {
	return one[api.Resource](ctx, o.c, http.MethodPatch, resourcePath(r), api.ResourceUpdate{Name: &name})
}

// MoveResource puts a resource, with all below it, under another parent. Tokens lose what allowed
// anything on it by name.
func (o *Operator) MoveResource(ctx context.Context, r, parent leastkey.Resource) (api.Resource, error) {
	return one[api.Resource](ctx, o.c, http.MethodPatch, resourcePath(r), api.ResourceUpdate{Parent: &parent})
}

// ResourceConsequences tells what moving or removing a resource would take along.
func (o *Operator) ResourceConsequences(ctx context.Context, r leastkey.Resource) (api.ResourceConsequences, error) {
	return one[api.ResourceConsequences](ctx, o.c, http.MethodGet, resourcePath(r)+"/tokens", nil)
}

// Invite makes somebody who is no user yet one, and a member of an account.
func (o *Operator) Invite(ctx context.Context, account leastkey.ID, r api.InvitationRequest) (api.Invited, error) {
	return one[api.Invited](ctx, o.c, http.MethodPost, "/accounts/"+account.String()+"/invitations", r)
}

// Roles gives the roles that members of an account may hold.
func (o *Operator) Roles(ctx context.Context, account leastkey.ID) ([]api.Role, error) {
	return list[api.Role](ctx, o.c, rolesPath(account), nil)
}

// CreateRole makes a role of an account.
func (o *Operator) CreateRole(ctx context.Context, account leastkey.ID, r api.RoleRequest) (api.Role, error) {
	return one[api.Role](ctx, o.c, http.MethodPost, rolesPath(account), r)
}

// ReplaceRole gives a role of an account another name and other groups.
func (o *Operator) ReplaceRole(ctx context.Context, account, id leastkey.ID, r api.RoleRequest) (api.Role, error) {
	return one[api.Role](ctx, o.c, http.MethodPut, rolesPath(account)+"/"+id.String(), r)
}

// DeleteRole removes a role of an account, which no member holds.
func (o *Operator) DeleteRole(ctx context.Context, account, id leastkey.ID) error {
	_, err := one[api.Deleted](ctx, o.c, http.MethodDelete, rolesPath(account)+"/"+id.String(), nil)
	return err
}

// ForeseeRole tells which tokens and keys would lose or gain what if a role were replaced.
func (o *Operator) ForeseeRole(ctx context.Context, account, id leastkey.ID, r api.RoleRequest) (api.Consequences, error) {
	return one[api.Consequences](ctx, o.c, http.MethodPost, rolesPath(account)+"/"+id.String()+"/tokens", r)
}

func rolesPath(account leastkey.ID) string { return "/accounts/" + account.String() + "/roles" }

// ForeseeMove tells which tokens and keys would lose or gain what by a move.
func (o *Operator) ForeseeMove(ctx context.Context, r, parent leastkey.Resource) (api.Consequences, error) {
	query := url.Values{"parent": {string(parent.Type) + ":" + parent.ID}}
	return one[api.Consequences](ctx, o.c, http.MethodGet, resourcePath(r)+"/tokens?"+query.Encode(), nil)
}

// ForeseeDisabled tells which tokens and keys would lose what if the user were disabled.
func (o *Operator) ForeseeDisabled(ctx context.Context, user leastkey.ID) (api.Consequences, error) {
	return one[api.Consequences](ctx, o.c, http.MethodGet, "/users/"+user.String()+"/tokens", nil)
}

// ForeseeRoles tells which tokens and keys would lose or gain what if a member had these roles, by id or name;
// with none, no place in the account.
func (o *Operator) ForeseeRoles(ctx context.Context, account, member leastkey.ID, roles ...string) (api.Consequences, error) {
	query := url.Values{}
	for _, role := range roles {
		query.Add("role", role)
	}
	return one[api.Consequences](ctx, o.c, http.MethodGet, "/accounts/"+account.String()+"/members/"+member.String()+"/tokens?"+query.Encode(), nil)
}

// DeleteResource takes a resource out of the registry. With something below it that is refused,
// unless recursive, which takes all of that out too.
func (o *Operator) DeleteResource(ctx context.Context, r leastkey.Resource, recursive bool) error {
	path := resourcePath(r)
	if recursive {
		path += "?recursive=true"
	}
	_, err := one[api.Deleted](ctx, o.c, http.MethodDelete, path, nil)
	return err
}

// CatalogDiff tells what would change if the catalogue with this text came into force, and which
// tokens would gain or lose what. Nothing changes by it.
func (o *Operator) CatalogDiff(ctx context.Context, text []byte) (api.CatalogDiff, error) {
	return one[api.CatalogDiff](ctx, o.c, http.MethodPost, "/catalog/diff", api.CatalogDiffRequest{Catalog: string(text)})
}

// resourcePath spells ids so that no server takes them for a step up.
func resourcePath(r leastkey.Resource) string {
	id := url.PathEscape(r.ID)
	if r.ID == "." || r.ID == ".." {
		id = strings.ReplaceAll(r.ID, ".", "%2E")
	}
	return "/resources/" + url.PathEscape(string(r.Type)) + "/" + id
}

// Audit lists rows of the audit log, newest first; see [api.AuditRow] for the filters.
func (o *Operator) Audit(ctx context.Context, filter url.Values) ([]api.AuditRow, error) {
	return list[api.AuditRow](ctx, o.c, "/audit", filter)
}

// AuditEntries gives what is kept of the audit log behind a revision, oldest first.
func (o *Operator) AuditEntries(ctx context.Context, after leastkey.Revision, limit int) (api.AuditEntries, error) {
	query := url.Values{"after": {strconv.FormatUint(uint64(after), 10)}, "limit": {strconv.Itoa(limit)}}
	return one[api.AuditEntries](ctx, o.c, http.MethodGet, "/audit/entries?"+query.Encode(), nil)
}

// AuditCheckpoint gives the signed state of the audit log.
func (o *Operator) AuditCheckpoint(ctx context.Context) (api.AuditCheckpoint, error) {
	return one[api.AuditCheckpoint](ctx, o.c, http.MethodGet, "/audit/checkpoint", nil)
}

// Doctor lists the credentials that somebody should look at: those that end soon, were not used for so
// many days, can make tokens, have no end, or whose owner has left.
func (o *Operator) Doctor(ctx context.Context, unusedDays int) ([]api.Concern, error) {
	return list[api.Concern](ctx, o.c, "/doctor", url.Values{"unused_days": {strconv.Itoa(unusedDays)}})
}
