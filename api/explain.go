package api

import (
	"encoding/json"
	"net/netip"

	"github.com/leastkey/leastkey"
)

// What a credential may ask about itself, and about requests, below [OperatorPath]: what the v4
// contract has no words for.

// Self is the answer to GET /leastkey/v1/whoami: the credential that asks.
type Self struct {
	ID           leastkey.ID `json:"id"`
	Name         string      `json:"name"`
	Kind         string      `json:"kind"` // "API token" or "Global API Key"
	Status       TokenStatus `json:"status"`
	Owner        Owner       `json:"owner"`
	Policies     []Policy    `json:"policies,omitzero"` // of a token; absent for a key, which none bound
	May          []string    `json:"may"`               // the same in sentences; of a key, what its user may
	Where        string      `json:"where"`
	When         string      `json:"when"`
	Condition    Condition   `json:"condition,omitzero"`
	NotBefore    Time        `json:"not_before,omitzero"`
	ExpiresOn    Time        `json:"expires_on,omitzero"`
	SecretEndsOn Time        `json:"secret_ends_on,omitzero"` // the secret that was sent was rolled, and works until then
	Address      string      `json:"address"`                 // from which the request came, as the server sees it; "" for unknown
}

// Owner is the principal of a credential.
type Owner struct {
	Type  leastkey.ResourceType `json:"type"`
	ID    leastkey.ID           `json:"id"`
	Email string                `json:"email,omitempty"` // of a user
}

// ExplainRequest is the body of POST /leastkey/v1/explain: a request that somebody thinks of.
type ExplainRequest struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"` // path and query, or a whole URL
	Header  map[string]string `json:"header,omitempty"`
	Body    json.RawMessage   `json:"body,omitempty"`     // JSON
	IP      string            `json:"ip,omitempty"`       // of the client; the caller's own when there is none
	TokenID string            `json:"token_id,omitempty"` // the token that would make it; the caller's own credential when there is none
}

// Explanation is the answer to it.
type Explanation struct {
	Allowed    bool              `json:"allowed"`
	Status     int               `json:"status,omitempty"` // that a refused request gets; absent for an allowed one, which the API behind answers
	Reason     string            `json:"reason"`           // in words that may be shown to whoever holds the credential
	Credential ExplainCredential `json:"credential"`
	Request    ExplainedRequest  `json:"request"` // as it was read
	Operation  *ExplainOperation `json:"operation"`
	Target     string            `json:"target,omitempty"`  // "zone 023e...", "every zone of account 01a7...", "the zones"
	Policy     *ExplainPolicy    `json:"policy"`            // that decided it; null when none did, or when it cannot be told
	Addition   *ExplainAddition  `json:"addition"`          // the smallest that would allow it; null when there is none
	Instead    string            `json:"instead,omitempty"` // what would help where no addition does
	Enough     *ExplainAddition  `json:"enough,omitempty"`  // of a key that may: what a token would need
	Errors     []Error           `json:"errors"`            // that a refused request gets
}

// ExplainCredential is the credential that would make the request.
type ExplainCredential struct {
	ID   leastkey.ID `json:"id"`
	Kind string      `json:"kind"`
}

// ExplainedRequest is a request as it was read.
type ExplainedRequest struct {
	Method string `json:"method"`
	Host   string `json:"host,omitempty"`
	Path   string `json:"path"` // without the query; "" when it cannot be read
	IP     string `json:"ip"`
}

// ExplainOperation is the operation of the catalogue that the request is.
type ExplainOperation struct {
	Route string               `json:"route"`
	AnyOf []PermissionGroupRef `json:"any_of"` // the permission groups that it accepts, of which one suffices
}

// ExplainPolicy is a policy of a token, and which of them it is, from 0.
type ExplainPolicy struct {
	Index int `json:"index"`
	Policy
}

// MarshalJSON writes both in one object.
func (p ExplainPolicy) MarshalJSON() ([]byte, error) {
	type policy Policy
	return json.Marshal(struct {
		Index int `json:"index"`
		policy
	}{p.Index, policy(p.Policy)})
}

// UnmarshalJSON reads both.
func (p *ExplainPolicy) UnmarshalJSON(data []byte) error {
	var at struct {
		Index int `json:"index"`
	}
	if err := json.Unmarshal(data, &at); err != nil {
		return err
	}
	p.Index = at.Index
	return p.Policy.UnmarshalJSON(data)
}

// ExplainAddition is what to add to a token, and where to do so.
type ExplainAddition struct {
	Policies []Policy `json:"policies"`
	// Certain means that it turns the refusal into an allow. Otherwise it does so when the owner of
	// the token may make the request and what it is about exists, which the caller may not be told.
	Certain      bool   `json:"certain"`
	DashboardURL string `json:"dashboard_url,omitempty"` // shows it to the owner, who decides; absent when it is too much for a link
}

// Bounds of an [ExplainRequest].
const (
	mostExplainHeaders = 64
	mostExplainMethod  = 32
	mostExplainPath    = 12 << 10 // bytes; more than any node takes
)

// DecodeExplainRequest reads the body of an explain. The error is a *[FieldError] or a *[SyntaxError].
func DecodeExplainRequest(body []byte) (ExplainRequest, error) {
	var r ExplainRequest
	body, err := whole(body)
	if err != nil {
		return r, err
	}
	members, err := object(body)
	if err != nil {
		return r, err
	}
	for name, to := range map[string]*string{"method": &r.Method, "path": &r.Path, "ip": &r.IP, "token_id": &r.TokenID} {
		field, err := optional(members, name, text)
		if err != nil {
			return r, err
		}
		*to = field.Value
	}
	header, err := optional(members, "header", readHeader)
	if err != nil {
		return r, err
	}
	r.Header = header.Value
	if raw := members["body"]; !isNull(raw) {
		r.Body = raw
	}
	return r, r.check()
}

func (r ExplainRequest) check() error {
	switch {
	case r.Method == "":
		return &FieldError{"/method", "missing: want the method of a request, such as GET"}
	case len(r.Method) > mostExplainMethod:
		return &FieldError{"/method", "too long for a method"}
	case r.Path == "":
		return &FieldError{"/path", "missing: want the path of a request, or its whole URL"}
	case len(r.Path) > mostExplainPath:
		return &FieldError{"/path", "too long for a path"}
	case len(r.Header) > mostExplainHeaders:
		return &FieldError{"/header", "more than 64 fields"}
	}
	if r.IP != "" {
		if addr, err := netip.ParseAddr(r.IP); err != nil || addr.Zone() != "" {
			return &FieldError{"/ip", "want an IP address such as 192.0.2.7 or 2001:db8::7"}
		}
	}
	return nil
}

func readHeader(data []byte) (map[string]string, error) {
	members, err := object(data)
	if err != nil {
		return nil, err
	}
	header := map[string]string{}
	for name, value := range members {
		if header[name], err = text(value); err != nil {
			return nil, at(err, name)
		}
	}
	return header, nil
}
