package control

import (
	"errors"
	"net/netip"

	"github.com/leastkey/leastkey"
)

// Caller is who asks for a use case, and by which right: what the enforcement node decided, to
// be decided again inside the transaction, where nothing can change in between.
type Caller struct {
	Credential leastkey.ID           // what was presented
	Principal  leastkey.Principal    // whose it is
	Addr       netip.Addr            // the client's address
	AnyOf      []leastkey.Permission // the permission groups that the operation accepts
	Target     leastkey.Target       // what the operation acts on

	operator bool
	settled  bool // the deed is done already, upstream: it is recorded, and no longer decided
}

// Operator is whoever runs this installation, reached through the machine it runs on. It is
// bound by no policy, and recorded like everyone.
func Operator() Caller { return Caller{operator: true} }

// authority is a caller as one transaction sees it.
type authority struct {
	leastkey.Maker
	operator bool
}

// authorize decides anew that the caller may act on the resource, from the state that r reads.
func (c *Control) authorize(r Reader, caller Caller, on leastkey.Resource) (authority, error) {
	if caller.operator {
		return authority{operator: true}, nil
	}
	if caller.settled {
		who := leastkey.Credential{ID: caller.Credential, Principal: caller.Principal}
		return authority{Maker: leastkey.Maker{Credential: who}}, nil
	}
	if on == operatorOnly { // or a target without a resource, which any credential may reach, would do
		return authority{}, &Error{Kind: Refused, Message: "only the operator may do this"}
	}
	if caller.Target.Resource != on {
		return authority{}, &Error{Kind: Internal, Message: "internal error",
			Cause: errors.New("control: the operation decided was about " + caller.Target.Resource.String() + ", the use case is about " + on.String())}
	}
	credential, err := r.Credential(caller.Credential)
	if errors.Is(err, ErrNotFound) {
		return authority{}, &Error{Kind: Refused, Message: "the credential has been revoked"}
	}
	if err != nil {
		return authority{}, err
	}
	grants, err := c.grants(r, credential.Principal)
	if err != nil {
		return authority{}, err
	}
	decision := leastkey.Decide(credential.Credential, grants, leastkey.Request{
		At: c.now(), Addr: caller.Addr, AnyOf: caller.AnyOf, Target: caller.Target,
	})
	if !decision.Allowed() {
		return authority{}, &Error{Kind: Refused, Message: decision.Reason.Words()}
	}
	return authority{Maker: leastkey.Maker{Credential: credential.Credential, Grants: grants}}, nil
}

// grants is what a principal may do at this moment.
func (c *Control) grants(r Reader, p leastkey.Principal) (leastkey.Grants, error) {
	switch p.Kind {
	case leastkey.UserPrincipal:
		user, err := r.User(p.ID)
		if err != nil {
			return leastkey.Grants{}, err
		}
		members, err := r.Memberships(p.ID)
		if err != nil {
			return leastkey.Grants{}, err
		}
		memberships := make([]leastkey.Membership, len(members))
		for i, m := range members {
			memberships[i] = m.record()
		}
		return c.catalog.Grants(p, !user.Disabled, memberships), nil
	case leastkey.AccountPrincipal:
		if _, err := r.Account(p.ID); err != nil {
			return leastkey.Grants{}, err
		}
		return c.catalog.Grants(p, true, nil), nil
	default:
		return leastkey.Grants{}, errors.New("control: a credential without an owner")
	}
}

// mayGive holds the rule that nobody escalates by minting.
func (c *Control) mayGive(r Reader, by authority, child leastkey.Credential) error {
	if by.operator {
		return nil
	}
	bounds, err := c.grants(r, child.Principal)
	if err != nil {
		return err
	}
	registry := ancestry{reader: r}
	excess := by.MayGive(child, bounds, leastkey.World{TypeOf: c.catalog.TypeOf, Ancestry: registry.of})
	switch {
	case registry.fault != nil:
		return registry.fault
	case excess.What != leastkey.NoExcess:
		return c.excessive(excess)
	default:
		return nil
	}
}

// ancestry reads chains of parents. A fault of the store makes resources look unknown, which
// refuses; it is kept to be reported.
type ancestry struct {
	reader Reader
	fault  error
}

// deepest bounds a chain of parents.
const deepest = 16

func (a *ancestry) of(r leastkey.Resource) ([]leastkey.Resource, bool) {
	var chain []leastkey.Resource
	for len(chain) <= deepest {
		if r.Type == leastkey.UserType || r.Type == leastkey.AccountType {
			return chain, a.isPrincipal(r)
		}
		row, err := a.reader.Resource(r)
		if err != nil {
			a.note(err)
			return nil, false
		}
		chain = append(chain, row.Parent)
		r = row.Parent
	}
	return nil, false
}

func (a *ancestry) isPrincipal(r leastkey.Resource) bool {
	id, err := leastkey.ParseID(r.ID)
	if err != nil {
		return false
	}
	if r.Type == leastkey.UserType {
		_, err = a.reader.User(id)
	} else {
		_, err = a.reader.Account(id)
	}
	a.note(err)
	return err == nil
}

func (a *ancestry) note(err error) {
	if err != nil && !errors.Is(err, ErrNotFound) {
		a.fault = err
	}
}

func (m Member) record() leastkey.Membership {
	return leastkey.Membership{User: m.User, Account: m.Account, Roles: m.Roles}
}

func (u User) record() leastkey.PrincipalRecord {
	return leastkey.PrincipalRecord{Principal: leastkey.UserOf(u.ID), Email: u.Email, Active: !u.Disabled}
}

func (a Account) record() leastkey.PrincipalRecord {
	return leastkey.PrincipalRecord{Principal: leastkey.AccountOf(a.ID), Active: true}
}

func (r Resource) record() leastkey.ResourceRecord {
	return leastkey.ResourceRecord{Resource: r.Resource, Parent: r.Parent}
}
