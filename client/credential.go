package client

import (
	"net/http"

	"github.com/leastkey/leastkey/api"
)

// Credential is what a client presents. The zero Credential is nothing. It prints as a
// placeholder.
type Credential struct {
	email  string
	secret api.Secret
}

// Bearer presents an API token.
func Bearer(token string) Credential { return Credential{secret: api.ShowOnce(token)} }

// Key presents a Global API Key with the e-mail of its user.
func Key(email, key string) Credential { return Credential{email: email, secret: api.ShowOnce(key)} }

// IsZero reports whether nothing would be presented.
func (c Credential) IsZero() bool { return c.secret.IsZero() }

// Token reports whether it is an API token.
func (c Credential) Token() bool { return c.email == "" && !c.IsZero() }

func (c Credential) set(h http.Header) {
	switch {
	case c.IsZero():
	case c.email == "":
		h.Set("Authorization", "Bearer "+c.secret.Reveal())
	default:
		h.Set("X-Auth-Email", c.email)
		h.Set("X-Auth-Key", c.secret.Reveal())
	}
}
