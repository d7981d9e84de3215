package api

import (
	"encoding/json"

	"github.com/leastkey/leastkey"
)

// User is the user who asks.
type User struct {
	ID            leastkey.ID    `json:"id"`
	Email         string         `json:"email"`
	FirstName     *string        `json:"first_name"` // this and the next four: null when unset
	LastName      *string        `json:"last_name"`
	Telephone     *string        `json:"telephone"`
	Country       *string        `json:"country"`
	Zipcode       *string        `json:"zipcode"`
	TwoFactor     bool           `json:"two_factor_authentication_enabled"`
	TwoFactorMust bool           `json:"two_factor_authentication_locked"`
	Suspended     bool           `json:"suspended"`
	CreatedOn     Time           `json:"created_on"`
	ModifiedOn    Time           `json:"modified_on"`
	Betas         []string       `json:"betas"`
	Organizations []Organization `json:"organizations"`
}

// Organization is an account as it appears within a User.
type Organization struct {
	ID          leastkey.ID `json:"id"`
	Name        string      `json:"name"`
	Status      string      `json:"status"`
	Permissions []string    `json:"permissions"`
	Roles       []string    `json:"roles"` // names
}

// MarshalJSON writes lists that are never null, because clients iterate over them.
func (u User) MarshalJSON() ([]byte, error) {
	type wire User
	u.Betas, u.Organizations = listed(u.Betas), listed(u.Organizations)
	return json.Marshal(wire(u))
}

// MarshalJSON writes lists that are never null.
func (o Organization) MarshalJSON() ([]byte, error) {
	type wire Organization
	o.Permissions, o.Roles = listed(o.Permissions), listed(o.Roles)
	return json.Marshal(wire(o))
}

// listed is the list, or an empty one in place of nil.
func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// TextOrNull is s, or null in place of "".
func TextOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
