package api

import (
	"encoding/json"
	"slices"
	"strings"
)

// CredentialImport is one credential of another system, for POST /leastkey/v1/credentials/import,
// whose body is a list of them. Its secret is known by one of Secret and SHA256.
type CredentialImport struct {
	Kind     string // ImportToken when absent
	Owner    string // "user:ada@example.com" or "account:Example Corp"; an id will do as well
	Secret   string
	SHA256   string // of the secret, in 64 hex digits
	IssuedOn Time
	Token    TokenRequest // of a token: as in the body that creates one
}

// The kinds of credential that can be imported.
const (
	ImportToken       = "token"
	ImportGlobalKey   = "global_api_key"
	ImportOriginCAKey = "origin_ca_key"
)

// UnmarshalJSON implements json.Unmarshaler. A member that is not known is an error: in a line of a
// file it would be a mistake that nobody sees. The error is a *[FieldError].
func (c *CredentialImport) UnmarshalJSON(data []byte) error {
	*c = CredentialImport{}
	members, err := object(data)
	if err != nil {
		return err
	}
	known := []string{"kind", "owner", "secret", "sha256", "issued_on", "name", "status", "not_before", "expires_on", "policies", "condition"}
	for name := range members {
		if !slices.Contains(known, name) {
			return &FieldError{"/" + name, "unknown; use " + strings.Join(known, ", ")}
		}
	}
	for name, to := range map[string]*string{"kind": &c.Kind, "owner": &c.Owner, "secret": &c.Secret, "sha256": &c.SHA256} {
		value, err := optional(members, name, text)
		if err != nil {
			return err
		}
		*to = value.Value
	}
	issued, err := optional(members, "issued_on", unmarshal[Time])
	if err != nil {
		return err
	}
	c.IssuedOn = issued.Value
	return c.Token.UnmarshalJSON(data)
}

// ImportedCredentials is the answer to an import of credentials. When one is refused nothing is done,
// nor with ?dry_run=true.
type ImportedCredentials struct {
	Done      bool              `json:"done"`
	Imported  int               `json:"imported"`
	Unchanged int               `json:"unchanged"` // were there already, and are left as they are
	Refused   []ResourceRefusal `json:"refused,omitempty"`
}

// CredentialLines is the body of an import: each line as it stands in the file.
type CredentialLines []json.RawMessage
