package storetest

import (
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// ofUser and the like say what enforcement nodes learn of a row.
func ofUser(u control.User) leastkey.Change {
	return leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.UserOf(u.ID), Email: u.Email, Active: !u.Disabled}}
}

func ofAccount(a control.Account) leastkey.Change {
	return leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(a.ID), Active: true}}
}

func ofResource(r control.Resource) leastkey.Change {
	return leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r.Resource, Parent: r.Parent, Name: r.Name}}
}

func ofMember(m control.Member) leastkey.Change {
	return leastkey.Change{Membership: &leastkey.Membership{User: m.User, Account: m.Account, Roles: m.Roles, Groups: m.Groups}}
}

func ofCredential(c control.Credential) leastkey.Change {
	rec := c.Record()
	return leastkey.Change{Credential: &rec}
}

// endedMember and the like say that something is no more.
func endedMember(m control.Member) leastkey.Change {
	return leastkey.Change{Membership: &leastkey.Membership{User: m.User, Account: m.Account}}
}

func goneResource(r leastkey.Resource) leastkey.Change {
	return leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Gone: true}}
}

func revoked(c control.Credential) leastkey.Change {
	return leastkey.Change{Credential: &leastkey.CredentialRecord{Credential: c.Credential}}
}

// known is what an enforcement node has learnt from changes.
type known struct {
	Principals  map[leastkey.Principal]leastkey.PrincipalRecord
	Resources   map[leastkey.Resource]leastkey.ResourceRecord
	Memberships map[[2]leastkey.ID]leastkey.Membership
	Credentials map[leastkey.ID]leastkey.CredentialRecord
}

func learn(changes []leastkey.Change) known {
	k := known{
		map[leastkey.Principal]leastkey.PrincipalRecord{},
		map[leastkey.Resource]leastkey.ResourceRecord{},
		map[[2]leastkey.ID]leastkey.Membership{},
		map[leastkey.ID]leastkey.CredentialRecord{},
	}
	for _, c := range changes {
		switch {
		case c.Principal != nil:
			k.Principals[c.Principal.Principal] = *c.Principal
		case c.Resource != nil && c.Resource.Gone:
			delete(k.Resources, c.Resource.Resource)
		case c.Resource != nil:
			k.Resources[c.Resource.Resource] = *c.Resource
		case c.Membership != nil && len(c.Membership.Roles) == 0:
			delete(k.Memberships, [2]leastkey.ID{c.Membership.Account, c.Membership.User})
		case c.Membership != nil:
			k.Memberships[[2]leastkey.ID{c.Membership.Account, c.Membership.User}] = *c.Membership
		case c.Credential != nil && len(c.Credential.Secrets) == 0:
			delete(k.Credentials, c.Credential.Credential.ID)
		case c.Credential != nil:
			k.Credentials[c.Credential.Credential.ID] = *c.Credential
		}
	}
	return k
}

// state collects what State gives.
func state(r control.Reader) (all []leastkey.Change, err error) {
	err = r.State(func(c leastkey.Change) error {
		all = append(all, c)
		return nil
	})
	return all, err
}

// inOrder reports whether changes come as State promises: principals, resources, memberships,
// credentials.
func inOrder(changes []leastkey.Change) bool {
	return slices.IsSortedFunc(changes, func(a, b leastkey.Change) int { return rank(a) - rank(b) })
}

func rank(c leastkey.Change) int {
	switch {
	case c.Principal != nil:
		return 0
	case c.Resource != nil:
		return 1
	case c.Membership != nil:
		return 2
	default:
		return 3
	}
}

// flat gives the changes of a log one after the other.
func flat(log []control.Committed) (all []leastkey.Change) {
	for _, c := range log {
		all = append(all, c.Changes...)
	}
	return all
}
