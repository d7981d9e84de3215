package leastkey_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	. "github.com/leastkey/leastkey"
)

// world is a small registry in which every decision can be worked out by enumeration.
type world struct {
	users, accounts []ID
	parents         map[Resource]Resource // of zones and records
	groups          []Permission
	everything      []Resource // all that exists, and one of each type that does not
}

const (
	zoneType   ResourceType = "zone"
	recordType ResourceType = "record" // under zone: two levels below an account
)

func numbered(kind byte, n int) ID {
	var id ID
	id[0], id[15] = kind, byte(n+1)
	return id
}

func newWorld() world {
	w := world{parents: map[Resource]Resource{}}
	for i := range 2 {
		w.users = append(w.users, numbered('u', i))
		w.accounts = append(w.accounts, numbered('a', i))
		for z := range 2 {
			zone := Resource{zoneType, fmt.Sprintf("zone-%d-%d", i, z)}
			w.parents[zone] = AccountOf(w.accounts[i]).Resource()
			w.parents[Resource{recordType, "record-of-" + zone.ID}] = zone
		}
	}
	for i, t := range []ResourceType{UserType, AccountType, zoneType, zoneType, recordType} {
		w.groups = append(w.groups, Permission{numbered('g', i), t})
	}
	w.everything = w.list()
	return w
}

func (w world) ancestry(r Resource) ([]Resource, bool) {
	if r.Type == UserType || r.Type == AccountType {
		for _, p := range w.principals() {
			if p.Resource() == r {
				return nil, true
			}
		}
		return nil, false
	}
	var chain []Resource
	for {
		parent, ok := w.parents[r]
		if !ok {
			return chain, len(chain) > 0
		}
		chain = append(chain, parent)
		r = parent
	}
}

func (w world) principals() []Principal {
	return []Principal{UserOf(w.users[0]), UserOf(w.users[1]), AccountOf(w.accounts[0]), AccountOf(w.accounts[1])}
}

func (w world) resources() []Resource { return w.everything }

func (w world) list() []Resource {
	list := []Resource{{zoneType, "nowhere"}, {recordType, "nowhere"}, {AccountType, numbered('x', 0).String()}, {UserType, numbered('x', 1).String()}}
	for _, p := range w.principals() {
		list = append(list, p.Resource())
	}
	for i := range 2 {
		for z := range 2 {
			zone := Resource{zoneType, fmt.Sprintf("zone-%d-%d", i, z)}
			list = append(list, zone, Resource{recordType, "record-of-" + zone.ID})
		}
	}
	return list
}

func (w world) typeOf(group ID) (ResourceType, bool) {
	for _, p := range w.groups {
		if p.Group == group {
			return p.Type, true
		}
	}
	return "", false
}

// The oracle. It is written from the words of the law, and shares no code with Decide: it spells
// patterns and resources as text and works with sets.

// speaks tells whether the pattern, as text, is about the resource with the chain of ancestors.
func speaks(pattern Pattern, resource string, ancestors []string, fresh bool) bool {
	words := strings.SplitN(pattern.String(), " ", 4) // "zone x" | "every zone" | "every zone of account x"
	resourceType, id, _ := strings.Cut(resource, " ")
	if words[0] != "every" {
		return !fresh && words[0] == resourceType && strings.Join(words[1:], " ") == id
	}
	if words[1] != resourceType {
		return false
	}
	if len(words) == 2 {
		return true
	}
	return slices.Contains(ancestors, words[3])
}

// verdicts collects what a list of policies says of one group on one resource.
func verdicts(policies []Policy, group ID, resource string, ancestors []string, fresh bool) (allowed, denied bool) {
	for _, policy := range policies {
		for _, g := range policy.Groups {
			for _, pattern := range policy.Patterns {
				if g == group && speaks(pattern, resource, ancestors, fresh) {
					allowed = allowed || policy.Effect.String() == "allow"
					denied = denied || policy.Effect.String() == "deny"
				}
			}
		}
	}
	return allowed, denied
}

// oracle answers a request in the plainest way there is.
func oracle(w world, c Credential, g Grants, r Request) bool {
	if c.Kind.String() == "unknown credential" || c.Status.String() != "active" || c.Principal != g.Principal || !g.Active || c.Principal == (Principal{}) {
		return false
	}
	if nb := c.Validity.NotBefore; !nb.IsZero() && r.At.UnixNano() < nb.UnixNano() {
		return false
	}
	if exp := c.Validity.ExpiresOn; !exp.IsZero() && r.At.UnixNano() >= exp.UnixNano() {
		return false
	}
	inside := func(ranges []AddressRange) bool {
		for _, text := range ranges {
			s := text.String()
			if !strings.Contains(s, "/") {
				s += map[bool]string{true: "/32", false: "/128"}[strings.Contains(s, ".")]
			}
			if r.Addr.IsValid() && netip.MustParsePrefix(s).Contains(r.Addr) {
				return true
			}
		}
		return false
	}
	if len(c.Condition.In)+len(c.Condition.NotIn) > 0 && !r.Addr.IsValid() || len(c.Condition.In) > 0 && !inside(c.Condition.In) || inside(c.Condition.NotIn) {
		return false
	}
	if c.Kind == ServiceKey && !r.ServiceKey {
		return false
	}
	if r.Target.Kind == TargetSelf {
		return true
	}
	may := func(p Permission, resource Resource, ancestors []Resource, fresh bool) bool {
		if p.Type != resource.Type {
			return false
		}
		var chain []string
		for _, a := range ancestors {
			chain = append(chain, a.String())
		}
		ownAllow, ownDeny := true, false
		if c.Kind == Token {
			ownAllow, ownDeny = verdicts(c.Policies, p.Group, resource.String(), chain, fresh)
		}
		heldAllow, heldDeny := verdicts(g.Policies, p.Group, resource.String(), chain, fresh)
		return ownAllow && !ownDeny && heldAllow && !heldDeny
	}
	for _, p := range r.AnyOf {
		switch r.Target.Kind {
		case TargetOne:
			if ancestors, known := w.ancestry(r.Target.Resource); known && may(p, r.Target.Resource, ancestors, false) {
				return true
			}
		case TargetCreate:
			parent := r.Target.Ancestors[0]
			if above, known := w.ancestry(parent); known && may(p, Resource{r.Target.Resource.Type, "fresh"}, append([]Resource{parent}, above...), true) {
				return true
			}
		}
	}
	return false
}

// dice makes random cases; it knows the world, so that hits are as likely as misses.
type dice struct {
	*rand.Rand
	world
}

func pick[T any](d dice, from []T) T { return from[d.IntN(len(from))] }

func some[T any](d dice, most int, one func() T) []T {
	list := make([]T, d.IntN(most+1))
	for i := range list {
		list[i] = one()
	}
	return list
}

func (d dice) pattern() Pattern {
	r := pick(d, d.resources())
	switch d.IntN(6) {
	case 0, 1:
		return PatternEvery(pick(d, []ResourceType{zoneType, zoneType, recordType, AccountType, UserType}))
	case 2, 3:
		chain, _ := d.ancestry(r)
		if len(chain) > 0 {
			return PatternUnder(r.Type, pick(d, chain))
		}
		return PatternEvery(r.Type)
	case 4:
		return PatternUnder(pick(d, []ResourceType{zoneType, recordType}), pick(d, d.principals()).Resource())
	default:
		return PatternOne(r)
	}
}

func (d dice) policy() Policy {
	return Policy{
		ID: numbered('p', d.IntN(200)), Effect: pick(d, []Effect{Allow, Allow, Allow, Deny}),
		Groups:   some(d, 4, func() ID { return pick(d, d.groups).Group }),
		Patterns: some(d, 4, d.pattern),
	}
}

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func (d dice) instant() time.Time { return epoch.Add(time.Duration(d.IntN(8)) * time.Hour) }

func (d dice) maybeInstant() time.Time {
	if d.IntN(8) > 0 {
		return time.Time{}
	}
	return d.instant()
}

func (d dice) addr() netip.Addr {
	return pick(d, []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.129"), netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db8::1"), {}})
}

func (d dice) addressRange() AddressRange {
	r, err := ParseAddressRange(pick(d, []string{"192.0.2.0/24", "192.0.2.128/25", "192.0.2.1", "0.0.0.0/0", "::/0", "2001:db8::/32"}))
	if err != nil {
		panic(err)
	}
	return r
}

func (d dice) condition() Condition {
	if d.IntN(5) > 0 {
		return Condition{}
	}
	return Condition{In: some(d, 2, d.addressRange), NotIn: some(d, 1, d.addressRange)}
}

func (d dice) credential() Credential {
	return Credential{
		ID: numbered('t', 0), Kind: pick(d, []Kind{Token, Token, Token, Token, Token, Token, Token, GlobalAPIKey, GlobalAPIKey, ServiceKey}), Principal: pick(d, d.principals()),
		Status:   pick(d, []Status{Active, Active, Active, Active, Active, Active, Active, Active, Active, Active, Disabled, 0}),
		Validity: Validity{NotBefore: d.maybeInstant(), ExpiresOn: d.maybeInstant()}, Condition: d.condition(),
		Policies: some(d, 4, d.policy),
	}
}

// grants are mostly those of the credential's own principal, and wide enough that the
// credential's policies matter.
func (d dice) grants(p Principal) Grants {
	if d.IntN(20) == 0 {
		p = pick(d, d.principals())
	}
	g := Grants{Principal: p, Active: d.IntN(20) > 0}
	for _, group := range d.world.groups {
		if d.IntN(4) > 0 {
			g.Policies = append(g.Policies, Policy{Effect: Allow, Groups: []ID{group.Group}, Patterns: []Pattern{PatternEvery(group.Type)}})
		}
	}
	if d.IntN(4) == 0 {
		g.Policies = some(d, 4, d.policy)
	}
	return g
}

func (d dice) target() Target {
	switch d.IntN(8) {
	case 0:
		return OnSelf()
	case 1:
		parent := pick(d, d.resources())
		ancestors, known := d.ancestry(parent)
		return OnCreate(pick(d, []ResourceType{zoneType, recordType}), known, append([]Resource{parent}, ancestors...)...)
	default:
		return d.one(pick(d, d.resources()))
	}
}

func (w world) one(r Resource) Target {
	ancestors, known := w.ancestry(r)
	if !known {
		return OnUnknown(r)
	}
	return OnResource(r, ancestors...)
}

func (d dice) request() Request {
	return Request{At: d.instant(), Addr: d.addr(), AnyOf: some(d, 5, func() Permission { return pick(d, d.groups) }), Target: d.target()}
}
