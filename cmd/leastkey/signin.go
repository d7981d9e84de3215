package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/config"
	"github.com/leastkey/leastkey/internal/login"
	"github.com/leastkey/leastkey/internal/oidc"
	"github.com/leastkey/leastkey/internal/web"
)

// signInAt is how people sign in at the provider of the configuration. Nothing is asked of it yet, so that the
// dashboard starts while it is down.
func signInAt(c config.Config) (login.OIDC, error) {
	if c.OIDC.Issuer == "" {
		return login.OIDC{}, nil
	}
	at := login.OIDC{Name: c.OIDC.Name, CreateUsers: c.OIDC.CreateUsers}
	var claims []string
	for _, m := range c.OIDC.Rules {
		at.Rules = append(at.Rules, login.Rule{Account: m.Account, Roles: m.Roles, Claim: m.Claim, Is: m.Is})
		claims = append(claims, m.Claim)
	}
	var err error
	at.Provider, err = oidc.New(oidc.Config{
		Issuer: c.OIDC.Issuer, ClientID: c.OIDC.ClientID, Secret: c.OIDC.Secret, Redirect: c.URL + web.CallbackPath,
		Scopes: c.OIDC.Scopes, Claims: claims, Now: time.Now, Random: rand.Reader,
	})
	return at, err
}

// checkRoles finds rules that give roles which a catalogue has not.
func checkRoles(c *catalog.Catalog, rules []config.Membership) error {
	var errs []error
	for _, m := range rules {
		for _, name := range m.Roles {
			if _, known := c.RoleNamed(name); !known {
				errs = append(errs, fmt.Errorf("%s: sign_in.oidc: the catalogue has no role %q; `leastkey role list` has those there are", m.Where, name))
			}
		}
	}
	return errors.Join(errs...)
}
