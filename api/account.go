package api

import (
	"encoding/json"

	"github.com/leastkey/leastkey"
)

// Account is an account in an answer.
type Account struct {
	ID        leastkey.ID     `json:"id"`
	Name      string          `json:"name"`
	Type      string          `json:"type"` // "standard"
	Settings  AccountSettings `json:"settings"`
	CreatedOn Time            `json:"created_on"`
}

// AccountSettings are the settings of an account.
type AccountSettings struct {
	EnforceTwoFactor bool `json:"enforce_twofactor"`
}

// MemberAccepted is the status of every membership here: an invitation needs no answer.
const MemberAccepted = "accepted"

// Member is a user in an account, as the account sees it.
type Member struct {
	ID     leastkey.ID `json:"id"` // of the membership, not of the user
	Email  string      `json:"email"`
	Status string      `json:"status"`
	User   MemberUser  `json:"user"`
	Roles  []Role      `json:"roles"`
}

// MemberUser is the user of a Member.
type MemberUser struct {
	ID        leastkey.ID `json:"id"`
	FirstName *string     `json:"first_name"` // null when unset
	LastName  *string     `json:"last_name"`  // null when unset
	Email     string      `json:"email"`
	TwoFactor bool        `json:"two_factor_authentication_enabled"`
}

// MarshalJSON writes roles that are never null.
func (m Member) MarshalJSON() ([]byte, error) {
	type wire Member
	m.Roles = listed(m.Roles)
	return json.Marshal(wire(m))
}

// Role is what a member may hold.
type Role struct {
	ID          leastkey.ID       `json:"id"`
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Permissions map[string]Access `json:"permissions"` // by area, such as "dns_records"
}

// MarshalJSON writes permissions that are never null.
func (r Role) MarshalJSON() ([]byte, error) {
	type wire Role
	if r.Permissions == nil {
		r.Permissions = map[string]Access{}
	}
	return json.Marshal(wire(r))
}

// Membership is a user in an account, as the user sees it.
type Membership struct {
	ID          leastkey.ID       `json:"id"`
	Status      string            `json:"status"`
	Account     Account           `json:"account"`
	Roles       []string          `json:"roles"` // names
	Permissions map[string]Access `json:"permissions"`
}

// MarshalJSON writes roles and permissions that are never null.
func (m Membership) MarshalJSON() ([]byte, error) {
	type wire Membership
	m.Roles = listed(m.Roles)
	if m.Permissions == nil {
		m.Permissions = map[string]Access{}
	}
	return json.Marshal(wire(m))
}

// Access is what a role gives in one area.
type Access struct {
	Read  bool `json:"read"`
	Write bool `json:"write"`
}

// MarshalJSON writes what may be written under both its names: older clients read "edit".
func (a Access) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Read  bool `json:"read"`
		Edit  bool `json:"edit"`
		Write bool `json:"write"`
	}{a.Read, a.Write, a.Write})
}

// MemberRequest is the body that adds a member (email and roles) or sets the roles of one.
type MemberRequest struct {
	Email Optional[string]   `json:"email,omitzero"`
	Roles Optional[[]string] `json:"roles,omitzero"` // ids; operators may give names as well
}

// DecodeMemberRequest reads the body of a member's create or update. A role is an id, or an
// object with one, as some clients send back what they read. The error is a *[FieldError] or a
// *[SyntaxError].
func DecodeMemberRequest(body []byte) (MemberRequest, error) {
	var r MemberRequest
	body, err := whole(body)
	if err != nil {
		return r, err
	}
	members, err := object(body)
	if err != nil {
		return r, err
	}
	if policies := members["policies"]; !isNull(policies) && string(policies) != "[]" {
		// To ignore them would give the member other rights than were asked for.
		return r, &FieldError{"/policies", "members hold roles here: give roles instead"}
	}
	if r.Email, err = optional(members, "email", text); err != nil {
		return r, err
	}
	r.Roles, err = optional(members, "roles", readRoles)
	return r, err
}

func readRoles(data []byte) ([]string, error) {
	items, err := array(data)
	if err != nil {
		return nil, err
	}
	roles := make([]string, len(items))
	for i, item := range items {
		if roles[i], err = text(item); err == nil {
			continue
		}
		role, err := object(item)
		if err == nil {
			roles[i], err = text(role["id"])
		}
		if err != nil {
			return nil, &FieldError{token(index(i)), "want the id of a role, or an object with one"}
		}
	}
	return roles, nil
}

// Deleted is the answer to every delete.
type Deleted struct {
	ID string `json:"id"`
}
