package control_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// A token is checked while nobody else can write, revocations included, and decided on with every
// request; so there is an end to how much can be in one.
func TestTokensAreBounded(t *testing.T) {
	n := Start(t, Config{})
	by, owner := writer(t, n)
	zone := leastkey.PatternOne(Zone(n.Ada.Zones[0]))
	var groups []leastkey.ID
	for _, g := range n.Catalog.Groups() {
		if g.Type == zone.Type {
			groups = append(groups, g.ID)
		}
	}
	policy := func(groups []leastkey.ID, patterns int) leastkey.Policy {
		p := leastkey.Policy{Effect: leastkey.Deny, Groups: groups, Patterns: []leastkey.Pattern{zone}}
		for i := range patterns - 1 {
			p.Patterns = append(p.Patterns, leastkey.PatternOne(Zone(fmt.Sprintf("%032x", i))))
		}
		return p
	}
	many := func(count int) (policies []leastkey.Policy) {
		for i := range count {
			policies = append(policies, policy(groups[:1], i+1))
		}
		return policies
	}
	for name, row := range map[string]struct {
		policies []leastkey.Policy
		pointer  string
		words    string
	}{
		"100 policies":         {many(100), "", ""},
		"101 policies":         {many(101), "/policies", "101 policies are more than the 100 that a token may have"},
		"1000 resources":       {[]leastkey.Policy{policy(groups[:1], 1000)}, "", ""},
		"1001 resources":       {[]leastkey.Policy{policy(groups[:1], 1001)}, "/policies/0/resources", "1001 resources are more than the 1000 that a policy may list; name what they have in common, such as every zone of an account"},
		"10000 pairs":          {[]leastkey.Policy{policy(groups[:10], 900), policy(groups[:10], 100)}, "", ""},
		"10010 pairs":          {[]leastkey.Policy{policy(groups[:10], 900), policy(groups[:10], 101)}, "/policies/1", "permission groups times resources, over all policies, are more than 10000; name what they have in common, such as every zone of an account"},
		"a million duplicates": {[]leastkey.Policy{{Effect: leastkey.Deny, Groups: groups[:1], Patterns: make([]leastkey.Pattern, 1_000_000)}}, "/policies/0/resources", "1000000 resources"},
		"as many groups":       {[]leastkey.Policy{{Effect: leastkey.Deny, Groups: make([]leastkey.ID, 1_000_000), Patterns: []leastkey.Pattern{zone}}}, "/policies/0/permission_groups", "1000000 permission groups are more than the 1000 that a policy may list"},
	} {
		_, _, err := n.Control.CreateToken(context.Background(), by, owner, control.TokenSpec{Name: name, Policies: row.policies})
		if row.words == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refusal, ok := errors.AsType[*control.Error](err)
		if !ok || refusal.Kind != control.Invalid || refusal.Pointer != row.pointer || !strings.HasPrefix(refusal.Message, row.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// writer is Ada with her key, about to write tokens of her own.
func writer(t *testing.T, n *Node) (control.Caller, leastkey.Principal) {
	t.Helper()
	key := keyOf(t, n, n.Ada.ID)
	return control.Caller{Credential: key.ID, Secret: key.Secrets[0].Hash, Principal: key.Principal, Target: leastkey.OnResource(key.Principal.Resource()),
		AnyOf: []leastkey.Permission{{Group: n.Group(t, "API Tokens Write"), Type: leastkey.UserType}}}, key.Principal
}

func TestConditionsAreBounded(t *testing.T) {
	n := Start(t, Config{})
	by, owner := writer(t, n)
	ranges := make([]leastkey.AddressRange, 1001)
	for i := range ranges {
		var err error
		if ranges[i], err = leastkey.ParseAddressRange(fmt.Sprintf("10.0.%d.%d", i/256, i%256)); err != nil {
			t.Fatal(err)
		}
	}
	for name, condition := range map[string]leastkey.Condition{
		"in": {In: ranges}, "not in": {NotIn: ranges}, "both": {In: ranges[:500], NotIn: ranges[500:]},
	} {
		_, _, err := n.Control.CreateToken(context.Background(), by, owner, control.TokenSpec{Name: name, Condition: condition})
		if refusal, ok := errors.AsType[*control.Error](err); !ok || refusal.Pointer != "/condition" ||
			refusal.Message != "1001 addresses and ranges are more than the 1000 that a condition may list" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := n.Control.CreateToken(context.Background(), by, owner, control.TokenSpec{Name: "n", Condition: leastkey.Condition{In: ranges[:1000]}}); err != nil {
		t.Error(err)
	}
}

func TestRolesAreBounded(t *testing.T) {
	n := Start(t, Config{})
	roles := make([]leastkey.ID, 101)
	for i := range roles {
		roles[i] = n.Role(t, "Administrator")
	}
	_, err := n.Control.SetRoles(context.Background(), control.Operator(), n.Ada.Account, n.Ada.Member, roles)
	if refusal, ok := errors.AsType[*control.Error](err); !ok || refusal.Message != "101 roles are more than the 100 that a member may be given" {
		t.Error(err)
	}
}

// Names of people are shown to others: in member lists, on terminals.
func TestNamesOfUsers(t *testing.T) {
	n := Start(t, Config{})
	ctx := context.Background()
	for name, bad := range map[string]string{
		"too long": strings.Repeat("ü", 61), "control character": "Ada\x1b[2J", "line break": "a\nb", "C1": "a\u009bb", "not UTF-8": "a\xff",
	} {
		for _, names := range [][2]*string{{&bad, nil}, {nil, &bad}} {
			_, err := n.Control.RenameUser(ctx, owner(t, n), n.Ada.ID, names[0], names[1])
			if refusal, ok := errors.AsType[*control.Error](err); !ok || refusal.Kind != control.Invalid {
				t.Errorf("rename, %s: %v", name, err)
			}
		}
		for _, spec := range []control.UserSpec{{Email: "eve@example.com", FirstName: bad}, {Email: "eve@example.com", LastName: bad}} {
			_, err := n.Control.CreateUser(ctx, control.Operator(), spec)
			if refusal, ok := errors.AsType[*control.Error](err); !ok || refusal.Kind != control.Invalid {
				t.Errorf("create, %s: %v", name, err)
			}
		}
	}
	first, last := "  Ada ", strings.Repeat("ü", 60)
	user, err := n.Control.RenameUser(ctx, owner(t, n), n.Ada.ID, &first, &last)
	if err != nil || user.FirstName != "Ada" || user.LastName != last {
		t.Errorf("%q %q %v", user.FirstName, user.LastName, err)
	}
	none := ""
	if user, err = n.Control.RenameUser(ctx, owner(t, n), n.Ada.ID, &none, nil); err != nil || user.FirstName != "" || user.LastName != last {
		t.Errorf("%q %q %v", user.FirstName, user.LastName, err)
	}
}

// owner is Ada with her key, about to change what concerns herself.
func owner(t *testing.T, n *Node) control.Caller {
	t.Helper()
	by, _ := writer(t, n)
	by.AnyOf = []leastkey.Permission{{Group: n.Group(t, "User Details Write"), Type: leastkey.UserType}}
	return by
}

// Whatever the control plane lets a token have, nodes can hold: one that they could not hold would leave
// all of them unsure, and no node would start any more.
func TestNodesHoldTheLargestTokens(t *testing.T) {
	n := Start(t, Config{})
	by, owner := writer(t, n)
	zone := leastkey.PatternOne(Zone(n.Ada.Zones[0]))
	group := n.Catalog.GroupsNamed("DNS Write")[0].ID
	spec := control.TokenSpec{Name: "large", Policies: []leastkey.Policy{{Effect: leastkey.Deny, Groups: []leastkey.ID{group}, Patterns: []leastkey.Pattern{zone}}}}
	for i := range 999 {
		spec.Policies[0].Patterns = append(spec.Policies[0].Patterns, leastkey.PatternOne(Zone(fmt.Sprintf("%032x", i))))
	}
	for i := range 1000 {
		r, err := leastkey.ParseAddressRange(fmt.Sprintf("198.51.%d.%d", i/250, i%250))
		if err != nil {
			t.Fatal(err)
		}
		spec.Condition.In = append(spec.Condition.In, r)
	}
	for range 99 {
		spec.Policies = append(spec.Policies, leastkey.Policy{Effect: leastkey.Allow, Groups: []leastkey.ID{group}, Patterns: []leastkey.Pattern{zone}})
	}
	if _, _, err := n.Control.CreateToken(context.Background(), by, owner, spec); err != nil {
		t.Fatal(err)
	}
	if _, sure := n.State.Revision(); !sure {
		t.Fatal("the node is not sure any more")
	}
	n.Restart(t)
	if _, sure := n.State.Revision(); !sure {
		t.Fatal("the node does not start")
	}
}
