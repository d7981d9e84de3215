package workload

import (
	"net/netip"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Case is one request with the answers that are right.
type Case struct {
	Secret   string
	Token    int // whose the secret is; at least Workload.Tokens: nobody's
	Method   string
	Target   string // path, as on the wire
	Addr     netip.Addr
	AnyOf    []leastkey.Permission // what the operation accepts
	Resource leastkey.Resource     // what it acts on
	Account  leastkey.Resource     // that has the resource, or is it

	Known      bool // there is such a token
	ByPolicies bool // the token allows it, whatever its owner may do
	Allowed    bool // the token allows it, and its owner may do it
	Reason     leastkey.Reason
}

// wish is how a case is drafted. What it comes to is for the law to say.
type wish uint8

const (
	allowed wish = iota
	otherZone
	otherOperation
	otherAddress
	unknownSecret
	denied
	unusable
)

// Cases are n requests, of which every other one is allowed; the same for the same n.
func (w *Workload) Cases(n int) []Case {
	all := make([]Case, 0, n)
	r := w.draw(caseKind, w.Tokens)
	for len(all) < n {
		want := len(all)%2 == 0
		wish := allowed
		if !want {
			wish = w.refusal(r)
		}
		if c, ok := w.draft(wish, r); ok && c.Allowed == want {
			all = append(all, c)
		}
	}
	return all
}

// refusal draws why a request is to be refused. Some drafts for another zone come out as one that the owner may not touch.
func (w *Workload) refusal(r *random) wish {
	if w.shape != Typical {
		return []wish{otherZone, otherOperation}[r.below(2)]
	}
	switch n := r.below(100); {
	case n < 30:
		return otherZone
	case n < 60:
		return otherOperation
	case n < 70:
		return otherAddress
	case n < 80:
		return unknownSecret
	case n < 90:
		return denied
	default:
		return unusable
	}
}

// draft makes a request of a random token; false when that token has not what it takes.
func (w *Workload) draft(wish wish, r *random) (Case, bool) {
	i := r.below(w.Tokens)
	record := w.Token(i)
	token := record.Credential
	policy := token.Policies[r.below(len(token.Policies))]
	switch {
	case wish == denied && policy.Effect != leastkey.Deny, wish == otherAddress && token.Condition.IsZero(),
		wish == unusable && token.Usable(Now()) == leastkey.Granted:
		return Case{}, false
	}
	ops := w.accepts[policy.Groups[0]]
	op := ops[r.below(len(ops))]
	_, _, accounts := w.owner(i)
	zone, account := w.match(policy.Patterns[r.below(len(policy.Patterns))], accounts, r)
	if wish == otherOperation {
		other := w.routable[zoneType][r.below(len(w.routable[zoneType]))]
		op = w.accepts[other][r.below(len(w.accepts[other]))]
	}
	if wish == otherZone {
		z := r.below(w.Zones)
		zone, account = w.zone(z), w.account(z%w.Accounts)
	}
	c := Case{Secret: w.Secret(i), Token: i, Method: op.Method, AnyOf: op.AnyOf, Resource: zone, Account: account, Known: true}
	if op.Target.Type == leastkey.AccountType {
		c.Resource = account
	}
	c.Target = path(op, c.Resource.ID, w.id(recordKind, r.below(1<<30)).String())
	c.Addr = address(token.Condition, wish == otherAddress, r)
	if wish == unknownSecret {
		c.Token += 3 * (w.Tokens + 1_000_000) // of the same kind, and beyond any token that is added
		c.Secret, c.Known, c.Reason = w.Secret(c.Token), false, leastkey.DeniedByDefault
		return c, true
	}
	w.judge(&c, token)
	return c, true
}

// match is a zone that the pattern is about, and its account.
func (w *Workload) match(p leastkey.Pattern, accounts []int, r *random) (zone, account leastkey.Resource) {
	of := accounts[r.below(len(accounts))]
	if p.Type == zoneType && p.Extent == leastkey.Under {
		for _, a := range accounts {
			if w.account(a) == p.Parent {
				of = a
			}
		}
	}
	zone, account = w.zone(w.zoneOf(of, r)), w.account(of)
	if p.Type != zoneType || p.Extent != leastkey.One {
		return zone, account
	}
	for _, a := range accounts {
		for z := a; z < w.Zones; z += w.Accounts {
			if w.zone(z).ID == p.ID {
				return w.zone(z), w.account(a)
			}
		}
	}
	return zone, account
}

// judge asks the law itself, over whole records.
func (w *Workload) judge(c *Case, token leastkey.Credential) {
	target := leastkey.OnResource(c.Resource)
	if c.Resource != c.Account {
		target = leastkey.OnResource(c.Resource, c.Account)
	}
	request := leastkey.Request{At: Now(), Addr: c.Addr, AnyOf: c.AnyOf, Target: target}
	d := leastkey.Decide(token, w.grants(c.Token), request)
	c.Allowed, c.Reason = d.Allowed(), d.Reason
	c.ByPolicies = c.Allowed || leastkey.Decide(token, boundless(token.Principal, c.AnyOf), request).Allowed()
}

// grants are those of the owner of the i-th token.
func (w *Workload) grants(i int) leastkey.Grants {
	owner, user, _ := w.owner(i)
	var memberships []leastkey.Membership
	if user >= 0 {
		memberships = w.Memberships(user)
	}
	return w.Catalog.Grants(owner, true, memberships)
}

// boundless are grants of an owner who may do all of this everywhere.
func boundless(p leastkey.Principal, all []leastkey.Permission) leastkey.Grants {
	g := leastkey.Grants{Principal: p, Active: true}
	for _, one := range all {
		g.Policies = append(g.Policies, leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{one.Group}, Patterns: []leastkey.Pattern{leastkey.PatternEvery(one.Type)}})
	}
	return g
}

// path fills the parameters of a route: that of the resource, and any other.
func path(op *catalog.Operation, resource, other string) string {
	segments := strings.Split(op.Route, "/")
	for k, s := range segments {
		switch {
		case s == "{"+op.Target.ID.Params[0]+"}":
			segments[k] = resource
		case strings.HasPrefix(s, "{"):
			segments[k] = other
		}
	}
	return strings.Join(segments, "/")
}

// address is one from which the condition lets a request in, or one from which it does not.
func address(c leastkey.Condition, outside bool, r *random) netip.Addr {
	if outside || len(c.In) == 0 {
		return netip.AddrFrom4([4]byte{192, 0, 2, byte(r.below(256))})
	}
	prefix := netip.MustParsePrefix(c.In[r.below(len(c.In))].String())
	bytes := prefix.Addr().As4()
	bytes[3] = byte(r.below(256))
	return netip.AddrFrom4(bytes)
}
