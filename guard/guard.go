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
	catalog   *catalog.Catalog
	state     *State
	brand     leastkey.Brand
	now       func() time.Time
	bodyLimit int64
}

// Config is what a Guard is made of. BodyLimit is in bytes and bounds bodies in which a target
// must be found; zero means 1 MiB.
type Config struct {
	Catalog   *catalog.Catalog
	State     *State
	Brand     leastkey.Brand
	Now       func() time.Time
	BodyLimit int64
}

const defaultBodyLimit = 1 << 20

// New makes a Guard.
func New(c Config) (*Guard, error) {
	if c.Catalog == nil || c.State == nil || c.Now == nil || c.Brand == "" {
		return nil, errors.New("guard: a catalogue, a state, a brand and a clock are needed")
	}
	if c.BodyLimit <= 0 {
		c.BodyLimit = defaultBodyLimit
	}
	return &Guard{catalog: c.Catalog, state: c.State, brand: c.Brand, now: c.Now, bodyLimit: c.BodyLimit}, nil
}

// Check decides one request. It is total: whatever is wrong, the verdict refuses and says why.
func (g *Guard) Check(_ context.Context, r Request) Verdict {
	look := g.recognize(r)
	if look.v.Denial == nil && r.Arrive != nil {
		if err := r.Arrive(); err != nil {
			return refuse(look.v, unreadable(err))
		}
		look = g.recognize(r)
	}
	if look.v.Denial != nil {
		return look.v
	}
	return g.decide(r, look)
}

// look is a request whose credential was recognised and is in order, at one instant and in one
// snapshot.
type look struct {
	v     Verdict // with a Denial when it is not so
	owner *holder
	now   *snapshot
	at    time.Time
}

// recognize finds the operation and the credential. The credential comes first, so that nothing
// else shows to one that is not in order.
func (g *Guard) recognize(r Request) look {
	l := look{at: g.now(), now: g.state.current.Load()}
	if l.now == nil {
		l.v = refuse(l.v, unsure())
		return l
	}
	path, query, err := canonicalPath(r.Target)
	if err != nil {
		l.v = refuse(l.v, unclear(err.Error()))
		return l
	}
	op, params, found := g.catalog.Match(r.Method, path)
	l.v = Verdict{Operation: op, Params: params, Path: path, RawQuery: query, Addr: r.Addr}
	shown, denial := carried(r.Header, g.brand)
	if denial != nil {
		if forToken(op) && r.Header.Get(authorizationField) == "" && len(r.Header[keyField])+len(r.Header[emailField]) > 0 {
			denial = notAToken()
		}
		l.v = refuse(l.v, denial)
		return l
	}
	credential, owner := l.now.identify(shown, l.at)
	if credential == nil {
		denial = unknown(shown, op)
		if forToken(op) && !shown.bearer {
			denial = notAToken()
		}
		l.v = refuse(l.v, denial)
		return l
	}
	l.owner = owner
	l.v.Credential, l.v.Email, l.v.Secret = credential.Credential, owner.record.Email, shown.secret.Hash()
	l.v.Decision = leastkey.Decide(l.v.Credential, owner.grants, leastkey.Request{At: l.at, Addr: r.Addr, Target: leastkey.OnSelf()})
	switch {
	case !l.v.Decision.Allowed():
		l.v = refuse(l.v, g.denied(l.v, r))
	case !found:
		l.v = refuse(l.v, noRoute(g.masked(path)))
	case forToken(op) && credential.Credential.Kind != leastkey.Token:
		l.v = refuse(l.v, notAToken())
	}
	return l
}

// decide decides the operation on its target.
func (g *Guard) decide(r Request, l look) Verdict {
	v := l.v
	if v.Operation.Access == catalog.ByCredential {
		v.Target = leastkey.OnSelf()
		return v
	}
	var denial *Denial
	if v.Target, denial = g.target(r, v.RawQuery, v.Operation, v.Params, l.now, v.Credential.Principal); denial != nil {
		return refuse(v, denial)
	}
	request := leastkey.Request{At: l.at, Addr: r.Addr, AnyOf: v.Operation.AnyOf, Target: v.Target}
	v.Decision = leastkey.Decide(v.Credential, l.owner.grants, request)
	if !v.Decision.Allowed() {
		return refuse(v, g.denied(v, r))
	}
	v.sees = func(item leastkey.Resource) bool {
		of := request // a copy: items may be asked about at the same time
		of.Target = l.now.one(item)
		return leastkey.Decide(v.Credential, l.owner.grants, of).Allowed()
	}
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

// identify finds whose secret was presented, as of the instant at. A key must come with the
// e-mail address of its own user, a token without.
func (n *snapshot) identify(p presented, at time.Time) (*leastkey.CredentialRecord, *holder) {
	if p.secret.IsZero() {
		return nil, nil
	}
	hash := p.secret.Hash()
	entry, ok := n.secrets.get(hash.Lookup())
	if !ok || !entry.Hash.Equal(hash) || !entry.LiveAt(at) {
		return nil, nil
	}
	credential, ok := n.credentials.get(entry.credential)
	if !ok || (credential.Credential.Kind == leastkey.Token) != p.bearer {
		return nil, nil
	}
	owner, ok := n.principals.get(credential.Credential.Principal)
	if !ok || !p.bearer && owner.record.Email != p.email {
		return nil, nil
	}
	return credential, owner
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
func (g *Guard) denied(v Verdict, r Request) *Denial {
	switch reason := v.Decision.Reason; reason {
	case leastkey.AddressRefused:
		return wrongLocation(r.Addr)
	case leastkey.PermissionMissing, leastkey.PermissionDenied, leastkey.PrincipalLacks:
		return missing(v.Operation, v.Target, g.groupName)
	default:
		return unusable(reason, v.Operation)
	}
}

func (g *Guard) groupName(id leastkey.ID) string {
	group, _ := g.catalog.Group(id)
	return group.Name
}
