package leastkeytest

import "github.com/leastkey/leastkey"

// User adds a user with this e-mail address, in lower case.
func (w *World) User(email string) leastkey.Principal {
	w.t.Helper()
	user := leastkey.UserOf(ID(email))
	w.mu.Lock()
	w.emails[user] = email
	w.mu.Unlock()
	return w.principal(user, true)
}

// Account adds an account. The name is for the test alone.
func (w *World) Account(name string) leastkey.Principal {
	w.t.Helper()
	return w.principal(leastkey.AccountOf(ID(name)), true)
}

// Disable switches a user or an account off, and so all credentials that it owns. To add it again
// switches it on.
func (w *World) Disable(p leastkey.Principal) {
	w.t.Helper()
	w.principal(p, false)
}

// email is the address of a user; "" for an account.
func (w *World) email(p leastkey.Principal) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.emails[p]
}

func (w *World) principal(p leastkey.Principal, active bool) leastkey.Principal {
	w.t.Helper()
	w.Apply(leastkey.Change{Principal: &leastkey.PrincipalRecord{Principal: p, Email: w.email(p), Active: active}})
	return p
}

// Join makes the user a member of the account with just these roles, by name. Roles that the user
// held there before are gone.
func (w *World) Join(user, account leastkey.Principal, role string, more ...string) {
	w.t.Helper()
	var ids []leastkey.ID
	for _, name := range append([]string{role}, more...) {
		held, ok := w.State.Catalog().RoleNamed(name)
		if !ok {
			w.t.Fatalf("leastkeytest: the catalogue has no role %q", name)
		}
		ids = append(ids, held.ID)
	}
	w.member(user, account, ids)
}

// Leave ends the membership of the user in the account.
func (w *World) Leave(user, account leastkey.Principal) {
	w.t.Helper()
	w.member(user, account, nil)
}

func (w *World) member(user, account leastkey.Principal, roles []leastkey.ID) {
	w.t.Helper()
	if user.Kind != leastkey.UserPrincipal || account.Kind != leastkey.AccountPrincipal {
		w.t.Fatalf("leastkeytest: users are members of accounts, not %s of %s", user, account)
	}
	w.Apply(leastkey.Change{Membership: &leastkey.Membership{User: user.ID, Account: account.ID, Roles: roles}})
}

// Resource registers a resource under its parent, or moves it there. The type and the form of the
// id must be of the catalogue.
func (w *World) Resource(kind leastkey.ResourceType, id string, parent leastkey.Resource) leastkey.Resource {
	w.t.Helper()
	c := w.State.Catalog()
	defined, ok := c.Resource(kind)
	switch {
	case !ok:
		w.t.Fatalf("leastkeytest: the catalogue has no resource type %q", kind)
	case defined.Parent != parent.Type:
		w.t.Fatalf("leastkeytest: the parent of a %s is of type %q, not %q", kind, defined.Parent, parent.Type)
	case !c.ValidID(kind, id):
		w.t.Fatalf("leastkeytest: the id of a %s is %s, not %q", kind, defined.IDs, id)
	}
	r := leastkey.Resource{Type: kind, ID: id}
	w.Call(r, parent, "")
	return r
}

// Call registers a resource anew under a name, for operations that find resources by host names.
func (w *World) Call(r, parent leastkey.Resource, name string) {
	w.t.Helper()
	w.Apply(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Parent: parent, Name: name}})
}

// Remove takes a resource out of the registry.
func (w *World) Remove(r leastkey.Resource) {
	w.t.Helper()
	w.Apply(leastkey.Change{Resource: &leastkey.ResourceRecord{Resource: r, Gone: true}})
}
