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
	return c.register(ctx, caller, operatorOnly, r, name, parent)
}

// RegisterCreated registers what a caller's own request made upstream under a parent.
func (c *Control) RegisterCreated(ctx context.Context, caller Caller, r leastkey.Resource, name string, parent leastkey.Resource) (Resource, error) {
	caller.settled = true
	return c.register(ctx, caller, operatorOnly, r, name, parent)
}

func (c *Control) register(ctx context.Context, caller Caller, on, r leastkey.Resource, name string, parent leastkey.Resource) (Resource, error) {
	if err := c.checkResource(r, parent); err != nil {
		return Resource{}, err
	}
	if name == "" {
		name = r.ID
	}
	var row Resource
	err := c.act(ctx, caller, on, func(tx Tx, _ authority, done *deed) error {
		chain := newAncestry(tx)
		if _, known := chain.of(parent); !known {
			if chain.fault != nil {
				return chain.fault
			}
			return invalid("/parent", "there is no %s", parent)
		}
		was, err := tx.Resource(r)
		switch {
		case errors.Is(err, ErrNotFound):
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
		if err := tx.PutResource(row); err != nil {
			return err
		}
		record := row.record()
		done.action, done.subject, done.after = "resource.register", r.String(), describedResource(row)
		done.account = accountOf(lastOf(parent, chain))
		done.changes = []leastkey.Change{{Resource: &record}}
		return nil
	})
	return row, err
}

// Unregister removes a resource. Only the operator may.
func (c *Control) Unregister(ctx context.Context, caller Caller, r leastkey.Resource) error {
	return c.unregister(ctx, caller, operatorOnly, r)
}

// UnregisterDeleted removes what a caller's own request deleted upstream.
func (c *Control) UnregisterDeleted(ctx context.Context, caller Caller, r leastkey.Resource) error {
	caller.settled = true
	return c.unregister(ctx, caller, operatorOnly, r)
}

func (c *Control) unregister(ctx context.Context, caller Caller, on, r leastkey.Resource) error {
	return c.act(ctx, caller, on, func(tx Tx, _ authority, done *deed) error {
		was, err := tx.Resource(r)
		if err != nil {
			if errors.Is(err, ErrNotFound) {
				return &Error{Kind: NoSuch, Message: "the registry has no " + r.String()}
			}
			return err
		}
		children, err := tx.Resources("", r)
		if err != nil {
			return err
		}
		if len(children) > 0 {
			return &Error{Kind: Invalid, Message: r.String() + " still has " + plural(len(children), "resource") + " under it; remove them first"}
		}
		chain := newAncestry(tx)
		done.account = accountOf(lastOf(r, chain))
		if err := tx.DeleteResource(r); err != nil {
			return err
		}
		record := was.record()
		record.Gone = true
		done.action, done.subject, done.before = "resource.remove", r.String(), describedResource(was)
		done.changes = []leastkey.Change{{Resource: &record}}
		return nil
	})
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
	def, known := c.catalog.Resource(r.Type)
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

func describedResource(r Resource) any {
	return struct {
		Name   string            `json:"name"`
		Parent leastkey.Resource `json:"parent"`
		Since  time.Time         `json:"created_on"`
	}{r.Name, r.Parent, r.CreatedOn}
}
