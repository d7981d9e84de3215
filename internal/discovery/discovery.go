// Package discovery keeps the registry of resources as lists of the upstream say: it asks for each
// at start and at an interval, with the upstream's own credential, and has what differs changed.
// In any doubt it changes nothing, and says so in the log.
package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/control"
)

// Lister asks an upstream for a list, with the upstream's own credential. The gateway implements it.
type Lister interface {
	// List gives each item of a list, every page of it. host and path are as a client would write
	// them; host may be empty. name says where an item has its name, and is nil for an id alone.
	// When it fails, what it gave is worth nothing.
	List(ctx context.Context, op *catalog.Operation, host, path string, name catalog.Pointer, each func(id, name string)) error
}

// Source is one list, and where what it has belongs.
type Source struct {
	Method string // "GET"
	Host   string // empty for any
	Path   string // "/servers/localhost/zones"
	Under  string // TYPE:ID, or account:NAME
	Name   catalog.Pointer
}

// String gives "GET /servers/localhost/zones".
func (s Source) String() string { return s.Method + " " + s.Host + s.Path }

// Config is what a Discovery is made of. Every field is needed.
type Config struct {
	Control *control.Control
	Catalog func() *catalog.Catalog // the one in force
	Lister  Lister
	Sources []Source
	Log     *slog.Logger
}

// Discovery asks for the lists.
type Discovery struct {
	Config

	accounts map[string]leastkey.Resource // by the name that they had when it was looked up first
}

// New checks that each source is a list of the catalogue, of something that is below its parent.
func New(c Config) (*Discovery, error) {
	d := &Discovery{Config: c, accounts: map[string]leastkey.Resource{}}
	var errs []error
	for _, s := range c.Sources {
		op, err := d.operation(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		parentType, id, ok := strings.Cut(s.Under, ":")
		def, _ := c.Catalog().Resource(op.Target.Type)
		if !ok || id == "" || string(def.Parent) != parentType {
			errs = append(errs, fmt.Errorf("discovery: %s lists resources of type %s, which are under a %s: write under: \"%s:ID\"", s, op.Target.Type, def.Parent, def.Parent))
		}
	}
	return d, errors.Join(errs...)
}

func (d *Discovery) operation(s Source) (*catalog.Operation, error) {
	path, _, _ := strings.Cut(s.Path, "?")
	op, _, ok := d.Catalog().Match(s.Method, s.Host, path)
	if !ok || op.Items == nil || op.Control {
		return nil, fmt.Errorf("discovery: the catalogue has no list %s of the upstream: name an operation with target: {list: TYPE} and items", s)
	}
	return op, nil
}

// Run asks for all lists at once, and then at each tick, until the context ends.
func (d *Discovery) Run(ctx context.Context, tick <-chan time.Time) {
	for {
		d.Round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick:
		}
	}
}

// group is what all lists of one type under one parent have together.
type group struct {
	listing control.Listing
	ids     map[string]bool // of the items
	from    []string
	failed  bool
}

func (g *group) on() leastkey.Resource { return g.listing.Parent }

// Round asks for each list once, parents' first where they stand first, and changes what differs.
// Lists of the same type are compared when all have been read, so that what moved from one to
// another is moved.
func (d *Discovery) Round(ctx context.Context) {
	done := map[leastkey.ResourceType]bool{}
	for _, s := range d.Sources {
		op, err := d.operation(s)
		if err != nil {
			d.Log.Error("discovery changes nothing for a list", "list", s.String(), "error", err)
			continue
		}
		if t := op.Target.Type; !done[t] {
			done[t] = true
			d.roundOf(ctx, t)
		}
	}
}

func (d *Discovery) roundOf(ctx context.Context, t leastkey.ResourceType) {
	since, err := d.Control.Revision(ctx)
	if err != nil {
		d.Log.Error("discovery changes nothing", "error", err)
		return
	}
	groups := d.read(ctx, t, since)
	dispute(groups)
	for _, g := range groups {
		if g.failed || ctx.Err() != nil {
			continue
		}
		g.listing.Left = func(r, parent leastkey.Resource) bool { return left(groups, r, parent) }
		g.listing.Claimed = func(r leastkey.Resource) bool { return claimed(groups, g, r) }
		d.sync(ctx, g)
	}
}

// read asks for every list of a type.
func (d *Discovery) read(ctx context.Context, t leastkey.ResourceType, since leastkey.Revision) []*group {
	var groups []*group
	for _, s := range d.Sources {
		op, err := d.operation(s)
		if err != nil || op.Target.Type != t {
			continue
		}
		parent, err := d.parent(ctx, s.Under)
		if err != nil {
			d.Log.Error("discovery changes nothing for a list", "list", s.String(), "error", err)
			continue
		}
		var g *group
		for _, known := range groups {
			if known.on() == parent {
				g = known
			}
		}
		if g == nil {
			g = &group{ids: map[string]bool{}, listing: control.Listing{Type: t, Parent: parent, Since: since}}
			groups = append(groups, g)
		}
		name := s.Name
		if name == nil {
			name = op.Items.Name
		}
		g.from = append(g.from, s.String())
		err = d.Lister.List(ctx, op, s.Host, s.Path, name, func(id, name string) {
			g.listing.Items = append(g.listing.Items, control.Found{ID: id, Name: name})
			g.ids[id] = true
		})
		if err != nil {
			g.failed = true
			d.Log.Error("discovery changes nothing for a list that could not be read whole", "list", s.String(), "under", parent.String(), "error", err)
		}
	}
	return groups
}

// dispute marks what the lists of two parents have.
func dispute(groups []*group) {
	of := map[string]*group{}
	disputed := map[string]bool{}
	for _, g := range groups {
		for _, item := range g.listing.Items {
			if other := of[item.ID]; other != nil && other != g {
				disputed[item.ID] = true
			}
			of[item.ID] = g
		}
	}
	for _, g := range groups {
		for i, item := range g.listing.Items {
			g.listing.Items[i].Disputed = disputed[item.ID]
		}
	}
}

// left reports whether the list of a parent was read whole, and r is no more in it. An empty list
// proves nothing.
func left(groups []*group, r, parent leastkey.Resource) bool {
	for _, g := range groups {
		if g.on() != parent || g.failed || len(g.listing.Items) == 0 {
			continue
		}
		return !g.ids[r.ID]
	}
	return false
}

// claimed reports whether the list of another parent was read whole, and r is in it.
func claimed(groups []*group, not *group, r leastkey.Resource) bool {
	return slices.ContainsFunc(groups, func(g *group) bool {
		return g != not && !g.failed && g.ids[r.ID]
	})
}

func (d *Discovery) sync(ctx context.Context, g *group) {
	log := d.Log.With("lists", g.from, "under", g.on().String())
	got, err := d.Control.Sync(ctx, control.Discovery(), g.listing)
	if err != nil {
		log.Error("discovery did not bring the registry in step", "error", err)
		return
	}
	if got.Emptied {
		log.Warn("discovery found an empty list and removed nothing: if all is gone, remove the last ones with leastkey resource remove")
	}
	if len(got.Elsewhere) > 0 {
		log.Warn("discovery left resources whose parent is in doubt; leastkey resource move says where they belong", "count", len(got.Elsewhere), "first", got.Elsewhere[0].String())
	}
	if len(got.Odd) > 0 {
		log.Warn("discovery passed over ids that the catalogue does not allow", "count", len(got.Odd), "first", got.Odd[0])
	}
	if got.Registered+got.Renamed+got.Moved+got.Removed > 0 {
		log.Info("discovery changed the registry", "registered", got.Registered, "renamed", got.Renamed, "moved", got.Moved,
			"removed", got.Removed, "tokens_that_lost", len(got.Lost))
	}
}

// parent reads TYPE:ID, or account:NAME.
func (d *Discovery) parent(ctx context.Context, under string) (leastkey.Resource, error) {
	kind, id, _ := strings.Cut(under, ":")
	parent := leastkey.Resource{Type: leastkey.ResourceType(kind), ID: id}
	if _, err := leastkey.ParseID(id); err == nil || parent.Type != leastkey.AccountType {
		return parent, nil
	}
	// The name leads to an account once: who is called so later has taken a name that was free.
	if found, known := d.accounts[id]; known {
		return found, nil
	}
	accounts, err := d.Control.Accounts(ctx, control.Operator(), nil)
	if err != nil {
		return parent, err
	}
	var ids []string
	for _, a := range accounts {
		if a.Name == id {
			ids = append(ids, a.ID.String())
		}
	}
	if len(ids) != 1 {
		return parent, fmt.Errorf("%d accounts are called %q: make one, or write the id of one", len(ids), id)
	}
	parent.ID = ids[0]
	d.accounts[id] = parent
	d.Log.Info("discovery puts what it lists under an account", "name", id, "account", parent.ID)
	return parent, nil
}
