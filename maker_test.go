package leastkey_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "github.com/leastkey/leastkey"
)

func ranges(texts ...string) []AddressRange {
	var list []AddressRange
	for _, text := range texts {
		r, err := ParseAddressRange(text)
		if err != nil {
			panic(err)
		}
		list = append(list, r)
	}
	return list
}

func netipAddr(s string) netip.Addr {
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// realGrants are grants of the kind that roles give: allows on the principal itself and on
// everything under its accounts.
func (d dice) realGrants(p Principal) Grants {
	g := Grants{Principal: p, Active: true}
	add := func(group Permission, pattern Pattern) {
		g.Policies = append(g.Policies, Policy{Effect: Allow, Groups: []ID{group.Group}, Patterns: []Pattern{pattern}})
	}
	for _, group := range d.world.groups {
		if group.Type == p.Resource().Type {
			add(group, PatternOne(p.Resource()))
		}
		for _, account := range d.accounts {
			on := AccountOf(account).Resource()
			member := p.Kind == UserPrincipal && d.IntN(2) == 0
			switch {
			case p.Kind == AccountPrincipal && p.ID != account, p.Kind == UserPrincipal && !member:
			case group.Type == AccountType && p.Kind == UserPrincipal:
				add(group, PatternOne(on))
			case group.Type != UserType && group.Type != AccountType:
				add(group, PatternUnder(group.Type, on))
			}
		}
	}
	return g
}

// TestLaw4NoEscalationByMinting: whatever a token that was given may do, now or later, its maker
// may do, then. Later means: whatever becomes of the grants of the child's owner.
func TestLaw4NoEscalationByMinting(t *testing.T) {
	given, narrowed := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		maker := Maker{Credential: d.credential()}
		maker.Credential.Status, maker.Credential.Validity.NotBefore = Active, time.Time{}
		maker.Grants = d.realGrants(maker.Credential.Principal)
		child := d.credential()
		child.Kind, child.Status = Token, Active
		if d.IntN(4) > 0 {
			child.Principal = maker.Credential.Principal
		}
		if d.IntN(2) == 0 { // a child that is close to its maker is given more often
			child.Policies = slices.Clone(maker.Credential.Policies)
			child.Condition, child.Validity = maker.Credential.Condition, maker.Credential.Validity
			if len(child.Policies) > 0 && d.IntN(2) == 0 {
				i := d.IntN(len(child.Policies))
				child.Policies = slices.Delete(child.Policies, i, i+1)
			}
		}
		bounds := maker.Grants
		if child.Principal != maker.Credential.Principal {
			bounds = d.realGrants(child.Principal)
		}
		if maker.MayGive(child, bounds, World{TypeOf: d.typeOf, Ancestry: d.ancestry}).What != NoExcess {
			return
		}
		given++
		for range 400 {
			r := d.request()
			now := Decide(child, bounds, r)
			if !now.Allowed() || r.Target.Kind == TargetSelf {
				continue
			}
			narrowed++
			if !Decide(maker.Credential, maker.Grants, r).Allowed() {
				t.Fatalf("the child may do what its maker may not: %+v\nmaker %+v\nmaker's grants %+v\nchild %+v", r, maker.Credential, maker.Grants, child)
			}
		}
		if child.Principal != maker.Credential.Principal {
			return // an account's token outlives its maker by design
		}
		later := d.realGrants(child.Principal)
		for range 50 {
			r := d.request()
			if r.Target.Kind != TargetSelf && Decide(child, later, r).Allowed() && !Decide(maker.Credential, later, r).Allowed() {
				t.Fatalf("when the owner's grants changed, the child may do what its maker may not: %+v\nmaker %+v\nchild %+v", r, maker.Credential, child)
			}
		}
	})
	if given < 5 || narrowed < 5 {
		t.Errorf("only %d tokens were given and %d requests allowed: the property says little", given, narrowed)
	}
}

// TestMayGive shows each way in which a token can be too much.
func TestMayGive(t *testing.T) {
	w := newWorld()
	user, account := UserOf(w.users[0]), AccountOf(w.accounts[0])
	dns, settings := w.groups[2].Group, w.groups[1].Group
	zone := Resource{zoneType, "zone-0-0"}
	in := PatternUnder(zoneType, account.Resource())
	allow := func(group ID, patterns ...Pattern) Policy {
		return Policy{Effect: Allow, Groups: []ID{group}, Patterns: patterns}
	}
	deny := func(group ID, patterns ...Pattern) Policy {
		return Policy{Effect: Deny, Groups: []ID{group}, Patterns: patterns}
	}
	grants := Grants{Principal: user, Active: true, Policies: []Policy{allow(dns, in), allow(settings, PatternOne(account.Resource()))}}
	key := Credential{ID: numbered('k', 0), Kind: GlobalAPIKey, Principal: user, Status: Active}
	token := func(policies ...Policy) Credential {
		return Credential{ID: numbered('t', 1), Kind: Token, Principal: user, Status: Active, Policies: policies}
	}
	limited := func(c Credential, change func(*Credential)) Credential { change(&c); return c }
	ofAccount := limited(token(allow(dns, PatternEvery(zoneType))), func(c *Credential) { c.Principal = account })
	accountGrants := Grants{Principal: account, Active: true, Policies: grants.Policies}

	for _, tt := range []struct {
		name         string
		maker, child Credential
		bounds       Grants
		want         ExcessKind
	}{
		{"the key gives one zone of an account", key, token(allow(dns, PatternOne(zone))), grants, NoExcess},
		{"the key gives every zone", key, token(allow(dns, PatternEvery(zoneType))), grants, NoExcess},
		{"the key gives nothing", key, token(), grants, NoExcess},
		{"a zone of another account", key, token(allow(dns, PatternOne(Resource{zoneType, "zone-1-0"}))), grants, ExcessOwner},
		{"a zone that does not exist", key, token(allow(dns, PatternOne(Resource{zoneType, "nowhere"}))), grants, ExcessOwner},
		{"a token gives itself", token(allow(dns, PatternOne(zone))), token(allow(dns, PatternOne(zone))), grants, NoExcess},
		{"a token gives one of its account's zones", token(allow(dns, in)), token(allow(dns, PatternOne(zone))), grants, NoExcess},
		{"a token gives more zones", token(allow(dns, PatternOne(zone))), token(allow(dns, in)), grants, ExcessRight},
		{"a token gives every zone, having those of one account", token(allow(dns, in)), token(allow(dns, PatternEvery(zoneType))), grants, ExcessRight},
		{"a token gives another group", token(allow(dns, in)), token(allow(settings, PatternOne(account.Resource()))), grants, ExcessRight},
		{"a deny is kept", token(allow(dns, in), deny(dns, PatternOne(zone))), token(allow(dns, in), deny(dns, PatternOne(zone))), grants, NoExcess},
		{"a deny is kept by denying more", token(allow(dns, in), deny(dns, PatternOne(zone))), token(allow(dns, in), deny(dns, in)), grants, NoExcess},
		{"a deny is dropped", token(allow(dns, in), deny(dns, PatternOne(zone))), token(allow(dns, in)), grants, ExcessDeny},
		{"a deny of something else", token(allow(dns, in), deny(dns, PatternOne(zone))), token(allow(dns, PatternOne(Resource{zoneType, "zone-0-1"}))), grants, NoExcess},
		{"longer than the maker", limited(token(allow(dns, in)), func(c *Credential) { c.Validity.ExpiresOn = epoch }), token(allow(dns, in)), grants, ExcessValidity},
		{"as long as the maker", limited(token(allow(dns, in)), func(c *Credential) { c.Validity.ExpiresOn = epoch }),
			limited(token(allow(dns, in)), func(c *Credential) { c.Validity.ExpiresOn = epoch }), grants, NoExcess},
		{"from more addresses", limited(token(allow(dns, in)), func(c *Credential) { c.Condition.In = ranges("192.0.2.0/24") }), token(allow(dns, in)), grants, ExcessAddress},
		{"from fewer addresses", limited(token(allow(dns, in)), func(c *Credential) { c.Condition.In = ranges("192.0.2.0/24") }),
			limited(token(allow(dns, in)), func(c *Credential) { c.Condition.In = ranges("192.0.2.7") }), grants, NoExcess},
		{"from a forbidden address", limited(token(allow(dns, in)), func(c *Credential) { c.Condition.NotIn = ranges("192.0.2.0/24") }), token(allow(dns, in)), grants, ExcessAddress},
		{"a token for an account, from the key", key, ofAccount, accountGrants, NoExcess},
		{"a token for an account, from a token with less", token(allow(dns, PatternOne(zone))), ofAccount, accountGrants, ExcessRight},
		{"a token for an account, from a token with those zones", token(allow(dns, in)), ofAccount, accountGrants, NoExcess},
		{"an unbounded child of a token", token(allow(dns, in)), key, grants, ExcessRight},
		{"a group that the catalogue does not know gives nothing", key, token(allow(numbered('z', 0), in)), grants, NoExcess},
	} {
		maker := Maker{Credential: tt.maker, Grants: grants}
		if got := maker.MayGive(tt.child, tt.bounds, World{TypeOf: w.typeOf, Ancestry: w.ancestry}).What; got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	idle := Maker{Credential: key, Grants: Grants{Principal: user}}
	if idle.MayGive(token(), grants, World{TypeOf: w.typeOf, Ancestry: w.ancestry}).What == NoExcess {
		t.Error("an inactive maker may give")
	}
}
