package leastkey

import "slices"

// ResourceType names a kind of resource, such as "zone". A catalogue defines the types;
// two exist in every catalogue.
type ResourceType string

// The types that every catalogue has.
const (
	UserType    ResourceType = "user"
	AccountType ResourceType = "account"
)

// Resource is one thing that requests act on. The id is the one its API uses, compared byte
// for byte.
type Resource struct {
	Type ResourceType `json:"type"`
	ID   string       `json:"id"`
}

// IsZero reports whether the resource names nothing.
func (r Resource) IsZero() bool { return r == Resource{} }

// String gives "type id".
func (r Resource) String() string { return string(r.Type) + " " + r.ID }

// Extent says how far a [Pattern] reaches. The zero extent reaches nothing.
type Extent uint8

// The extents of a pattern.
const (
	_     Extent = iota
	One          // the resource with this id
	Every        // every resource of the type
	Under        // every resource of the type anywhere under one ancestor
)

// Pattern says which resources of one type a policy is about. Make one with [PatternOne],
// [PatternEvery] or [PatternUnder]; the zero Pattern matches nothing.
type Pattern struct {
	Extent Extent       `json:"extent"`
	Type   ResourceType `json:"type"`
	ID     string       `json:"id,omitempty"`    // One
	Parent Resource     `json:"parent,omitzero"` // Under
}

// PatternOne matches exactly r.
func PatternOne(r Resource) Pattern { return Pattern{Extent: One, Type: r.Type, ID: r.ID} }

// PatternEvery matches every resource of type t.
func PatternEvery(t ResourceType) Pattern { return Pattern{Extent: Every, Type: t} }

// PatternUnder matches every resource of type t that has parent among its ancestors.
func PatternUnder(t ResourceType, parent Resource) Pattern {
	return Pattern{Extent: Under, Type: t, Parent: parent}
}

// String describes the pattern in words: "zone 023e...", "every zone", "every zone of account 01a7...".
func (p Pattern) String() string {
	switch p.Extent {
	case One:
		return string(p.Type) + " " + p.ID
	case Every:
		return "every " + string(p.Type)
	case Under:
		return "every " + string(p.Type) + " of " + p.Parent.String()
	default:
		return "nothing"
	}
}

// resource is the one a pattern of extent One names.
func (p Pattern) resource() Resource { return Resource{Type: p.Type, ID: p.ID} }

// Ancestry tells the ancestors of a resource, nearest first, and whether the resource is known.
// An unknown resource has no ancestors.
type Ancestry func(Resource) (ancestors []Resource, known bool)

// Covers reports whether every resource that q can ever match is matched by p.
// It errs on the side of no.
func (p Pattern) Covers(q Pattern, a Ancestry) bool {
	if p.Type != q.Type || q.Extent == 0 {
		return false
	}
	switch p.Extent {
	case Every:
		return true
	case One:
		return q.Extent == One && p.ID == q.ID
	case Under:
		switch q.Extent {
		case One:
			return isUnder(q.resource(), p.Parent, a)
		case Under:
			return p.Parent == q.Parent || isUnder(q.Parent, p.Parent, a)
		}
	}
	return false
}

// Intersect gives the pattern that matches what both match; false when that is nothing.
// Patterns of one type are nested or apart, so one pattern is always enough.
func (p Pattern) Intersect(q Pattern, a Ancestry) (Pattern, bool) {
	switch {
	case p.Covers(q, a):
		return q, true
	case q.Covers(p, a):
		return p, true
	default:
		return Pattern{}, false
	}
}

func isUnder(r, ancestor Resource, a Ancestry) bool {
	ancestors, known := a(r)
	return known && slices.Contains(ancestors, ancestor)
}

// TargetKind says what an operation acts on. The zero kind is nothing, and refused.
type TargetKind uint8

// The kinds of target.
const (
	_            TargetKind = iota
	TargetOne               // one resource
	TargetList              // a collection, cut to what may be seen
	TargetCreate            // a new resource under a parent
	TargetSelf              // the credential itself: any usable credential will do
)

// Target is what one request acts on. Make one with [OnResource], [OnUnknown], [OnList],
// [OnCreate] or [OnSelf].
type Target struct {
	Kind      TargetKind
	Resource  Resource   // TargetOne: the resource; otherwise only its Type is set
	Ancestors []Resource // TargetOne: of the resource; TargetCreate: the parent, then its ancestors
	Known     bool       // TargetOne, TargetCreate: the registry knows the resource (the parent)
}

// OnResource is a resource that the registry knows, with its ancestors, nearest first.
func OnResource(r Resource, ancestors ...Resource) Target {
	return Target{Kind: TargetOne, Resource: r, Ancestors: ancestors, Known: true}
}

// OnUnknown is a resource that the registry does not know. It is always refused, in the same
// words as a resource that exists and may not be seen.
func OnUnknown(r Resource) Target { return Target{Kind: TargetOne, Resource: r} }

// OnList is the collection of all resources of a type.
func OnList(t ResourceType) Target {
	return Target{Kind: TargetList, Resource: Resource{Type: t}}
}

// OnCreate is a new resource of type t whose ancestors will be these, the parent first.
func OnCreate(t ResourceType, known bool, ancestors ...Resource) Target {
	return Target{Kind: TargetCreate, Resource: Resource{Type: t}, Ancestors: ancestors, Known: known}
}

// OnSelf is the credential that asks.
func OnSelf() Target { return Target{Kind: TargetSelf} }

// Matches reports whether the pattern reaches the target. A create is reached only by a pattern
// that covers every resource of the type under the parent; a list by any pattern of its type,
// because its items are decided one by one.
func (p Pattern) Matches(t Target) bool {
	if p.Type != t.Resource.Type || p.Type == "" {
		return false
	}
	switch t.Kind {
	case TargetOne:
		switch p.Extent {
		case One:
			return p.ID == t.Resource.ID
		case Every:
			return true
		case Under:
			return slices.Contains(t.Ancestors, p.Parent)
		}
	case TargetCreate:
		switch p.Extent {
		case Every:
			return true
		case Under:
			return slices.Contains(t.Ancestors, p.Parent)
		}
	case TargetList:
		return p.Extent != 0
	}
	return false
}
