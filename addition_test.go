package leastkey_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	. "github.com/leastkey/leastkey"
)

// with is the credential with one more policy.
func with(c Credential, p Policy) Credential {
	c.Policies = append(slices.Clone(c.Policies), p)
	return c
}

// askedFor draws a request that is about as often a list as it is not.
func (d dice) askedFor() Request {
	r := d.request()
	if d.IntN(4) == 0 {
		r.Target = OnList(pick(d, []ResourceType{zoneType, recordType, AccountType, UserType}))
	}
	return r
}

// TestAddition: the smallest addition turns the refusal into an allow, by one group on one kind of
// resource, and into nothing else: what was allowed stays allowed, and what becomes allowed is asked
// for with that group, on what its patterns reach. Where there is none, no allow of what the
// operation accepts would help, but against a deny.
func TestAddition(t *testing.T) {
	helped, hopeless, denied, lists := 0, 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		for range 50 {
			c, r := d.credential(), d.askedFor()
			g := d.realGrants(c.Principal)
			if d.IntN(4) == 0 {
				g = d.grants(c.Principal)
			}
			before := Decide(c, g, r)
			added, ok := Addition(c, g, r)
			switch {
			case before.Allowed() && ok:
				t.Fatalf("an addition %+v to what is allowed", added)
			case before.Allowed():
				continue
			case !ok:
				hopeless++
				if c.Kind != Token {
					continue
				}
				if d.denies(c, r) {
					denied++
					continue
				}
				for _, p := range r.AnyOf {
					if Decide(with(c, Policy{Effect: Allow, Groups: []ID{p.Group}, Patterns: []Pattern{PatternEvery(p.Type)}}), g, r).Allowed() {
						t.Fatalf("%+v would allow it, and no addition was found\ncredential %+v\ngrants %+v\nrequest %+v", p, c, g, r)
					}
				}
				continue
			}
			helped++
			if r.Target.Kind == TargetList {
				lists++
			}
			after := with(c, added)
			if !Decide(after, g, r).Allowed() {
				t.Fatalf("with %+v it is still refused", added)
			}
			if added.Effect != Allow || len(added.Groups) != 1 || len(added.Patterns) == 0 || len(added.Patterns) > 1 && r.Target.Kind != TargetList {
				t.Fatalf("%+v is not small", added)
			}
			group := Permission{added.Groups[0], r.Target.Resource.Type}
			if !slices.Contains(r.AnyOf, group) {
				t.Fatalf("%+v is not what the operation accepts: %+v", added, r.AnyOf)
			}
			for range 50 {
				other := d.askedFor()
				was, is := Decide(c, g, other).Allowed(), Decide(after, g, other).Allowed()
				if was && !is {
					t.Fatalf("%+v takes %+v away", added, other)
				}
				reached := slices.ContainsFunc(added.Patterns, func(p Pattern) bool { return p.Matches(other.Target) })
				if is && !was && !(slices.Contains(other.AnyOf, group) && reached) {
					t.Fatalf("%+v allows %+v too", added, other)
				}
			}
		}
	})
	for what, n := range map[string]int{"was helped": helped, "was beyond help": hopeless, "stood against a deny": denied, "was a list that was helped": lists} {
		if n < 20 {
			t.Errorf("only %d times a request %s: the property says little", n, what)
		}
	}
}

// denies reports whether a policy denies what the request needs.
func (d dice) denies(c Credential, r Request) bool {
	for _, p := range r.AnyOf {
		for _, pol := range c.Policies {
			about := func(pattern Pattern) bool {
				return pattern.Type == p.Type && pattern.Matches(r.Target) && (r.Target.Kind != TargetList || pattern.Extent == Every)
			}
			if pol.Effect == Deny && slices.Contains(pol.Groups, p.Group) && slices.ContainsFunc(pol.Patterns, about) {
				return true
			}
		}
	}
	return false
}

// TestAdditionIsNarrow shows which pattern and which group are taken.
func TestAdditionIsNarrow(t *testing.T) {
	w := newWorld()
	zone, other := Resource{zoneType, "zone-0-0"}, Resource{zoneType, "zone-0-1"}
	read, write := w.groups[2], w.groups[3]
	account := AccountOf(w.accounts[0])
	mine := PatternUnder(zoneType, account.Resource())
	owned := func(p Principal, policies ...Policy) Credential {
		return Credential{ID: numbered('t', 0), Kind: Token, Principal: p, Status: Active, Policies: policies}
	}
	allow := func(p Permission, on ...Pattern) Policy {
		return Policy{Effect: Allow, Groups: []ID{p.Group}, Patterns: on}
	}
	deny := func(p Permission, on ...Pattern) Policy {
		return Policy{Effect: Deny, Groups: []ID{p.Group}, Patterns: on}
	}
	user := UserOf(w.users[0])
	held := []Policy{allow(read, mine), allow(write, mine)}
	for _, tt := range []struct {
		name   string
		by     Credential
		held   []Policy
		target Target
		want   []Policy // one, or none
	}{
		{"one resource", owned(user), held, w.one(zone), []Policy{allow(read, PatternOne(zone))}},
		{"the first that the owner has", owned(user), held[1:], w.one(zone), []Policy{allow(write, PatternOne(zone))}},
		{"a new one", owned(user), held, OnCreate(zoneType, true, account.Resource()), []Policy{allow(read, mine)}},
		{"a list of what it is about", owned(user, allow(w.groups[1], PatternOne(zone), PatternOne(other))), held, OnList(zoneType), []Policy{allow(read, PatternOne(zone), PatternOne(other))}},
		{"a list of what it may not see", owned(user, deny(write, PatternOne(zone))), held, OnList(zoneType), []Policy{allow(read, mine)}},
		{"a list of an account's token", owned(account), held, OnList(zoneType), []Policy{allow(read, mine)}},
		{"a list of everything", owned(user, allow(w.groups[1], PatternEvery(zoneType), PatternOne(zone))), held, OnList(zoneType), []Policy{allow(read, PatternEvery(zoneType))}},
		{"denied", owned(user, deny(write, PatternOne(zone))), held, w.one(zone), nil},
		{"allowed", owned(user, allow(write, PatternOne(zone))), held, w.one(zone), nil},
		{"unknown", owned(user), held, OnUnknown(Resource{zoneType, "nowhere"}), nil},
		{"somebody else's", owned(user), held, w.one(Resource{zoneType, "zone-1-0"}), nil},
		{"a key", Credential{Kind: GlobalAPIKey, Principal: user, Status: Active}, nil, w.one(zone), nil},
	} {
		g := Grants{Principal: tt.by.Principal, Active: true, Policies: tt.held}
		r := Request{At: epoch, AnyOf: []Permission{read, write}, Target: tt.target}
		got, ok := Addition(tt.by, g, r)
		if !ok && tt.want != nil || ok && (len(tt.want) != 1 || !slices.Equal(got.Groups, tt.want[0].Groups) || !slices.Equal(got.Patterns, tt.want[0].Patterns)) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// TestReaches: a credential reaches what some operation on it would be allowed.
func TestReaches(t *testing.T) {
	reached := 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		for range 20 {
			c, r := d.credential(), d.askedFor()
			g := d.realGrants(c.Principal)
			if r.Target.Kind == TargetSelf {
				continue
			}
			got := c.Reaches(g, r)
			r.AnyOf = d.world.groups
			if want := Decide(c, g, r).Allowed(); got != want {
				t.Fatalf("reaches %t, allowed with every permission %t: %+v", got, want, r)
			}
			if got {
				reached++
			}
		}
	})
	if reached < 20 {
		t.Errorf("only %d were reached", reached)
	}
}
