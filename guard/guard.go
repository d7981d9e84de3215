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
	var l look
	g.check(&r, &l)
	if g.observe != nil && !l.v.Credential.ID.IsZero() {
		g.observe(observation(&l.v, r.Method))
	}
	return l.v
}

// Recheck decides a request as Check does, and tells no observer: it is for a request that was
// checked, and is looked at again while it goes through.
func (g *Guard) Recheck(_ context.Context, r Request) Verdict {
	var l look
	g.check(&r, &l)
	return l.v
}

func (g *Guard) check(r *Request, l *look) {
	g.recognize(r, l)
	if !l.v.refused && r.Arrive != nil {
		if err := r.Arrive(); err != nil {
			l.v.refuse(unreadable(err))
			return
		}
		*l = look{}
		g.recognize(r, l)
	}
	g.decide(r, l)
}

// look is a request as it stands at one instant and in one snapshot. Until its verdict is refused, it is in
// order as far as it was looked at.
type look struct {
	v Verdict
	judged
	head header
	told leastkey.Target // of a refusal whose Target may not be told; otherwise zero
}

// recognize finds the operation and whose secret the request carries, and admits the credential.
func (g *Guard) recognize(r *Request, l *look) {
	g.locate(r, l)
	if l.v.refused {
		return
	}
	g.present(l)
	if l.v.refused {
		return
	}
	g.admit(l)
}

// locate finds the operation.
func (g *Guard) locate(r *Request, l *look) {
	l.time, l.addr = g.now(), r.Addr
	l.now = g.state.sure()
	if l.now == nil {
		l.v.refuse(unsure())
		return
	}
	v := &l.v
	host, err := canonicalHost(r.Host)
	if err == nil {
		err = l.now.route(v, r.Method, host, r.Target)
	}
	if err == nil {
		err = l.now.rules.read(&l.head, r.Header)
	}
	if err == nil {
		err = oneMethod(v.RawQuery)
	}
	if err != nil {
		*v = Verdict{}
		v.refuse(unclear(err.Error()))
		return
	}
	v.now, v.time, v.Host, v.Addr = l.now, l.time, host, r.Addr
	if len(l.head.upgrade) > 0 && asksUpgrade(l.head.upgrade) && (v.Operation == nil || !upgradesTo(l.head.upgrade, v.Operation.Upgrade)) {
		v.refuse(noUpgrade())
	}
}

// admit asks whether the credential is in order, before anything else shows to its holder, and
// then whether the operation is one for its kind.
func (g *Guard) admit(l *look) {
	v, op := &l.v, l.v.Operation
	v.by, v.owner = l.by, l.owner
	of := &v.Credential
	of.ID, of.Kind, of.Status = leastkey.ID(l.by.id()), l.by.kind(), leastkey.Status(l.by[bearerStatus])
	of.Principal = l.owner.principal()
	l.parts.validity(&of.Validity)
	v.Decision = leastkey.Decision{Reason: l.admitted()}
	switch {
	case !v.Decision.Allowed():
		v.refuse(nil)
	case op == nil:
		v.refuse(noRoute(g.masked(v.Path)))
	case forToken(op) && v.Credential.Kind != leastkey.Token:
		v.refuse(notAToken())
	case v.Credential.Kind == leastkey.ServiceKey && !op.ServiceKey:
		v.refuse(notForServiceKeys())
	}
}

// decide decides the operation on its target, when nothing stands against it so far.
func (g *Guard) decide(r *Request, l *look) {
	v := &l.v
	if v.refused {
		return
	}
	if v.Operation.Access != catalog.ByPermission {
		v.Target, v.aim = Target{Kind: leastkey.TargetSelf}, target{on: leastkey.TargetSelf}
		if v.Operation.Access == catalog.ByCredential || v.Operation.Access == catalog.ByAnyCredential {
			able(v, l, r)
			return
		}
		v.refuse(noRoute(g.masked(v.Path)))
		return
	}
	op := &l.now.rules.accepted[v.Operation.Number()]
	denial := g.target(r, l, op)
	if denial != nil {
		v.refuse(denial)
		return
	}
	on := l.judged.decide(op, &v.aim)
	if on.allowed() && v.aim.on == leastkey.TargetList && op.under != noType {
		on = l.inside(op)
	}
	v.Decision = l.now.decision(op, on)
	if !on.allowed() {
		if rule := &v.Operation.Target; rule.ID.Indirect() || rule.In.Indirect() {
			// Which resource it is, and whether there is one, the request did not say.
			l.told = v.Decided()
			v.Target, v.aim = Target{Kind: leastkey.TargetOne, Resource: leastkey.Resource{Type: rule.Type}}, target{on: leastkey.TargetOne, kind: op.kind}
		}
		v.refuse(nil)
		return
	}
	if v.Operation.Moves != nil {
		if g.decideMove(r, l, op); !v.Allowed() {
			return
		}
	}
	able(v, l, r)
}

// able refuses what was allowed, and needs what the adapter cannot do.
func able(v *Verdict, l *look, r *Request) {
	if lacking := needs(v.Operation, &l.head) &^ r.Can; lacking != 0 {
		v.refuse(unable(lacking))
	}
}

// decideMove decides a request that moves its target as one that makes something under the new
// parent as well.
func (g *Guard) decideMove(r *Request, l *look, op *accepted) {
	v := &l.v
	to, denial := g.find(r, l, v.Operation.Moves.Under, v.Operation.Moves.In)
	if denial != nil {
		v.refuse(denial)
		return
	}
	at, _ := placeOf(&l.now.places, l.now.seed, l.now.kindOf(to.Type), to.ID)
	var made target
	l.now.created(&made, op.kind, at)
	if onNew := l.judged.decide(op, &made); !onNew.allowed() {
		v.Decision, v.aim = l.now.decision(op, onNew), made
		v.Target = Target{Kind: leastkey.TargetCreate, Resource: leastkey.Resource{Type: v.Target.Resource.Type}, Known: made.known}
		v.parent = to
		if v.Operation.Moves.In.Indirect() { // which resource that is, the request did not say
			l.told = v.Decided()
			v.parent, v.aim = leastkey.Resource{}, target{on: leastkey.TargetCreate, kind: op.kind}
			v.Target.Known = false
		}
		v.refuse(nil)
		return
	}
	v.MovesTo = to
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
