package workload

import (
	"strconv"

	"github.com/leastkey/leastkey"
)

// UserID is the id of the i-th user.
func (w *Workload) UserID(i int) leastkey.ID { return w.id(userKind, i) }

// AccountID is the id of the i-th account.
func (w *Workload) AccountID(i int) leastkey.ID { return w.id(accountKind, i) }

// Email is that of the i-th user.
func Email(user int) string { return "user" + strconv.Itoa(user) + "@example.com" }

// Zone is the i-th zone as it is registered.
func (w *Workload) Zone(i int) leastkey.ResourceRecord {
	return leastkey.ResourceRecord{Resource: w.zone(i), Parent: w.account(i % w.Accounts), Name: "zone" + strconv.Itoa(i) + ".example.com"}
}

// zone is the i-th; those of one account are as many apart as there are accounts.
func (w *Workload) zone(i int) leastkey.Resource {
	return leastkey.Resource{Type: zoneType, ID: w.id(zoneKind, i).String()}
}

func (w *Workload) account(i int) leastkey.Resource {
	return leastkey.AccountOf(w.id(accountKind, i)).Resource()
}

// zoneOf draws a zone of an account.
func (w *Workload) zoneOf(account int, r *random) int {
	return account + r.below(w.Zones/w.Accounts)*w.Accounts
}

// accountsOf are those that a user is a member of, the main one first.
func (w *Workload) accountsOf(user int) []int {
	main := user % w.Accounts
	if other := (user*7 + 1) % w.Accounts; user%3 == 0 && other != main {
		return []int{main, other}
	}
	return []int{main}
}

// Memberships are those of a user: six of ten may do everything in their main account, and some may do a little in
// another.
func (w *Workload) Memberships(user int) []leastkey.Membership {
	id := w.id(userKind, user)
	role := []leastkey.ID{w.roles.super}
	if w.shape == Typical {
		switch draw := w.draw(userKind, -1-user).below(100); {
		case draw < 60:
		case draw < 85:
			role = []leastkey.ID{w.roles.administrator}
		default:
			role = []leastkey.ID{w.roles.dns, w.roles.firewall}
		}
	}
	var all []leastkey.Membership
	for _, account := range w.accountsOf(user) {
		all = append(all, leastkey.Membership{User: id, Account: w.id(accountKind, account), Roles: role})
		role = []leastkey.ID{w.roles.dns}
	}
	return all
}

// owner is whose the i-th token is: of three tokens two are users', and one is an account's.
func (w *Workload) owner(i int) (p leastkey.Principal, user int, accounts []int) {
	if i%3 == 2 && w.shape == Typical {
		account := i / 3 % w.Accounts
		return leastkey.AccountOf(w.id(accountKind, account)), -1, []int{account}
	}
	user = (i/3*2 + i%3) % w.Users
	return leastkey.UserOf(w.id(userKind, user)), user, w.accountsOf(user)
}

// Owners gives every principal and membership, Resources every zone, and Credentials every token, as a store gives them to a node.
func (w *Workload) Owners(yield func(leastkey.Change) error) error {
	for u := range w.Users {
		err := yield(leastkey.Change{Principal: &leastkey.PrincipalRecord{
			Principal: leastkey.UserOf(w.id(userKind, u)), Email: Email(u), Active: true,
		}})
		if err != nil {
			return err
		}
	}
	for a := range w.Accounts {
		if err := yield(leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: leastkey.AccountOf(w.id(accountKind, a)), Active: true}}); err != nil {
			return err
		}
	}
	for u := range w.Users {
		for _, m := range w.Memberships(u) {
			if err := yield(leastkey.Change{Membership: &m}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Resources gives every zone.
func (w *Workload) Resources(yield func(leastkey.Change) error) error {
	for z := range w.Zones {
		zone := w.Zone(z)
		if err := yield(leastkey.Change{Resource: &zone}); err != nil {
			return err
		}
	}
	return nil
}

// Credentials gives every token.
func (w *Workload) Credentials(yield func(leastkey.Change) error) error {
	for i := range w.Tokens {
		token := w.Token(i)
		if err := yield(leastkey.Change{Credential: &token}); err != nil {
			return err
		}
	}
	return nil
}

// Changes gives everything.
func (w *Workload) Changes(yield func(leastkey.Change) error) error {
	for _, part := range []func(func(leastkey.Change) error) error{w.Owners, w.Resources, w.Credentials} {
		if err := part(yield); err != nil {
			return err
		}
	}
	return nil
}
