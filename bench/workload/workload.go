// Package workload generates what is measured: tokens and their owners, the zones they are about, and requests with
// the answer that is right. All of it follows from a seed: what the i-th token is can be told from i alone, so ten
// million of them need not be held to make requests for any of them.
package workload

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
)

// Shape says what policies tokens have.
type Shape uint8

// The shapes.
const (
	Typical Shape = iota // the mix that the package test counts
	Narrow               // one policy, for one zone
	Wide                 // ten policies, for fifty zones each
)

// Workload is one installation. Make one with [New] or [NewShaped].
type Workload struct {
	Seed                           uint64
	Tokens, Users, Accounts, Zones int
	Catalog                        *catalog.Catalog

	shape    Shape
	groups   map[leastkey.ResourceType][]leastkey.ID // of the catalogue
	routable map[leastkey.ResourceType][]leastkey.ID // those that some operation below accepts
	accepts  map[leastkey.ID][]*catalog.Operation
	roles    struct{ super, administrator, dns, firewall leastkey.ID }
}

// Now is the instant of every decision.
func Now() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }

// zoneType is the type of what most tokens are about.
const zoneType leastkey.ResourceType = "zone"

// mostAccepted bounds the groups that an operation of a request accepts: engines that know no "any of these" are asked
// once for each.
const mostAccepted = 2

// New is the typical mix with so many tokens: a user owns ten, there is a zone for every five, and an account for
// every five zones.
func New(c *catalog.Catalog, seed uint64, tokens int) (*Workload, error) {
	zones := min(max(tokens/5, 100), 1_000_000)
	w := &Workload{Seed: seed, Tokens: tokens, Users: max(tokens*2/3/10, 1), Accounts: zones / 5, Zones: zones, Catalog: c}
	return w, w.read()
}

// NewShaped is tokens of one shape, all of one user, who may do everything in one account with all zones.
func NewShaped(c *catalog.Catalog, seed uint64, tokens int, s Shape) (*Workload, error) {
	w := &Workload{Seed: seed, Tokens: tokens, Users: 1, Accounts: 1, Zones: 1000, Catalog: c, shape: s}
	return w, w.read()
}

// read takes from the catalogue what tokens and requests are made of.
func (w *Workload) read() error {
	w.groups = map[leastkey.ResourceType][]leastkey.ID{}
	for _, g := range w.Catalog.Groups() {
		w.groups[g.Type] = append(w.groups[g.Type], g.ID)
	}
	w.routable = map[leastkey.ResourceType][]leastkey.ID{}
	w.accepts = map[leastkey.ID][]*catalog.Operation{}
	for _, op := range w.Catalog.Operations() {
		if !plain(op) {
			continue
		}
		for _, p := range op.AnyOf {
			w.accepts[p.Group] = append(w.accepts[p.Group], op)
			if !slices.Contains(w.routable[p.Type], p.Group) {
				w.routable[p.Type] = append(w.routable[p.Type], p.Group)
			}
		}
	}
	for name, id := range map[string]*leastkey.ID{
		"Super Administrator": &w.roles.super, "Administrator": &w.roles.administrator, "DNS": &w.roles.dns, "Firewall": &w.roles.firewall,
	} {
		role, ok := w.Catalog.RoleNamed(name)
		if !ok {
			return errors.New("workload: the catalogue has no role " + name)
		}
		*id = role.ID
	}
	if len(w.routable[zoneType]) < 10 || len(w.routable[leastkey.AccountType]) == 0 {
		return errors.New("workload: the catalogue has too few operations on zones and accounts")
	}
	return nil
}

// plain reports whether an operation acts on the one zone or account that its path names, and does nothing to the
// registry.
func plain(op *catalog.Operation) bool {
	rule := op.Target
	return op.Access == catalog.ByPermission && !op.Control && op.Host == "" && len(op.AnyOf) <= mostAccepted &&
		rule.Kind == catalog.RuleOne && (rule.Type == zoneType || rule.Type == leastkey.AccountType) &&
		rule.ID.From == catalog.FromPath && !rule.ID.Indirect() && len(rule.ID.Params) == 1 && rule.Under == "" &&
		op.Creates == nil && !op.Deletes && op.Renames == nil && op.Moves == nil && op.Items == nil &&
		strings.Contains(op.Route, "{"+rule.ID.Params[0]+"}")
}
