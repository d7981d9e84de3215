// Package guard is the engine of an enforcement node: credential -> token -> operation -> target
// -> decision. An adapter (gateway, middleware) turns a foreign request into a [Request], asks
// [Guard.Check], and turns the [Verdict] into a foreign answer. Everything is decided from memory,
// from one immutable snapshot of the [State].
package guard

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Guard decides requests.
type Guard struct {
	state     *State
	brand     leastkey.Brand
	now       func() time.Time
	bodyLimit int64
	observe   func(Observation)
}

// Config is what a Guard is made of. BodyLimit is in bytes and bounds bodies in which a target
// must be found; zero means 1 MiB. The catalogue is that of the State.
type Config struct {
	State     *State
	Brand     leastkey.Brand
	Now       func() time.Time
	BodyLimit int64

	// Observe is told of every decision of [Guard.Check] about a credential that was recognised,
	// once. It is called by the goroutine that checks, before the request goes on, and by many at
	// the same time: it must not block. Nil: nobody is told.
	Observe func(Observation)
}

const defaultBodyLimit = 1 << 20

// New makes a Guard.
func New(c Config) (*Guard, error) {
	if c.State == nil || c.Now == nil || c.Brand == "" {
		return nil, errors.New("guard: a state, a brand and a clock are needed")
	}
	if c.BodyLimit <= 0 {
		c.BodyLimit = defaultBodyLimit
	}
	return &Guard{state: c.State, brand: c.Brand, now: c.Now, bodyLimit: c.BodyLimit, observe: c.Observe}, nil
}

// Check decides one request. It is total: whatever is wrong, the verdict refuses and says why.
func (g *Guard) Check(_ context.Context, r Request) Verdict {
	v, at := g.check(r)
	if g.observe != nil && !v.Credential.ID.IsZero() {
		g.observe(observation(v, r.Method, at))
	}
	return v
}

// Recheck decides a request as Check does, and tells no observer: it is for a request that was
// checked, and is looked at again while it goes through.
func (g *Guard) Recheck(_ context.Context, r Request) Verdict {
	v, _ := g.check(r)
	return v
}

// check gives the verdict, and the instant by which it was found.
func (g *Guard) check(r Request) (Verdict, time.Time) {
	l := g.recognize(r)
	if l.v.Denial == nil && r.Arrive != nil {
		if err := r.Arrive(); err != nil {
			return refuse(l.v, unreadable(err)), l.at
		}
		l = g.recognize(r)
	}
	return g.decide(r, l), l.at
}

// look is a request as it stands at one instant and in one snapshot. Until the verdict has a
// Denial, it is in order as far as it was looked at.
type look struct {
	v     Verdict
	owner *holder
	now   *snapshot
	at    time.Time
}

// recognize finds the operation and whose secret the request carries, and admits the credential.
func (g *Guard) recognize(r Request) look {
	l := g.locate(r)
	if l.v.Denial != nil {
		return l
	}
	found, denial := g.presenter(r.Header, l)
	if denial != nil {
		l.v = refuse(l.v, denial)
		return l
	}
	return g.admit(r, l, found)
}

// locate finds the operation.
func (g *Guard) locate(r Request) look {
	l := look{at: g.now(), now: g.state.sure()}
	if l.now == nil {
		l.v = refuse(l.v, unsure())
		return l
	}
	path, query, err := canonicalPath(r.Target)
	if err != nil {
		l.v = refuse(l.v, unclear(err.Error()))
		return l
	}
	host, err := canonicalHost(r.Host)
	if err == nil {
		err = l.now.rules.oneReading(r.Header, query)
	}
	if err != nil {
		l.v = refuse(l.v, unclear(err.Error()))
		return l
	}
	op, params, _ := l.now.rules.catalog.Match(r.Method, host, path)
	l.v = Verdict{Operation: op, Params: params, Host: host, Path: path, RawQuery: query, Addr: r.Addr, rules: l.now.rules}
	if AsksUpgrade(r.Header) && (op == nil || !upgradesTo(r.Header, op.Upgrade)) {
		l.v = refuse(l.v, noUpgrade())
	}
	return l
}

// admit asks whether the credential is in order, before anything else shows to its holder, and
// then whether the operation is one for its kind.
func (g *Guard) admit(r Request, l look, by identity) look {
	op := l.v.Operation
	l.owner = by.owner
	l.v.Credential, l.v.Email, l.v.Secret = by.credential.Credential, by.owner.record.Email, by.secret
	l.v.Decision = leastkey.Decide(l.v.Credential, by.owner.grants, leastkey.Request{At: l.at, Addr: r.Addr, Target: leastkey.OnSelf(), ServiceKey: true})
	switch {
	case !l.v.Decision.Allowed():
		l.v = refuse(l.v, denied(l.v, r))
	case op == nil:
		l.v = refuse(l.v, noRoute(g.masked(l.v.Path)))
	case forToken(op) && l.v.Credential.Kind != leastkey.Token:
		l.v = refuse(l.v, notAToken())
	case l.v.Credential.Kind == leastkey.ServiceKey && !op.ServiceKey:
		l.v = refuse(l.v, notForServiceKeys())
	}
	return l
}

// decide decides the operation on its target, when nothing stands against it so far.
func (g *Guard) decide(r Request, l look) Verdict {
	v := l.v
	if v.Denial != nil {
		return v
	}
	if v.Operation.Access == catalog.ByCredential {
		v.Target = leastkey.OnSelf()
		return able(v, r)
	}
	found, denial := g.target(r, l)
	v.Target = found.target
	if denial != nil {
		return refuse(v, denial)
	}
	decide := func(on leastkey.Target) leastkey.Decision {
		return leastkey.Decide(v.Credential, l.owner.grants, leastkey.Request{At: l.at, Addr: r.Addr, AnyOf: v.Operation.AnyOf, Target: on, ServiceKey: v.Operation.ServiceKey})
	}
	if v.Decision = decide(v.Target); v.Decision.Allowed() && v.Target.Kind == leastkey.TargetList && found.within.Type != "" {
		v.Decision = found.inside(l, v.Credential.Policies, decide)
	}
	if !v.Decision.Allowed() {
		if rule := v.Operation.Target; rule.ID.Indirect() || rule.In.Indirect() {
			// Which resource it is, and whether there is one, the request did not say.
			v.found, v.Target = v.Target, leastkey.OnUnknown(leastkey.Resource{Type: rule.Type})
		}
		return refuse(v, denied(v, r))
	}
	if v.Operation.Moves != nil {
		if v = g.decideMove(r, l, v, decide); !v.Allowed() {
			return v
		}
	}
	if v = able(v, r); !v.Allowed() {
		return v
	}
	v.sees = func(item leastkey.Resource) bool {
		return decide(l.now.oneIn(item, found.within)).Allowed()
	}
	return v
}

// able refuses what was allowed, and needs what the adapter cannot do.
func able(v Verdict, r Request) Verdict {
	if lacking := needs(v.Operation, r) &^ r.Can; lacking != 0 {
		return refuse(v, unable(lacking))
	}
	return v
}

// decideMove decides a request that moves its target as one that makes something under the new
// parent as well.
func (g *Guard) decideMove(r Request, l look, v Verdict, decide func(leastkey.Target) leastkey.Decision) Verdict {
	parent, denial := g.find(r, l, v.Operation.Moves.Under, v.Operation.Moves.In)
	if denial != nil {
		return refuse(v, denial)
	}
	made := l.now.created(v.Target.Resource.Type, parent)
	if onNew := decide(made); !onNew.Allowed() {
		v.Decision, v.Target = onNew, made
		return refuse(v, denied(v, r))
	}
	v.MovesTo = parent
	return v
}

// masked is a path as an error may repeat it: without a secret that somebody pasted there.
func (g *Guard) masked(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if _, _, err := g.brand.Parse(segment); err == nil {
			segments[i] = "[secret]"
		}
	}
	return strings.Join(segments, "/")
}

// forToken reports whether the operation is verify: good for any token, and for tokens only.
func forToken(op *catalog.Operation) bool {
	return op != nil && op.Access == catalog.ByCredential
}

// refuse makes sure that what is answered and what was decided agree.
func refuse(v Verdict, d *Denial) Verdict {
	v.Denial = d
	v.sees = nil
	if v.Decision.Allowed() {
		v.Decision = leastkey.Decision{}
	}
	return v
}

// denied words a decision against a known credential.
func denied(v Verdict, r Request) *Denial {
	switch reason := v.Decision.Reason; reason {
	case leastkey.AddressRefused:
		return wrongLocation(r.Addr)
	case leastkey.PermissionMissing, leastkey.PermissionDenied, leastkey.PrincipalLacks:
		return missing(v.Operation, v.Target, v.groupName)
	default:
		return unusable(reason, v.Operation)
	}
}

func (v Verdict) groupName(id leastkey.ID) string {
	group, _ := v.rules.catalog.Group(id)
	return group.Name
}
