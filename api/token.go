package api

import (
	"encoding/json"
	"log/slog"

	"github.com/leastkey/leastkey"
)

// TokenStatus is the state of a token. Expiry is not set by anyone: it follows from the time.
type TokenStatus string

// The states of a token.
const (
	StatusActive   TokenStatus = "active"
	StatusDisabled TokenStatus = "disabled"
	StatusExpired  TokenStatus = "expired"
)

// Token is a token in an answer. Id and name come first, because clients that scrape text take
// the first of each.
type Token struct {
	ID         leastkey.ID `json:"id"`
	Name       string      `json:"name"`
	Status     TokenStatus `json:"status"`
	IssuedOn   Time        `json:"issued_on"`
	ModifiedOn Time        `json:"modified_on"`
	LastUsedOn Time        `json:"last_used_on,omitzero"`
	NotBefore  Time        `json:"not_before,omitzero"`
	ExpiresOn  Time        `json:"expires_on,omitzero"`
	Policies   []Policy    `json:"policies"`
	Condition  Condition   `json:"condition,omitzero"`
	Value      Secret      `json:"value,omitzero"` // from create only
}

// LogValue implements slog.LogValuer with id and name, so that no handler marshals the value.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", t.ID.String()), slog.String("name", t.Name))
}

// Verification is the answer to verify.
type Verification struct {
	ID        leastkey.ID `json:"id"`
	Status    TokenStatus `json:"status"`
	NotBefore Time        `json:"not_before,omitzero"`
	ExpiresOn Time        `json:"expires_on,omitzero"`
}

// TokenRequest is the body of create and replace. What the server owns (id, issued_on, value ...)
// and whatever else a client sends along is ignored.
type TokenRequest struct {
	Name      Optional[string]      `json:"name,omitzero"`
	Status    Optional[TokenStatus] `json:"status,omitzero"` // active or disabled; some clients send expired back
	NotBefore Optional[Time]        `json:"not_before,omitzero"`
	ExpiresOn Optional[Time]        `json:"expires_on,omitzero"`
	Policies  Optional[[]Policy]    `json:"policies,omitzero"`
	Condition Optional[Condition]   `json:"condition,omitzero"`
}

// DecodeTokenRequest reads the body of a create or replace. The error is a *[FieldError] or a
// *[SyntaxError].
func DecodeTokenRequest(body []byte) (TokenRequest, error) {
	var r TokenRequest
	body, err := whole(body)
	if err != nil {
		return r, err
	}
	err = r.UnmarshalJSON(body)
	return r, err
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *TokenRequest) UnmarshalJSON(data []byte) error {
	*r = TokenRequest{}
	members, err := object(data)
	if err != nil {
		return err
	}
	if r.Name, err = optional(members, "name", text); err != nil {
		return err
	}
	if r.Status, err = optional(members, "status", readStatus); err != nil {
		return err
	}
	if r.NotBefore, err = optional(members, "not_before", unmarshal[Time]); err != nil {
		return err
	}
	if r.ExpiresOn, err = optional(members, "expires_on", unmarshal[Time]); err != nil {
		return err
	}
	if r.Policies, err = optional(members, "policies", readPolicies); err != nil {
		return err
	}
	r.Condition, err = optional(members, "condition", unmarshal[Condition])
	return err
}

func readStatus(data []byte) (TokenStatus, error) {
	s, err := text(data)
	if err != nil {
		return "", err
	}
	switch status := TokenStatus(s); status {
	case StatusActive, StatusDisabled, StatusExpired:
		return status, nil
	default:
		return "", &FieldError{"", "want active or disabled"}
	}
}

func readPolicies(data []byte) ([]Policy, error) {
	items, err := array(data)
	if err != nil {
		return nil, err
	}
	policies := make([]Policy, len(items))
	for i, item := range items {
		if err := policies[i].UnmarshalJSON(item); err != nil {
			return nil, at(err, index(i))
		}
	}
	return policies, nil
}

// RollRequest is the body of a roll.
type RollRequest struct {
	OverlapSeconds int64 `json:"overlap_seconds,omitempty"` // how long the old secret still works
}

// DecodeRollRequest reads the body of a roll: nothing, null, an empty object, or a RollRequest.
func DecodeRollRequest(body []byte) (RollRequest, error) {
	if len(body) == 0 {
		return RollRequest{}, nil
	}
	body, err := whole(body)
	if err != nil || isNull(body) {
		return RollRequest{}, err
	}
	members, err := object(body)
	if err != nil {
		return RollRequest{}, err
	}
	seconds, err := optional(members, "overlap_seconds", func(data []byte) (int64, error) {
		var n int64
		if json.Unmarshal(data, &n) != nil || n < 0 {
			return 0, &FieldError{"", "want a whole number of seconds, 0 or more"}
		}
		return n, nil
	})
	return RollRequest{seconds.Value}, err
}
