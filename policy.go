package leastkey

import (
	"fmt"
	"slices"
)

// Permission is one permission group as a decision needs it: its id, and the one resource type
// it applies to.
type Permission struct {
	Group ID
	Type  ResourceType
}

// Effect is what a policy does. The zero effect does nothing.
type Effect uint8

// The effects of a policy.
const (
	_ Effect = iota
	Allow
	Deny
)

// String gives "allow" or "deny".
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case Deny:
		return "deny"
	default:
		return "none"
	}
}

// MarshalText implements encoding.TextMarshaler.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText accepts "allow" and "deny".
func (e *Effect) UnmarshalText(text []byte) error {
	switch string(text) {
	case "allow":
		*e = Allow
	case "deny":
		*e = Deny
	default:
		return fmt.Errorf("effect %q: want allow or deny", clip(string(text)))
	}
	return nil
}

// Policy is an effect of permission groups on patterns: each group with each pattern of that
// group's own type. Groups and patterns keep the order in which the owner wrote them; it has no
// bearing on any decision.
type Policy struct {
	ID       ID        `json:"id"`
	Effect   Effect    `json:"effect"`
	Groups   []ID      `json:"groups"`
	Patterns []Pattern `json:"patterns"`
}

// about reports whether the policy says anything about permission p on target t.
func (pol Policy) about(p Permission, t Target) bool {
	if p.Type != t.Resource.Type || !slices.Contains(pol.Groups, p.Group) {
		return false
	}
	return slices.ContainsFunc(pol.Patterns, func(pat Pattern) bool { return pat.Matches(t) })
}
