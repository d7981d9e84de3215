// Package contender has what is measured side by side: the floor under any decision, Leastkey's, and what somebody
// could take instead. Each is in a file of its own, which says how it was given the tokens.
package contender

import (
	"fmt"
	"maps"
	"slices"

	"github.com/leastkey/leastkey/bench/workload"
)

// Contender decides requests.
type Contender interface {
	// Load takes in one part of the workload. It is called once for each part, in their order.
	Load(w *workload.Workload, p Part) error
	// Prepare brings the requests into the form in which they arrive, so that Decide does nothing but decide.
	Prepare(w *workload.Workload, cases []workload.Case) error
	// Warm reads what has arrived with the i-th request, as whoever has just parsed it would have.
	Warm(i int) byte
	// Decide answers the i-th request, from the string of the credential to yes or no.
	Decide(i int) bool
	// Want is the answer that is right for this contender.
	Want(c *workload.Case) bool
}

// Part is what a node knows, divided by what takes memory.
type Part uint8

// The parts.
const (
	Owners Part = iota // users, accounts and memberships
	Resources
	Tokens
)

// Parts are all of them, in order.
func Parts() []Part { return []Part{Owners, Resources, Tokens} }

// String names the part.
func (p Part) String() string { return [...]string{"owners", "resources", "tokens"}[p] }

// The names of the contenders.
const (
	Floor    = "floor"
	Minimal  = "minimal"
	Leastkey = "leastkey"
	Usual    = "leastkey-usual-headers"
	Cedar    = "cedar-go"
	Casbin   = "casbin"
	OPA      = "opa"
	JWTHMAC  = "golang-jwt-hs256"
	JWTEdDSA = "golang-jwt-eddsa"
	Macaroon = "macaroon.v2"
)

func makers() map[string]func() (Contender, error) {
	return map[string]func() (Contender, error){
		Floor:    func() (Contender, error) { return &floor{}, nil },
		Minimal:  func() (Contender, error) { return &minimal{}, nil },
		Leastkey: func() (Contender, error) { return NewOurs(false) },
		Usual:    func() (Contender, error) { return NewOurs(true) },
		Cedar:    func() (Contender, error) { return &cedarEngine{}, nil },
		Casbin:   func() (Contender, error) { return &casbinEngine{}, nil },
		OPA:      func() (Contender, error) { return &opaEngine{}, nil },
		JWTHMAC:  func() (Contender, error) { return newJWT(hmacKeys()), nil },
		JWTEdDSA: func() (Contender, error) { return newJWT(edKeys()), nil },
		Macaroon: func() (Contender, error) { return &macaroons{}, nil },
	}
}

// Names lists the contenders.
func Names() []string { return slices.Sorted(maps.Keys(makers())) }

// New makes a contender that knows nothing yet.
func New(name string) (Contender, error) {
	maker, ok := makers()[name]
	if !ok {
		return nil, fmt.Errorf("there is no contender %q: want one of %v", name, Names())
	}
	return maker()
}
