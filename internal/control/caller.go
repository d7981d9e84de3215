package control

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/leastkey/leastkey"
)

// Caller is who asks for a use case, and by which right: what the enforcement node decided, to
// be decided again inside the transaction, where nothing can change in between.
type Caller struct {
	Session    bool                  // a person who is signed in; otherwise a token or key
	Credential leastkey.ID           // what was presented
	Secret     leastkey.SecretHash   // with which of its secrets
	Principal  leastkey.Principal    // whose it is
	Addr       netip.Addr            // the client's address
	AnyOf      []leastkey.Permission // the permission groups that the operation accepts
	Target     leastkey.Target       // what the operation acts on

	// Once, when it is not zero, is the id of the act: a second act with the same one is Repeated
	// and does nothing. Whoever sends a form again must not make, or roll, twice.
	Once leastkey.ID

	operator bool
	agent    string // a part of Leastkey that acts by itself
	settled  bool   // what allows the deed was decided elsewhere: it is recorded, and no longer decided
}

// Operator is whoever runs this installation, reached through the machine it runs on. It is
// bound by no policy, and recorded like everyone.
func Operator() Caller { return Caller{operator: true} }

// Discovery is Leastkey itself, which keeps the registry as a list of the upstream says.
func Discovery() Caller { return Caller{agent: "discovery", settled: true} }

// authority is a caller as one transaction sees it.
type authority struct {
	leastkey.Maker
	operator    bool
	unconfirmed bool // a session whose person has not proved lately who they are
}

// maySeeSecret refuses a person who left the desk: secrets are made and replaced, and given more, only
// soon after a proof of who one is.
func (a authority) maySeeSecret() error {
	if a.unconfirmed {
		return &Error{Kind: Unconfirmed, Message: "confirm with your password: this shows or replaces a secret, or gives one more"}
	}
	return nil
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
	credential, unconfirmed, err := c.presented(r, caller)
	if err != nil {
		return authority{}, err
	}
	grants, err := c.grants(r, credential.Principal)
	if err != nil {
		return authority{}, err
	}
	decision := leastkey.Decide(credential, grants, leastkey.Request{
		At: c.now(), Addr: caller.Addr, AnyOf: caller.AnyOf, Target: caller.Target,
	})
	if !decision.Allowed() {
		return authority{}, &Error{Kind: Refused, Message: decision.Reason.Words()}
	}
	return authority{Maker: leastkey.Maker{Credential: credential, Grants: grants}, unconfirmed: unconfirmed}, nil
}

// presented is the credential that the caller holds, as it is by now.
func (c *Control) presented(r Reader, caller Caller) (credential leastkey.Credential, unconfirmed bool, err error) {
	if caller.Session {
		return c.presentedSession(r, caller)
	}
	stored, err := r.Credential(caller.Credential)
	if errors.Is(err, ErrNotFound) {
		return credential, false, &Error{Kind: Refused, Message: "the credential has been revoked"}
	}
	if err != nil {
		return credential, false, err
	}
	secret := slices.IndexFunc(stored.Secrets, func(s StoredSecret) bool { return s.Hash.Equal(caller.Secret) })
	if secret < 0 || !stored.Secrets[secret].LiveAt(c.now()) {
		return credential, false, &Error{Kind: Refused, Message: "the secret has been replaced"}
	}
	credential = stored.Credential
	// Nothing that is made with a secret in its overlap may outlive that overlap.
	if until := stored.Secrets[secret].Until; !until.IsZero() {
		if end := credential.Validity.ExpiresOn; end.IsZero() || until.Before(end) {
			credential.Validity.ExpiresOn = until
		}
	}
	return credential, false, nil
}

// presentedSession is a session as a credential. It has no validity of its own to hand on: what a
// person makes while signed in outlives the session.
func (c *Control) presentedSession(r Reader, caller Caller) (credential leastkey.Credential, unconfirmed bool, err error) {
	session, err := r.Session(caller.Credential)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return credential, false, err
	}
	if err != nil || !session.Hash.Equal(caller.Secret) || !session.LiveAt(c.now()) || leastkey.UserOf(session.User) != caller.Principal {
		return credential, false, &Error{Kind: Refused, Message: "the session is over; sign in"}
	}
	credential = leastkey.Credential{ID: session.ID, Kind: leastkey.Session, Principal: caller.Principal, Status: leastkey.Active}
	return credential, !session.ConfirmedAt(c.now()), nil
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
		return c.Catalog().Grants(p, !user.Disabled, memberships), nil
	case leastkey.AccountPrincipal:
		if _, err := r.Account(p.ID); err != nil {
			return leastkey.Grants{}, err
		}
		return c.Catalog().Grants(p, true, nil), nil
	default:
		return leastkey.Grants{}, errors.New("control: a credential without an owner")
	}
}

// mayGive holds the rule that nobody escalates by minting.
func (c *Control) mayGive(r Reader, by authority, child leastkey.Credential) error {
	if by.operator {
		return nil
	}
	bounds := by.Grants
	if child.Principal != by.Credential.Principal {
		var err error
		if bounds, err = c.grants(r, child.Principal); err != nil {
			return err
		}
	}
	if err := bearable(by.Credential, by.Grants, child); err != nil {
		return err
	}
	registry := newAncestry(r)
	excess := by.MayGive(child, bounds, leastkey.World{TypeOf: c.Catalog().TypeOf, Ancestry: registry.of})
	switch {
	case registry.fault != nil:
		return registry.fault
	case excess.What != leastkey.NoExcess:
		return c.excessive(excess)
	default:
		return nil
	}
}

// mostWork bounds the comparisons of one check, beside which nobody else can write: a pair of group
// and resource of the child with a resource of the maker. It takes some tenths of a second.
const mostWork = 3_000_000

// bearable refuses a check that would take too long. Real tokens are far below.
func bearable(maker leastkey.Credential, held leastkey.Grants, child leastkey.Credential) error {
	pairs, patterns := 0, 0
	for _, p := range child.Policies {
		if p.Effect == leastkey.Deny {
			patterns += len(p.Patterns) // looked through for each deny that binds the maker
		} else {
			pairs += len(p.Groups) * len(p.Patterns)
		}
	}
	for _, p := range slices.Concat(maker.Policies, held.Policies) {
		patterns += len(p.Patterns)
	}
	if pairs*patterns > mostWork {
		return &Error{Kind: CheckFailed, Message: "the policies of the token and of the credential that makes it are too many to compare; " +
			"name what they have in common, such as every zone of an account"}
	}
	return nil
}

// ancestry reads chains of parents, each resource once. A fault of the store makes resources look
// unknown, which refuses; it is kept to be reported.
type ancestry struct {
	reader Reader
	chains map[leastkey.Resource][]leastkey.Resource // nil: unknown
	rows   map[leastkey.Resource]Resource            // of the registry, as far as they were read
	fault  error
}

func newAncestry(r Reader) *ancestry {
	return &ancestry{reader: r, chains: map[leastkey.Resource][]leastkey.Resource{}, rows: map[leastkey.Resource]Resource{}}
}

// deepest bounds a chain of parents.
const deepest = 16

func (a *ancestry) of(r leastkey.Resource) ([]leastkey.Resource, bool) {
	chain, read := a.chains[r]
	if !read {
		a.chains[r] = nil // a resource above itself is not known
		chain = a.read(r)
		a.chains[r] = chain
	}
	return chain, chain != nil
}

// read gives a chain that is not nil when the resource is known, though it may be empty.
func (a *ancestry) read(r leastkey.Resource) []leastkey.Resource {
	if r.Type == leastkey.UserType || r.Type == leastkey.AccountType {
		if !a.isPrincipal(r) {
			return nil
		}
		return []leastkey.Resource{}
	}
	row, err := a.reader.Resource(r)
	if err != nil {
		a.note(err)
		return nil
	}
	a.rows[r] = row
	above, known := a.of(row.Parent)
	if !known || len(above) >= deepest {
		return nil
	}
	return append([]leastkey.Resource{row.Parent}, above...)
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
	return leastkey.Membership{User: m.User, Account: m.Account, Roles: m.Roles, Groups: m.Groups}
}

func (u User) record() leastkey.PrincipalRecord {
	return leastkey.PrincipalRecord{Principal: leastkey.UserOf(u.ID), Email: u.Email, Active: !u.Disabled}
}

func (a Account) record() leastkey.PrincipalRecord {
	return leastkey.PrincipalRecord{Principal: leastkey.AccountOf(a.ID), Active: true}
}

func (r Resource) record() leastkey.ResourceRecord {
	return leastkey.ResourceRecord{Resource: r.Resource, Parent: r.Parent, Name: r.Name}
}
