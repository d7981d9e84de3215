package control

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
)

// Concern is what somebody should look at about a credential.
type Concern string

// The concerns.
const (
	EndsSoon  Concern = "ends_soon"      // within two weeks
	Unused    Concern = "unused"         // for as long as was asked about
	OwnerLeft Concern = "owner_left"     // its user is disabled, or is in no account any more
	Mints     Concern = "mints_tokens"   // it can make tokens, and so live on after it was revoked
	NoEnd     Concern = "no_end"         // it is good for ever
	AllPowers Concern = "global_api_key" // it is a Global API Key
)

// Words say it to a person.
func (c Concern) Words() string {
	return map[Concern]string{
		EndsSoon: "ends within two weeks", Unused: "has not been used for long", OwnerLeft: "its owner has left", Mints: "can make tokens",
		NoEnd: "has no end", AllPowers: "has all powers of its user",
	}[c]
}

// DefaultUnused is how long a credential is not used until that is a concern.
const DefaultUnused = 90 * 24 * time.Hour

// soon is as guard.Soon: how long before its end a token is said to end.
const soon = 14 * 24 * time.Hour

// Concerns lists what to look at about one token, as far as the token itself shows it. One that works
// no more is of no concern.
func (c *Control) Concerns(token Credential, unused time.Duration) []Concern {
	now := c.now()
	end := token.Validity.ExpiresOn
	if token.Status != leastkey.Active || !end.IsZero() && !now.Before(end) {
		return nil
	}
	var all []Concern
	add := func(is bool, what Concern) {
		if is {
			all = append(all, what)
		}
	}
	last := token.LastUsedOn
	if last.IsZero() {
		last = token.IssuedOn
	}
	add(token.Kind == leastkey.GlobalAPIKey, AllPowers)
	add(!end.IsZero() && end.Sub(now) <= soon, EndsSoon)
	add(now.Sub(last) >= unused, Unused)
	add(token.Kind == leastkey.Token && c.mints(token), Mints)
	add(token.Kind == leastkey.Token && end.IsZero(), NoEnd)
	return all
}

// mints reports whether a policy gives a permission that making a token accepts.
func (c *Control) mints(token Credential) bool {
	for _, op := range c.Catalog().Operations() {
		if !op.Control || op.Method != "POST" || !strings.HasSuffix(op.Route, "/tokens") {
			continue
		}
		for _, policy := range token.Policies {
			gives := func(p leastkey.Permission) bool { return slices.Contains(policy.Groups, p.Group) }
			if policy.Effect == leastkey.Allow && slices.ContainsFunc(op.AnyOf, gives) {
				return true
			}
		}
	}
	return false
}

// Concerning is a credential with what to look at about it.
type Concerning struct {
	Credential
	Owner    string // e-mail address, or the name of an account
	Concerns []Concern
}

// Doctor lists the credentials of everybody that somebody should look at. Only the operator may.
func (c *Control) Doctor(ctx context.Context, caller Caller, unused time.Duration) ([]Concerning, error) {
	var all []Concerning
	err := c.view(ctx, caller, operatorOnly, func(r Reader) error {
		users, err := r.Users()
		if err != nil {
			return err
		}
		for _, user := range users {
			members, err := r.Memberships(user.ID)
			if err != nil {
				return err
			}
			left := user.Disabled || len(members) == 0
			for _, kind := range []leastkey.Kind{leastkey.Token, leastkey.GlobalAPIKey} {
				if all, err = c.concerning(r, all, leastkey.UserOf(user.ID), user.Email, kind, left, unused); err != nil {
					return err
				}
			}
		}
		accounts, err := r.Accounts()
		if err != nil {
			return err
		}
		for _, account := range accounts {
			if all, err = c.concerning(r, all, leastkey.AccountOf(account.ID), account.Name, leastkey.Token, false, unused); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (c *Control) concerning(r Reader, all []Concerning, owner leastkey.Principal, name string, kind leastkey.Kind, left bool, unused time.Duration) ([]Concerning, error) {
	credentials, err := r.Credentials(owner, kind)
	if err != nil {
		return nil, err
	}
	for _, credential := range credentials {
		concerns := c.Concerns(credential, unused)
		if left && credential.Status == leastkey.Active {
			concerns = append(concerns, OwnerLeft)
		}
		if len(concerns) > 0 {
			all = append(all, Concerning{credential, name, concerns})
		}
	}
	return all, nil
}
