package draft

import (
	"slices"

	"github.com/leastkey/leastkey"
)

// Draft is a token that is being made or edited. Texts are as they were typed.
type Draft struct {
	Name      string
	Rules     []Rule
	In, NotIn []string // addresses and ranges from which alone, and from which never, it works
	NotBefore Instant
	ExpiresOn Instant
	Status    string // "active" or "disabled"; "" for a new token

	over []Problem // what there was too much of to be read
}

// Rule is what the token may do, or may not. It becomes one policy, or two when something is excluded.
type Rule struct {
	Effect      leastkey.Effect // zero: not chosen
	Permissions []Permission
	Resources   []Resource

	Policy    leastkey.ID // the stored policy that the rule shows; zero: it is new
	Exclusion leastkey.ID // the stored policy of what it excludes
	Kept      bool        // the stored policy stays as it is: the form has no fields for it
}

// Permission names one permission group: by its base name, such as "DNS" for "DNS Write", by its whole
// name, or by its id.
type Permission struct {
	Type   leastkey.ResourceType // "": not chosen
	Group  string
	Access Access
}

// IsZero reports whether no group was typed.
func (p Permission) IsZero() bool { return p.Group == "" }

// Access says what a permission group lets one do. The zero Access is not chosen.
type Access string

// What permission groups let one do.
const (
	Read  Access = "read"
	Write Access = "write"
	Other Access = "other" // neither: purge, run, revoke ...
)

// Resource says on which resources of one type a rule holds.
type Resource struct {
	Type   leastkey.ResourceType // "": not chosen
	Mode   Mode
	Extent Extent
	IDs    []string          // One: of one or several resources
	Parent leastkey.Resource // Under
	Find   string            // what is being searched for; it grants nothing
}

// Mode says whether resources are part of a rule. The zero Mode is not chosen.
type Mode string

// The modes.
const (
	Include Mode = "include"
	Exclude Mode = "exclude"
)

// Extent says how far a [Resource] reaches. The zero Extent is not chosen.
type Extent string

// The extents.
const (
	One   Extent = "one"   // those with the ids
	Every Extent = "every" // all of the type, now and later
	Under Extent = "under" // all of the type under one parent, now and later
	Self  Extent = "self"  // the user who owns the token
)

// Instant is a date and perhaps a time of day, in UTC, as they were typed.
type Instant struct{ Date, Time string }

// IsZero reports whether nothing was typed.
func (i Instant) IsZero() bool { return i == Instant{} }

// Problem is something to put right before the draft can become a token.
type Problem struct {
	Field   string // name of the field of the form; "" when it is about none
	Message string // what to do
}

// How much a form holds. A stored token that has more keeps it as it is.
const (
	mostRules     = 100    // as many as a token may have policies
	mostRows      = 400    // of permissions and resources together, in all rules
	mostIDs       = 400    // of chosen resources, in all rules
	mostAddresses = 1000   // in each of the two lists
	mostText      = 600    // bytes of one short text: a name of 120 characters has up to 480
	mostAddress   = 64_000 // bytes of one list of addresses
)

// rows is how many rows a rule has, and ids how many chosen resources.
func (r Rule) rows() int { return len(r.Permissions) + len(r.Resources) }

func (r Rule) ids() int {
	n := 0
	for _, resource := range r.Resources {
		n += len(resource.IDs)
	}
	return n
}

// clone is a draft that shares nothing with this one.
func (d Draft) clone() Draft {
	d.Rules = slices.Clone(d.Rules)
	for i := range d.Rules {
		r := &d.Rules[i]
		r.Permissions, r.Resources = slices.Clone(r.Permissions), slices.Clone(r.Resources)
		for j := range r.Resources {
			r.Resources[j].IDs = slices.Clone(r.Resources[j].IDs)
		}
	}
	d.In, d.NotIn, d.over = slices.Clone(d.In), slices.Clone(d.NotIn), slices.Clone(d.over)
	return d
}
