package guard

import (
	"net/http"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// Ability is something that an adapter can do beside letting a request pass: a set of bits. An
// operation that needs an ability is refused where the adapter lacks it, never let through.
type Ability uint8

// The abilities.
const (
	Bodies   Ability = 1 << iota // gives the guard the body of a request
	Lists                        // cuts lists to what Verdict.Sees
	Effects                      // tells the registry what an operation created, renamed, moved or deleted
	Upgrades                     // ends a connection that changed its protocol when its request would no longer be allowed
	Control                      // serves the operations of the control plane
	Headers                      // takes out of a request what clients are not to give to an upstream: see Strip

	AllAbilities = Bodies | Lists | Effects | Upgrades | Control | Headers
)

// words says what an adapter lacks.
func (a Ability) words() string {
	var all []string
	for _, one := range []struct {
		Ability
		words string
	}{
		{Bodies, "see bodies, in which this operation names what it acts on"},
		{Lists, "cut lists to what a credential may see"},
		{Effects, "take note of what this operation makes, renames, moves or deletes"},
		{Upgrades, "end a connection that was upgraded when its credential is revoked"},
		{Control, "serve the control plane"},
		{Headers, "take out a header by which a client would tell the API who it is, where it is, or what it asks instead, or the dashboard's cookie"},
	} {
		if a&one.Ability != 0 {
			all = append(all, one.words)
		}
	}
	return strings.Join(all, ", nor ")
}

// Needs says what an adapter must be able to do for every request of an operation.
func Needs(op *catalog.Operation) Ability {
	var a Ability
	if op.Target.ID.From == catalog.FromBody || op.Target.In.From == catalog.FromBody || op.Moves != nil && op.Moves.In.From == catalog.FromBody {
		a |= Bodies
	}
	if op.Items != nil {
		a |= Lists
	}
	if op.Creates != nil || op.Deletes || op.Renames != nil || op.Moves != nil {
		a |= Effects
	}
	if op.Control {
		a |= Control
	}
	return a
}

// needs is what this request of the operation needs.
func needs(op *catalog.Operation, h *header) Ability {
	a := Needs(op)
	if asksUpgrade(h.upgrade) {
		a |= Upgrades
	} else if len(h.upgrade) > 0 { // h2c, which an API that takes it would go on in without a guard
		a |= Headers
	}
	if h.owned || h.session {
		a |= Headers
	}
	return a
}

// unable is for an operation that needs what the adapter cannot do.
func unable(lacking Ability) *Denial {
	return &Denial{Status: http.StatusNotImplemented, Errors: []api.Error{{Code: api.CodeUnsupported,
		Message: "This request cannot be decided here: where it passes, nothing can " + lacking.words() + ". Send it through the gateway of Leastkey"}}}
}

// noUpgrade is for a request that asks for a protocol of which the catalogue says nothing.
func noUpgrade() *Denial {
	return &Denial{Status: http.StatusNotImplemented, Errors: []api.Error{{Code: api.CodeUnsupported,
		Message: "Upgrade to another protocol is not supported here: send the request without Upgrade"}}}
}
