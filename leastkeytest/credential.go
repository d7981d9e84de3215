package leastkeytest

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
)

// Credential is a credential of a world, and the secret that it is presented with.
type Credential struct {
	ID     leastkey.ID
	Secret leastkey.Secret // the newest

	w      *World
	record leastkey.CredentialRecord
}

// Option says one thing about a new credential. Make one with [Grant.On], [Expires], [NotBefore],
// [From], [NotFrom] or [Disabled].
type Option func(*World, *leastkey.Credential)

// Token makes an API token of a user or an account. Without an Allow it may do nothing.
func (w *World) Token(owner leastkey.Principal, options ...Option) *Credential {
	w.t.Helper()
	kind := leastkey.UserTokenSecret
	if owner.Kind == leastkey.AccountPrincipal {
		kind = leastkey.AccountTokenSecret
	}
	return w.credential(leastkey.Token, kind, owner, options)
}

// Key makes a Global API Key of a user.
func (w *World) Key(user leastkey.Principal, options ...Option) *Credential {
	w.t.Helper()
	return w.credential(leastkey.GlobalAPIKey, leastkey.GlobalKeySecret, user, options)
}

// ServiceKey makes an Origin CA Key of a user, which operations with service_key take.
func (w *World) ServiceKey(user leastkey.Principal, options ...Option) *Credential {
	w.t.Helper()
	return w.credential(leastkey.ServiceKey, leastkey.ServiceKeySecret, user, options)
}

func (w *World) credential(kind leastkey.Kind, shape leastkey.SecretKind, owner leastkey.Principal, options []Option) *Credential {
	w.t.Helper()
	secret, n := w.Mint(shape)
	c := &Credential{ID: ID(fmt.Sprint("credential ", n)), Secret: secret, w: w}
	c.record = leastkey.CredentialRecord{
		Credential: leastkey.Credential{ID: c.ID, Kind: kind, Principal: owner, Status: leastkey.Active},
		Secrets:    []leastkey.LiveSecret{{Hash: secret.Hash()}},
	}
	for _, option := range options {
		option(w, &c.record.Credential)
	}
	w.Apply(leastkey.Change{Credential: &c.record})
	return c
}

// Mint makes a secret that is nobody's yet, and says which of the world's it is.
func (w *World) Mint(shape leastkey.SecretKind) (leastkey.Secret, int) {
	w.t.Helper()
	w.mu.Lock()
	w.minted++
	n := w.minted
	w.mu.Unlock()
	secret, err := leastkey.DefaultBrand.Mint(shape, rand.NewChaCha8(sha256.Sum256(fmt.Append(nil, "leastkeytest secret ", n))))
	if err != nil {
		w.t.Fatal(err)
	}
	return secret, n
}

// Edit changes what the credential is, from now on.
func (c *Credential) Edit(edit func(*leastkey.Credential)) {
	c.w.t.Helper()
	c.record.Credential.Policies = slices.Clone(c.record.Credential.Policies)
	edit(&c.record.Credential)
	c.apply()
}

// Roll gives the credential a new secret. The old one works on for the overlap; without any it is
// dead at once.
func (c *Credential) Roll(overlap time.Duration) {
	c.w.t.Helper()
	shape := map[leastkey.Kind]leastkey.SecretKind{leastkey.GlobalAPIKey: leastkey.GlobalKeySecret, leastkey.ServiceKey: leastkey.ServiceKeySecret}[c.record.Credential.Kind]
	if c.record.Credential.Kind == leastkey.Token {
		_, shape, _ = leastkey.DefaultBrand.Parse(c.Secret.Reveal())
	}
	old := leastkey.LiveSecret{Hash: c.Secret.Hash(), Until: c.w.Now().Add(overlap)}
	c.Secret, _ = c.w.Mint(shape)
	c.record.Secrets = []leastkey.LiveSecret{{Hash: c.Secret.Hash()}}
	if overlap > 0 {
		c.record.Secrets = append(c.record.Secrets, old)
	}
	c.apply()
}

// Revoke ends the credential: from now on it is unknown.
func (c *Credential) Revoke() {
	c.w.t.Helper()
	c.record.Secrets = nil
	c.apply()
}

// apply puts a copy in force, since what a state holds must not change.
func (c *Credential) apply() {
	c.w.t.Helper()
	record := c.record
	c.w.Apply(leastkey.Change{Credential: &record})
}
