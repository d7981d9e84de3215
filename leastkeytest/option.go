package leastkeytest

import (
	"fmt"
	"slices"
	"time"

	"github.com/leastkey/leastkey"
)

// Grant is a policy without its resources: complete it with [Grant.On].
type Grant struct {
	effect leastkey.Effect
	groups []string
}

// Allow begins a policy that gives permission groups, by name.
func Allow(groups ...string) Grant { return Grant{leastkey.Allow, groups} }

// Deny begins a policy that takes permission groups away, by name.
func Deny(groups ...string) Grant { return Grant{leastkey.Deny, groups} }

// On completes the policy with what it is about. Of groups with the same name those count that are
// for the type of a pattern; each name must have one.
func (g Grant) On(patterns ...leastkey.Pattern) Option {
	return func(w *World, c *leastkey.Credential) {
		w.t.Helper()
		p := leastkey.Policy{ID: ID(fmt.Sprintf("policy %d of %s", len(c.Policies)+1, c.ID)), Effect: g.effect, Patterns: patterns}
		for _, name := range g.groups {
			found := false
			for _, group := range w.State.Catalog().GroupsNamed(name) {
				if slices.ContainsFunc(patterns, func(p leastkey.Pattern) bool { return p.Type == group.Type }) {
					p.Groups, found = append(p.Groups, group.ID), true
				}
			}
			if !found {
				w.t.Fatalf("leastkeytest: the catalogue has no permission group %q for any of %v", name, patterns)
			}
		}
		c.Policies = append(c.Policies, p)
	}
}

// NotBefore has the credential work from the instant on.
func NotBefore(at time.Time) Option {
	return func(_ *World, c *leastkey.Credential) { c.Validity.NotBefore = at }
}

// Expires has the credential no longer work from the instant on.
func Expires(at time.Time) Option {
	return func(_ *World, c *leastkey.Credential) { c.Validity.ExpiresOn = at }
}

// From lets the credential be used from these addresses and CIDR ranges only.
func From(ranges ...string) Option {
	return func(w *World, c *leastkey.Credential) {
		w.t.Helper()
		c.Condition.In = w.ranges(ranges)
	}
}

// NotFrom keeps the credential from being used from these addresses and CIDR ranges.
func NotFrom(ranges ...string) Option {
	return func(w *World, c *leastkey.Credential) {
		w.t.Helper()
		c.Condition.NotIn = w.ranges(ranges)
	}
}

// Disabled makes a credential that its owner switched off.
func Disabled() Option {
	return func(_ *World, c *leastkey.Credential) { c.Status = leastkey.Disabled }
}

func (w *World) ranges(texts []string) []leastkey.AddressRange {
	w.t.Helper()
	parsed := make([]leastkey.AddressRange, len(texts))
	for i, text := range texts {
		var err error
		if parsed[i], err = leastkey.ParseAddressRange(text); err != nil {
			w.t.Fatal(err)
		}
	}
	return parsed
}
