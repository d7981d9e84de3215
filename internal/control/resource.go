package control

import (
	"context"
	"errors"
	"time"

	"github.com/leastkey/leastkey"
)

// Register puts a resource into the registry. A resource that is there already under the same
// parent is only renamed; under another parent it is refused: nothing moves by being made.
// Only the operator may, or the gateway on behalf of a caller whose request made the resource
// (see RegisterCreated).
func (c *Control) Register(ctx context.Context, caller Caller, r leastkey.Resource, name string, parent leastkey.Resource) (Resource, error) {
	return c.register(ctx, caller, r, name, parent)
}

// RegisterCreated registers what a caller's own request made upstream under a parent.
func (c *Control) RegisterCreated(ctx context.Context, caller Caller, r leastkey.Resource, name string, parent leastkey.Resource) (Resource, error) {
	caller.settled = true
	return c.register(ctx, caller, r, name, parent)
}

func (c *Control) register(ctx context.Context, caller Caller, r leastkey.Resource, name string, parent leastkey.Resource) (Resource, error) {
	if err := c.checkResource(r, parent); err != nil {
		return Resource{}, err
	}
	if name == "" {
		name = r.ID
	}
	var row Resource
	err := c.act(ctx, caller, operatorOnly, attempt{"resource.register", r.String()}, func(tx Tx, _ authority, done *deed) error {
		chain := newAncestry(tx)
		if _, known := chain.of(parent); !known {
			if chain.fault != nil {
				return chain.fault
			}
			return invalid("/parent", "there is no %s", parent)
		}
		was, err := tx.Resource(r)
		fresh := errors.Is(err, ErrNotFound)
		switch {
		case fresh:
			row = Resource{Resource: r, Name: name, Parent: parent, CreatedOn: c.now()}
		case err != nil:
			return err
		case was.Parent != parent:
			return &Error{Kind: Taken, Message: "the registry has " + r.String() + " under another parent already"}
		default:
			row = was
			row.Name = name
			done.before = describedResource(was)
		}
		if err := keepResource(tx, done, row); err != nil {
			return err
		}
		after := describedResource(row)
		if fresh { // an id that comes back is a new resource, whatever still points to the old one
			lost, err := c.forget(tx, done, []leastkey.Resource{r})
			if err != nil {
				return err
			}
			after.Lost = recordedLosses(lost)
		}
		done.after = after
		done.account = accountOf(lastOf(parent, chain))
		return nil
	})
	return row, err
}

// Unregister removes a resource that has nothing below it, and what allows anything on it by name
// from every token. Only the operator may.
func (c *Control) Unregister(ctx context.Context, caller Caller, r leastkey.Resource) error {
	_, err := c.unregister(ctx, caller, r, false)
	return err
}

// UnregisterTree is Unregister for a resource with everything below it, in one commit.
func (c *Control) UnregisterTree(ctx context.Context, caller Caller, r leastkey.Resource) ([]Loss, error) {
	return c.unregister(ctx, caller, r, true)
}

// UnregisterDeleted removes what a caller's own request deleted upstream, where everything below
// it went with it.
func (c *Control) UnregisterDeleted(ctx context.Context, caller Caller, r leastkey.Resource) error {
	caller.settled = true
	_, err := c.unregister(ctx, caller, r, true)
	return err
}

func (c *Control) unregister(ctx context.Context, caller Caller, r leastkey.Resource, tree bool) ([]Loss, error) {
	var lost []Loss
	err := c.act(ctx, caller, operatorOnly, attempt{"resource.remove", r.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := registered(tx, r)
		if err != nil {
			return err
		}
		all, err := subtree(tx, was)
		if err != nil {
			return err
		}
		if len(all) > 1 && !tree {
			return &Error{Kind: Invalid, Message: r.String() + " still has " + plural(len(all)-1, "resource") + " under it; remove them first, or all together (--recursive)"}
		}
		done.account = accountOf(lastOf(r, newAncestry(tx)))
		if lost, err = c.remove(tx, done, all); err != nil {
			return err
		}
		before := describedResource(was)
		before.Below, before.Lost = recordedResources(all[1:]), recordedLosses(lost)
		done.before = before
		return nil
	})
	return lost, err
}

// remove takes rows out of the registry, and what points to them out of tokens, as a part of an act.
func (c *Control) remove(tx Tx, done *deed, rows []Resource) ([]Loss, error) {
	for _, row := range rows {
		if err := tx.DeleteResource(row.Resource); err != nil {
			return nil, err
		}
		record := row.record()
		record.Gone = true
		done.changes = append(done.changes, leastkey.Change{Resource: &record})
	}
	return c.forget(tx, done, resources(rows))
}

// Resources lists the registry; a zero type or parent does not restrict. Only the operator may.
func (c *Control) Resources(ctx context.Context, caller Caller, t leastkey.ResourceType, parent leastkey.Resource) ([]Resource, error) {
	var rows []Resource
	err := c.view(ctx, caller, operatorOnly, func(r Reader) (err error) {
		rows, err = r.Resources(t, parent)
		return err
	})
	return rows, err
}

// checkResource holds a resource and its parent to the types of the catalogue.
func (c *Control) checkResource(r, parent leastkey.Resource) error {
	def, known := c.Catalog().Resource(r.Type)
	switch {
	case !known || def.Parent == "":
		return invalid("/type", "the catalogue has no type %q that can be registered", r.Type)
	case parent.Type != def.Parent:
		return invalid("/parent/type", "a %s is under a %s, not under a %q", r.Type, def.Parent, parent.Type)
	}
	if !def.IDs.Admits(r.ID) {
		return invalid("/id", "the id of a %s has %s", r.Type, def.IDs)
	}
	return nil
}

// lastOf is the top of a resource's chain of parents, which is an account.
func lastOf(r leastkey.Resource, chain *ancestry) leastkey.Resource {
	ancestors, _ := chain.of(r)
	if len(ancestors) == 0 {
		return r
	}
	return ancestors[len(ancestors)-1]
}

// recordedResource is a resource as audit rows have it.
type recordedResource struct {
	Name   string            `json:"name"`
	Parent leastkey.Resource `json:"parent"`
	Since  time.Time         `json:"created_on"`
	Below  []string          `json:"below,omitempty"` // what went with it: "record r1"
	Lost   []string          `json:"lost,omitempty"`  // by tokens: "<id>: zone 023e..."
}

func describedResource(r Resource) recordedResource {
	return recordedResource{Name: r.Name, Parent: r.Parent, Since: r.CreatedOn}
}
