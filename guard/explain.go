package guard

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Explanation is an [Outcome], and what would change it.
type Explanation struct {
	Outcome
	Credential leastkey.Credential // that the trial is about; zero when it is not known
	On         leastkey.Target     // what it would act on; zero when that was not looked for
	Host, Path string              // as they were read, without a secret that was pasted there; "" when they cannot be read
	Told       bool                // who asks may know of the target, and so why it was refused
	Policy     int                 // which of the credential's policies decided it, as far as may be told; -1 for none
	Addition   *Addition           // nil when none helps
	Supposed   leastkey.Reason     // of a refusal that may not be told: as the request and the policies alone have it
	Enough     *leastkey.Policy    // of a key that may make the request: what a token would need for it
}

// Addition is the smallest policy with which the credential could make the request.
type Addition struct {
	Policy leastkey.Policy
	// Certain means that it turns the refusal into an allow. Otherwise it does when the owner of the
	// credential may make the request and what it is about exists, which who asks may not be told.
	Certain bool
}

// Explain says what Try says, why, and the smallest policy that would turn a refusal into an allow.
// by is the credential of who asks, which is in order.
//
// A refusal reads the same whether a resource exists or not, and so does its explanation, but to
// someone who may already do something on that very resource. To other tokens it is made of the
// request and the credential's own policies alone.
func (g *Guard) Explain(t Trial, by leastkey.Credential) Explanation {
	l, known := g.attempt(t)
	v := &l.v
	credential := v.Record()
	e := Explanation{
		Outcome: outcome(v, known), On: v.Decided(), Host: v.Host, Path: g.masked(v.Path), Policy: -1, Credential: credential,
	}
	e.Outcome.sees = nil
	if !known || l.owner == nil || v.Operation == nil || v.Operation.Access != catalog.ByPermission {
		return e
	}
	grants := l.now.grantsOf(l.owner)
	request := leastkey.Request{At: l.time, Addr: l.addr, AnyOf: leastFirst(l.now.rules.catalog, v.Operation.AnyOf), Target: e.On}
	if e.Allowed {
		e.Told = true
		e.Policy = policyOf(credential, v.Decision)
		if credential.Kind == leastkey.GlobalAPIKey {
			bare := leastkey.Credential{Kind: leastkey.Token, Principal: credential.Principal, Status: leastkey.Active}
			if p, ok := leastkey.Addition(bare, grants, request); ok {
				e.Enough = &p
			}
		}
		return e
	}
	switch v.Decision.Reason {
	case leastkey.PermissionMissing, leastkey.PermissionDenied, leastkey.PrincipalLacks:
	default:
		return e
	}
	if l.told.Kind != 0 {
		request.Target = l.told
	}
	on := e.On
	if e.Told = l.now.mayTell(by, request, grants); e.Told {
		e.On = request.Target
	} else {
		request.Target = on
		grants, request = supposed(credential, request)
	}
	d := leastkey.Decide(credential, grants, request)
	e.Supposed = d.Reason
	if d.Reason == leastkey.PermissionDenied {
		e.Policy = policyOf(credential, d)
	}
	if !e.Told && by.Kind != leastkey.Token {
		return e // a person who may do nothing there: to them it is somebody else's, or nothing
	}
	if p, ok := leastkey.Addition(credential, grants, request); ok && e.Path == v.Path && !g.secretive(on) {
		e.Addition = &Addition{Policy: p, Certain: e.Told}
	}
	return e
}

// mayTell reports whether who asks may do anything on the target, and the owner of the credential
// as well. Of lists only people are told: which accounts an owner has is not for every token.
func (n *snapshot) mayTell(by leastkey.Credential, r leastkey.Request, owner leastkey.Grants) bool {
	_, asker := n.ownerOf(by.Principal)
	if asker == nil || by.Kind == leastkey.Token && r.Target.Kind == leastkey.TargetList {
		return false
	}
	by.Validity, by.Condition = leastkey.Validity{}, leastkey.Condition{} // it was let in
	anyone := leastkey.Credential{Kind: leastkey.GlobalAPIKey, Principal: owner.Principal, Status: leastkey.Active}
	return by.Reaches(n.grantsOf(asker), r) && anyone.Reaches(owner, r)
}

// supposed is the request without anything that the registry says, and an owner who may make it.
// Some things need no registry to be impossible: no token acts on another user than its own, and
// none of an account on another account.
func supposed(c leastkey.Credential, r leastkey.Request) (leastkey.Grants, leastkey.Request) {
	g := leastkey.Grants{Principal: c.Principal, Active: true}
	on := r.Target.Resource
	own := c.Principal.Resource()
	switch r.Target.Kind {
	case leastkey.TargetOne:
		if on != own && (on.Type == leastkey.UserType || on.Type == leastkey.AccountType && own.Type == leastkey.AccountType) {
			return g, r
		}
		r.Target = leastkey.OnResource(on)
	case leastkey.TargetCreate:
		r.Target = leastkey.OnCreate(on.Type, true, r.Target.Ancestors[:min(len(r.Target.Ancestors), 1)]...)
	}
	for _, p := range r.AnyOf {
		g.Policies = append(g.Policies, leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{p.Group}, Patterns: []leastkey.Pattern{leastkey.PatternEvery(p.Type)}})
	}
	return g, r
}

// policyOf finds the policy that decided.
func policyOf(c leastkey.Credential, d leastkey.Decision) int {
	if d.Policy.IsZero() {
		return -1
	}
	return slices.IndexFunc(c.Policies, func(p leastkey.Policy) bool { return p.ID == d.Policy })
}

// leastFirst orders permissions by how much the catalogue opens to them: first what changes least,
// then what is good for least, and reading before anything else.
func leastFirst(c *catalog.Catalog, accepted []leastkey.Permission) []leastkey.Permission {
	type opened struct{ changing, all, access int }
	opens := map[leastkey.Permission]*opened{}
	for _, p := range accepted {
		opens[p] = &opened{access: 1}
		if group, _ := c.Group(p.Group); group.Access == catalog.Read {
			opens[p].access = 0
		}
	}
	for _, op := range c.Operations() {
		for _, p := range op.AnyOf {
			if o := opens[p]; o != nil {
				o.all++
				if op.Method != http.MethodGet && op.Method != http.MethodHead {
					o.changing++
				}
			}
		}
	}
	return slices.SortedStableFunc(slices.Values(accepted), func(a, b leastkey.Permission) int {
		x, y := opens[a], opens[b]
		return cmp.Or(x.changing-y.changing, x.all-y.all, x.access-y.access)
	})
}

// secretive reports whether a secret was pasted where an id belongs.
func (g *Guard) secretive(t leastkey.Target) bool {
	for _, r := range append(slices.Clip(t.Ancestors), t.Resource) {
		if g.Masked(r.ID) != r.ID {
			return true
		}
	}
	return false
}

// Masked is a text without the secrets that somebody pasted into it.
func (g *Guard) Masked(text string) string {
	word := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-.", c) >= 0
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && word(text[end]) {
			end++
		}
		if end == i {
			out.WriteByte(text[i])
			i++
			continue
		}
		if _, _, err := g.brand.Parse(text[i:end]); err == nil {
			out.WriteString("[secret]")
		} else {
			out.WriteString(text[i:end])
		}
		i = end
	}
	return out.String()
}

// Owner is the principal of a credential; nobody when it is not known.
func (g *Guard) Owner(credential leastkey.ID) leastkey.Principal {
	now := g.state.current.Load()
	if now == nil {
		return leastkey.Principal{}
	}
	_, b := now.bearerOf(credential)
	if b == nil {
		return leastkey.Principal{}
	}
	return now.credential(b).Principal
}
