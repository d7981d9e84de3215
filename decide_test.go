package leastkey_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	. "github.com/leastkey/leastkey"
)

// TestDecideAgreesWithTheOracle compares a million random cases, and makes sure that they are
// worth comparing: enough of them must be allowed.
func TestDecideAgreesWithTheOracle(t *testing.T) {
	const cases, workers = 1_000_000, 4
	allowed := make(chan int)
	for worker := range workers {
		go func() {
			d := dice{rand.New(rand.NewPCG(2030, uint64(worker))), newWorld()}
			hits := 0
			for range cases / workers {
				c := d.credential()
				g := d.grants(c.Principal)
				r := d.request()
				got, want := Decide(c, g, r), oracle(d.world, c, g, r)
				if got.Allowed() != want {
					t.Errorf("Decide says %v (%v), the oracle %v\ncredential %+v\ngrants %+v\nrequest %+v", got.Allowed(), got.Reason, want, c, g, r)
					break
				}
				if want && r.Target.Kind != TargetSelf {
					hits++
				}
			}
			allowed <- hits
		}()
	}
	total := 0
	for range workers {
		total += <-allowed
	}
	if total < cases/50 {
		t.Errorf("only %d of %d cases were allowed through a policy: the comparison says little", total, cases)
	}
}

// drawn gives dice that rapid controls through one seed.
func drawn(t *rapid.T) dice {
	return dice{rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)), newWorld()}
}

// TestLaw1DefaultDeny: what nothing allows is refused.
func TestLaw1DefaultDeny(t *testing.T) {
	if d := (Decision{}); d.Allowed() {
		t.Error("the zero Decision allows")
	}
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		c, r := d.credential(), d.request()
		g := d.grants(c.Principal)
		refused := func(what string, c Credential, g Grants, r Request) {
			if Decide(c, g, r).Allowed() {
				t.Fatalf("%s is allowed", what)
			}
		}
		refused("a zero credential", Credential{}, g, r)
		refused("zero grants", c, Grants{}, r)
		refused("a zero target", c, g, Request{At: r.At, Addr: r.Addr, AnyOf: r.AnyOf})
		if r.Target.Kind != TargetSelf {
			refused("an operation that accepts nothing", c, g, Request{At: r.At, Addr: r.Addr, Target: r.Target})
			empty := c
			empty.Kind, empty.Policies = Token, nil
			refused("a token without policies", empty, g, r)
		}
		unknown := r
		unknown.Target = OnUnknown(pick(d, d.resources()))
		refused("an unknown resource", c, g, unknown)
	})
}

// TestLaw2DenyWins: the order of policies never matters, a deny never helps, an allow never hurts.
func TestLaw2DenyWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		c, r := d.credential(), d.request()
		if d.IntN(4) == 0 {
			r.Target = OnList(pick(d, []ResourceType{zoneType, AccountType}))
		}
		g := d.grants(c.Principal)
		before := Decide(c, g, r).Allowed()

		shuffled := c
		shuffled.Policies = slices.Clone(c.Policies)
		d.Shuffle(len(shuffled.Policies), func(i, j int) {
			shuffled.Policies[i], shuffled.Policies[j] = shuffled.Policies[j], shuffled.Policies[i]
		})
		if Decide(shuffled, g, r).Allowed() != before {
			t.Fatalf("the order of policies changed the decision")
		}
		extra := d.policy()
		extra.Effect = Deny
		c.Policies = slices.Insert(slices.Clone(c.Policies), d.IntN(len(c.Policies)+1), extra)
		if after := Decide(c, g, r).Allowed(); after && !before {
			t.Fatalf("adding a deny turned a deny into an allow")
		}
		i := slices.IndexFunc(c.Policies, func(p Policy) bool { return p.Effect == Deny })
		before = Decide(c, g, r).Allowed()
		extra.Effect = Allow
		c.Policies = slices.Insert(slices.Clone(c.Policies), i, extra)
		if after := Decide(c, g, r).Allowed(); before && !after {
			t.Fatalf("adding an allow turned an allow into a deny")
		}
	})
}

// TestLaw3NeverAboveThePrincipal: whatever a token is allowed, its owner is; less for the owner is
// never more for the token; and an inactive or another owner ends it.
func TestLaw3NeverAboveThePrincipal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		c, r := d.credential(), d.request()
		g := d.grants(c.Principal)
		if !Decide(c, g, r).Allowed() {
			return
		}
		owner := Credential{ID: c.ID, Kind: GlobalAPIKey, Principal: c.Principal, Status: Active}
		if !Decide(owner, g, r).Allowed() {
			t.Fatalf("the token may do what its owner may not")
		}
		if r.Target.Kind != TargetSelf && Decide(c, Grants{Principal: g.Principal, Active: true}, r).Allowed() {
			t.Fatalf("the token may do what its owner may no longer")
		}
		g.Active = false
		if Decide(c, g, r).Allowed() {
			t.Fatalf("a token of an inactive owner works")
		}
		g.Active, g.Principal = true, UserOf(numbered('x', 9))
		if Decide(c, g, r).Allowed() {
			t.Fatalf("the grants of another principal were used")
		}
	})
}

// TestExactType: a grant on one type of resource says nothing about another, above or below it.
func TestExactType(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		c, r := d.credential(), d.request()
		if r.Target.Kind == TargetSelf {
			return
		}
		r.AnyOf = slices.DeleteFunc(r.AnyOf, func(p Permission) bool { return p.Type == r.Target.Resource.Type })
		if Decide(c, d.grants(c.Principal), r).Allowed() {
			t.Fatalf("a permission for another type was enough for %s", r.Target.Resource)
		}
	})
}

// TestListIsWhatItsItemsAre: a list may be asked for whenever one of its items may be seen.
func TestListIsWhatItsItemsAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawn(t)
		c, r := d.credential(), d.request()
		g := d.grants(c.Principal)
		item := pick(d, d.resources())
		r.Target = d.one(item)
		seen := Decide(c, g, r).Allowed()
		r.Target = OnList(item.Type)
		if list := Decide(c, g, r); seen && !list.Allowed() {
			t.Fatalf("%s may be seen, the list of its type not: %v", item, list.Reason)
		}
	})
}

// TestReasons: each refusal says why, and says the same whether the resource exists or not.
func TestReasons(t *testing.T) {
	w := newWorld()
	zone := Resource{zoneType, "zone-0-0"}
	group := w.groups[2]
	user := UserOf(w.users[0])
	token := Credential{ID: numbered('t', 0), Kind: Token, Principal: user, Status: Active, Policies: []Policy{
		{Effect: Allow, Groups: []ID{group.Group}, Patterns: []Pattern{PatternEvery(zoneType)}}}}
	held := Grants{Principal: user, Active: true, Policies: []Policy{
		{Effect: Allow, Groups: []ID{group.Group}, Patterns: []Pattern{PatternUnder(zoneType, AccountOf(w.accounts[0]).Resource())}}}}
	request := Request{At: epoch, Addr: netipAddr("192.0.2.1"), AnyOf: []Permission{group}, Target: w.one(zone)}

	for _, tt := range []struct {
		name   string
		change func(c *Credential, g *Grants, r *Request)
		want   Reason
	}{
		{"as it is", func(*Credential, *Grants, *Request) {}, Granted},
		{"disabled", func(c *Credential, _ *Grants, _ *Request) { c.Status = Disabled }, CredentialDisabled},
		{"before its time", func(c *Credential, _ *Grants, _ *Request) { c.Validity.NotBefore = epoch.Add(1) }, CredentialNotYetValid},
		{"at its first instant", func(c *Credential, _ *Grants, _ *Request) { c.Validity.NotBefore = epoch }, Granted},
		{"at its last instant", func(c *Credential, _ *Grants, _ *Request) { c.Validity.ExpiresOn = epoch }, CredentialExpired},
		{"just before its end", func(c *Credential, _ *Grants, _ *Request) { c.Validity.ExpiresOn = epoch.Add(1) }, Granted},
		{"elsewhere", func(c *Credential, _ *Grants, _ *Request) { c.Condition.In = ranges("198.51.100.0/24") }, AddressRefused},
		{"where it must not be", func(c *Credential, _ *Grants, _ *Request) { c.Condition.NotIn = ranges("192.0.2.0/24") }, AddressRefused},
		{"from an unknown address, with a limit", func(c *Credential, _ *Grants, r *Request) {
			c.Condition.NotIn = ranges("192.0.2.0/24")
			r.Addr = netipAddr("")
		}, AddressRefused},
		{"an IPv4 address in IPv6 clothes", func(c *Credential, _ *Grants, r *Request) {
			c.Condition.In = ranges("192.0.2.0/24")
			r.Addr = netipAddr("::ffff:192.0.2.1")
		}, Granted},
		{"owner disabled", func(_ *Credential, g *Grants, _ *Request) { g.Active = false }, PrincipalInactive},
		{"no policy", func(c *Credential, _ *Grants, _ *Request) { c.Policies = nil }, PermissionMissing},
		{"denied", func(c *Credential, _ *Grants, _ *Request) {
			c.Policies = append(c.Policies, Policy{Effect: Deny, Groups: []ID{group.Group}, Patterns: []Pattern{PatternOne(zone)}})
		}, PermissionDenied},
		{"another account's", func(_ *Credential, _ *Grants, r *Request) { r.Target = w.one(Resource{zoneType, "zone-1-0"}) }, PrincipalLacks},
		{"nobody's", func(_ *Credential, _ *Grants, r *Request) { r.Target = w.one(Resource{zoneType, "nowhere"}) }, PrincipalLacks},
	} {
		c, g, r := token, held, request
		c.Policies = slices.Clone(token.Policies)
		tt.change(&c, &g, &r)
		if got := Decide(c, g, r).Reason; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	if PermissionMissing.Words() != PrincipalLacks.Words() || PermissionDenied.Words() != PrincipalLacks.Words() {
		t.Error("the words of a refusal tell whether a resource exists")
	}
	seen := map[string]bool{}
	for _, r := range Reasons() {
		if seen[r.String()] || r.Words() == "" {
			t.Errorf("reason %d has no name of its own, or no words", r)
		}
		seen[r.String()] = true
	}
}
