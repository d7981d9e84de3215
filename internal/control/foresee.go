package control

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Effect is how a change touches one credential.
type Effect struct {
	Credential   Credential
	Owner        string // what people call the owner: an e-mail address, the name of an account
	Loses, Gains []leastkey.Right
}

// foreseen is what is known before and after a change.
type foreseen struct {
	owners   []leastkey.Principal                      // whose credentials it may touch
	grants   map[leastkey.Principal][2]leastkey.Grants // before, after
	ancestry [2]leastkey.Ancestry                      // before, after
	moved    []leastkey.Resource                       // what is elsewhere afterwards; none: owners may do more or less
	without  map[leastkey.ID]Credential                // credentials that are others afterwards
}

// ForeseeRoles tells which credentials would lose or gain what, if a member of an account had these
// roles; with none, no place there. Only the operator may ask, for it tells of people's own tokens.
func (c *Control) ForeseeRoles(ctx context.Context, caller Caller, account, member leastkey.ID, roles []leastkey.ID) ([]Effect, error) {
	var effects []Effect
	err := c.view(ctx, caller, operatorOnly, func(r Reader) (err error) {
		effects, err = c.foreseeRoles(r, account, member, roles)
		return err
	})
	return effects, err
}

func (c *Control) foreseeRoles(r Reader, account, member leastkey.ID, roles []leastkey.ID) ([]Effect, error) {
	row, err := r.Member(account, member)
	if err != nil {
		return nil, explain(err, "member", member)
	}
	own, err := r.Roles(account)
	if err != nil {
		return nil, err
	}
	is := row.record()
	is.Roles, is.Groups = roles, grantedBy(own, roles)
	return c.foreseeUser(r, row.User, instead(is), nil)
}

// instead puts a membership in the place of the one in its account.
func instead(is leastkey.Membership) func([]leastkey.Membership) []leastkey.Membership {
	return func(memberships []leastkey.Membership) []leastkey.Membership {
		after := slices.DeleteFunc(slices.Clone(memberships), func(m leastkey.Membership) bool { return m.Account == is.Account })
		if len(is.Roles) > 0 {
			after = append(after, is)
		}
		return after
	}
}

// ForeseeDisabled tells which credentials of a user would lose what, if the user were disabled. Only the
// operator may ask.
func (c *Control) ForeseeDisabled(ctx context.Context, caller Caller, user leastkey.ID) ([]Effect, error) {
	var effects []Effect
	err := c.view(ctx, caller, operatorOnly, func(r Reader) (err error) {
		off := false
		effects, err = c.foreseeUser(r, user, slices.Clone, &off)
		return explain(err, "user", user)
	})
	return effects, err
}

// foreseeUser is about a user whose memberships, or whether it is active, would change.
func (c *Control) foreseeUser(r Reader, id leastkey.ID, change func([]leastkey.Membership) []leastkey.Membership, active *bool) ([]Effect, error) {
	user, err := r.User(id)
	if err != nil {
		return nil, err
	}
	members, err := r.Memberships(id)
	if err != nil {
		return nil, err
	}
	memberships := make([]leastkey.Membership, len(members))
	for i, m := range members {
		memberships[i] = m.record()
	}
	owner := leastkey.UserOf(id)
	before := c.Catalog().Grants(owner, !user.Disabled, memberships)
	after := c.Catalog().Grants(owner, !user.Disabled, change(memberships))
	if active != nil {
		after.Active = *active
	}
	registry := newAncestry(r)
	f := foreseen{
		owners: []leastkey.Principal{owner}, grants: map[leastkey.Principal][2]leastkey.Grants{owner: {before, after}},
		ancestry: [2]leastkey.Ancestry{registry.of, registry.of},
	}
	effects, err := c.effects(r, f)
	return effects, cmp.Or(err, registry.fault)
}

// ForeseeMove tells which credentials would lose or gain what, if a resource with all below it were under
// another parent. Only the operator may ask.
func (c *Control) ForeseeMove(ctx context.Context, caller Caller, of, parent leastkey.Resource) ([]Effect, error) {
	if err := c.checkResource(of, parent); err != nil {
		return nil, err
	}
	var effects []Effect
	err := c.view(ctx, caller, operatorOnly, func(r Reader) error {
		row, err := registered(r, of)
		if err != nil {
			return err
		}
		registry := newAncestry(r)
		above, known := registry.of(parent)
		if !known {
			return cmp.Or(registry.fault, error(invalid("/parent", "there is no %s", parent)))
		}
		below, err := subtree(r, row)
		if err != nil {
			return err
		}
		lost, err := c.losses(r, resources(below))
		if err != nil {
			return err
		}
		f := foreseen{grants: map[leastkey.Principal][2]leastkey.Grants{}, moved: resources(below), without: map[leastkey.ID]Credential{}}
		for _, l := range lost {
			f.without[l.Token.ID] = l.is
		}
		f.ancestry = [2]leastkey.Ancestry{registry.of, elsewhere(registry.of, of, append([]leastkey.Resource{parent}, above...))}
		from, _ := registry.of(of)
		for _, r := range slices.Concat(from, []leastkey.Resource{parent}, above) {
			if err := f.addOwners(r, c, registry.reader); err != nil {
				return err
			}
		}
		effects, err = c.effects(r, f)
		return cmp.Or(err, registry.fault)
	})
	return effects, err
}

// elsewhere is the ancestry when a resource has other ancestors.
func elsewhere(now leastkey.Ancestry, moved leastkey.Resource, above []leastkey.Resource) leastkey.Ancestry {
	return func(r leastkey.Resource) ([]leastkey.Resource, bool) {
		chain, known := now(r)
		if r == moved {
			return above, known
		}
		if i := slices.Index(chain, moved); i >= 0 {
			return slices.Concat(chain[:i+1], above), known
		}
		return chain, known
	}
}

// addOwners adds an account, and those who have a place in it.
func (f *foreseen) addOwners(account leastkey.Resource, c *Control, r Reader) error {
	id, err := leastkey.ParseID(account.ID)
	if account.Type != leastkey.AccountType || err != nil {
		return nil //nolint:nilerr // what is no account has no owners
	}
	owners := []leastkey.Principal{leastkey.AccountOf(id)}
	members, err := r.Members(id)
	if err != nil {
		return err
	}
	for _, m := range members {
		owners = append(owners, leastkey.UserOf(m.User))
	}
	for _, owner := range owners {
		if _, known := f.grants[owner]; known {
			continue
		}
		grants, err := c.grants(r, owner)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		f.owners = append(f.owners, owner)
		f.grants[owner] = [2]leastkey.Grants{grants, grants}
	}
	return nil
}

// effects looks at every credential of the owners.
func (c *Control) effects(r Reader, f foreseen) ([]Effect, error) {
	var all []Effect
	for _, owner := range f.owners {
		for _, kind := range []leastkey.Kind{leastkey.GlobalAPIKey, leastkey.ServiceKey, leastkey.Token} {
			credentials, err := r.Credentials(owner, kind)
			if err != nil {
				return nil, err
			}
			for _, is := range credentials {
				e := c.effect(is, f)
				if len(e.Loses)+len(e.Gains) == 0 {
					continue
				}
				if e.Owner, err = called(r, owner); err != nil {
					return nil, err
				}
				all = append(all, e)
			}
		}
	}
	return all, nil
}

// called is what people call a principal.
func called(r Reader, p leastkey.Principal) (string, error) {
	if p.Kind == leastkey.UserPrincipal {
		user, err := r.User(p.ID)
		return user.Email, err
	}
	account, err := r.Account(p.ID)
	return account.Name, err
}

func (c *Control) effect(is Credential, f foreseen) Effect {
	after := is
	if other, changed := f.without[is.ID]; changed {
		after = other
	}
	rights := func(of Credential, at int) []leastkey.Right {
		w := leastkey.World{TypeOf: c.Catalog().TypeOf, Ancestry: f.ancestry[at]}
		if len(f.moved) > 0 {
			return c.rightsOn(of, f.grants[is.Principal][at], w, f.moved)
		}
		return of.Rights(f.grants[is.Principal][at], w)
	}
	had, has := c.takenBy(is, rights(is, 0)), c.takenBy(is, rights(after, 1))
	return Effect{Credential: is, Loses: leastkey.Beyond(had, has, f.ancestry[1]), Gains: leastkey.Beyond(has, had, f.ancestry[0])}
}

// rightsOn are the rights that are about the resources, on each by itself.
func (c *Control) rightsOn(of Credential, g leastkey.Grants, w leastkey.World, on []leastkey.Resource) []leastkey.Right {
	var all []leastkey.Right
	asked := map[leastkey.Right]bool{}
	for _, right := range of.Rights(g, w) {
		for _, r := range on {
			one := leastkey.Right{Permission: right.Permission, Pattern: leastkey.PatternOne(r)}
			ancestors, known := w.Ancestry(r)
			if asked[one] || !known || r.Type != right.Type {
				continue
			}
			asked[one] = true
			if of.May(g, right.Permission, leastkey.OnResource(r, ancestors...)) {
				all = append(all, one)
			}
		}
	}
	return all
}

// takenBy leaves out what no operation takes from a credential of this kind.
func (c *Control) takenBy(is Credential, rights []leastkey.Right) []leastkey.Right {
	if is.Kind != leastkey.ServiceKey {
		return rights
	}
	return slices.DeleteFunc(rights, func(r leastkey.Right) bool {
		return !slices.ContainsFunc(c.Catalog().Operations(), func(op *catalog.Operation) bool {
			return op.ServiceKey && slices.Contains(op.AnyOf, r.Permission)
		})
	})
}

// TouchedByRoles counts the credentials that would lose, and those that would gain, if a member of an account had
// these roles. Whoever may see the member may ask: which credentials they are is the person's own.
func (c *Control) TouchedByRoles(ctx context.Context, caller Caller, account, member leastkey.ID, roles []leastkey.ID) (loses, gains int, err error) {
	err = c.view(ctx, caller, leastkey.AccountOf(account).Resource(), func(r Reader) error {
		effects, err := c.foreseeRoles(r, account, member, roles)
		for _, e := range effects {
			if len(e.Loses) > 0 {
				loses++
			}
			if len(e.Gains) > 0 {
				gains++
			}
		}
		return err
	})
	return loses, gains, err
}

// Permits reports whether the caller may do at this moment what it says that it is about, on an account.
func (c *Control) Permits(ctx context.Context, caller Caller, account leastkey.ID) (bool, error) {
	err := c.view(ctx, caller, leastkey.AccountOf(account).Resource(), func(Reader) error { return nil })
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind == Refused {
		return false, nil
	}
	return err == nil, err
}
