package api

import "github.com/leastkey/leastkey"

// What the operator of an installation says over its socket, under /leastkey/v1/. There the
// caller is trusted because of who may open the socket, so no credential goes along.

// OperatorUser is a user as the operator sees it.
type OperatorUser struct {
	ID           leastkey.ID `json:"id"`
	Email        string      `json:"email"`
	FirstName    string      `json:"first_name,omitempty"`
	LastName     string      `json:"last_name,omitempty"`
	Disabled     bool        `json:"disabled"`
	CreatedOn    Time        `json:"created_on"`
	Password     Secret      `json:"password,omitzero"`       // once, when it was made up for the user
	GlobalAPIKey Secret      `json:"global_api_key,omitzero"` // once, from create and from POST /leastkey/v1/users/{id}/global_api_key
}

// OperatorUserCreate is the body of POST /leastkey/v1/users. Without a password one is made up.
type OperatorUserCreate struct {
	Email     string `json:"email"`
	FirstName string `json:"first_name,omitempty"`
	LastName  string `json:"last_name,omitempty"`
	Password  Secret `json:"password,omitzero"`
}

// OperatorUserUpdate is the body of PATCH /leastkey/v1/users/{id}.
type OperatorUserUpdate struct {
	Disabled *bool `json:"disabled"`
}

// OperatorSignInLink is the answer to POST /leastkey/v1/users/{id}/sign_in_link: an address at which
// the user can sign in to the dashboard once, until it ends.
type OperatorSignInLink struct {
	URL       Secret `json:"url"`
	ExpiresOn Time   `json:"expires_on"`
}

// InvitationRequest is the body of POST /leastkey/v1/accounts/{id}/invitations: who is to come into the account,
// and is no user yet.
type InvitationRequest struct {
	Email     string   `json:"email"`
	FirstName string   `json:"first_name,omitempty"`
	LastName  string   `json:"last_name,omitempty"`
	Roles     []string `json:"roles"` // by id or name
}

// Invited is the answer to an invitation: the member, and an address at which they sign in once, to choose a password.
type Invited struct {
	Member    Member `json:"member"`
	URL       Secret `json:"url"`
	ExpiresOn Time   `json:"expires_on"`
}

// OperatorAccount is the body of POST /leastkey/v1/accounts. The answer is an Account.
type OperatorAccount struct {
	Name string `json:"name"`
}

// Members are added and changed with a MemberRequest, whose roles may be names here.

// Resource is one row of the registry of resources: what exists, and under what. It is the body
// of POST /leastkey/v1/resources and the answer to it.
type Resource struct {
	Type      leastkey.ResourceType `json:"type"`
	ID        string                `json:"id"`
	Name      string                `json:"name,omitempty"`
	Parent    *leastkey.Resource    `json:"parent,omitempty"`
	CreatedOn Time                  `json:"created_on,omitzero"`
}

// RoleRequest is the body of POST /leastkey/v1/accounts/{id}/roles, and of PUT .../roles/{rid}: a role that an
// account makes itself. The answer is a Role. POST .../roles/{rid}/tokens takes it too, does nothing, and answers
// with Consequences.
type RoleRequest struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Groups      []string `json:"permission_groups"` // by id, or by name where only one has it
}

// ResourceUpdate is the body of PATCH /leastkey/v1/resources/{type}/{id}: exactly one of both. The
// answer is a Resource.
type ResourceUpdate struct {
	Name   *string            `json:"name,omitempty"`   // renames it
	Parent *leastkey.Resource `json:"parent,omitempty"` // moves it, with all below it
}

// ResourceConsequences is the answer to GET /leastkey/v1/resources/{type}/{id}/tokens: what removing
// a resource takes along, or with ?parent=TYPE:ID what moving it there does. With ?recursive=true a DELETE removes all below it too.
type ResourceConsequences struct {
	Below  int         `json:"below"`  // resources below it
	Tokens []TokenLoss `json:"tokens"` // of a removal: those that have an allow for it, or for something below it, by name
}

// TokenLoss is what one token, or key, would lose; and gain, where a resource would be elsewhere.
type TokenLoss struct {
	ID        leastkey.ID `json:"id"`
	Kind      string      `json:"kind"` // "API token", "Global API Key" ...
	Name      string      `json:"name"`
	Owner     string      `json:"owner"`                // "user 7d2f..."
	OwnerName string      `json:"owner_name,omitempty"` // what people call the owner; not of a removal
	Loses     []string    `json:"loses"`                // "zone 023e...", "DNS Read, DNS Write on every zone of account 01a7..."
	Gains     []string    `json:"gains,omitempty"`
}

// Consequences is the answer of GET /leastkey/v1/users/{id}/tokens, of what disabling the user would
// take away; and of GET /leastkey/v1/accounts/{id}/members/{mid}/tokens, of what removing the member
// would, or with ?role=ROLE&role=ROLE (ids or names) giving it these roles.
type Consequences struct {
	Tokens []TokenLoss `json:"tokens"`
}

// ResourceImport is the answer to POST /leastkey/v1/resources/import, whose body is a list of
// Resource. When one is refused nothing is done, nor with ?dry_run=true.
type ResourceImport struct {
	Done       bool              `json:"done"`
	Registered int               `json:"registered"`
	Renamed    int               `json:"renamed"`
	Unchanged  int               `json:"unchanged"`
	Refused    []ResourceRefusal `json:"refused,omitempty"`
}

// ResourceRefusal says why one resource of an import cannot be registered.
type ResourceRefusal struct {
	Index   int    `json:"index"` // in the list, from 0
	Message string `json:"message"`
}

// OperatorPath is where the routes of the operator begin.
const OperatorPath = "/leastkey/v1"

// OperatorSocket is the name of the socket within the data directory of a running server.
const OperatorSocket = "operator.sock"
