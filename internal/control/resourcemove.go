package control

import (
	"cmp"
	"context"
	"errors"

	"github.com/leastkey/leastkey"
)

// Rename gives a resource another name; an empty one is its id. Only the operator may.
func (c *Control) Rename(ctx context.Context, caller Caller, r leastkey.Resource, name string) (Resource, error) {
	name = cmp.Or(name, r.ID)
	var row Resource
	err := c.act(ctx, caller, operatorOnly, attempt{"resource.rename", r.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := registered(tx, r)
		if err != nil {
			return err
		}
		row = was
		row.Name = name
		done.before, done.after = describedResource(was), describedResource(row)
		done.account = accountOf(lastOf(r, newAncestry(tx)))
		return keepResource(tx, done, row)
	})
	return row, err
}

// RenamedUpstream renames what a caller's own request renamed upstream. A resource that is not
// registered, or is called that already, is left as it is.
func (c *Control) RenamedUpstream(ctx context.Context, caller Caller, r leastkey.Resource, name string) error {
	was, err := c.find(ctx, r)
	if err != nil || was == nil || was.Name == cmp.Or(name, r.ID) {
		return err
	}
	caller.settled = true
	_, err = c.Rename(ctx, caller, r, name)
	return unlessGone(err)
}

// Move puts a resource, with all that is below it, under another parent. What allowed anything on
// it, or on what is below it, by name is taken out of every token in the same commit: whoever gave
// that gave it where the resource was. Only the operator may.
func (c *Control) Move(ctx context.Context, caller Caller, r, parent leastkey.Resource) (Resource, []Loss, error) {
	if err := c.checkResource(r, parent); err != nil {
		return Resource{}, nil, err
	}
	var row Resource
	var lost []Loss
	err := c.act(ctx, caller, operatorOnly, attempt{"resource.move", r.String()}, func(tx Tx, _ authority, done *deed) error {
		was, err := registered(tx, r)
		if err != nil {
			return err
		}
		if was.Parent == parent {
			return &Error{Kind: Taken, Message: r.String() + " is under " + parent.String() + " already"}
		}
		chain := newAncestry(tx)
		if _, known := chain.of(parent); !known {
			return cmp.Or(chain.fault, error(invalid("/parent", "there is no %s", parent)))
		}
		done.account = accountOf(lastOf(r, chain)) // the one that it leaves
		below, err := subtree(tx, was)
		if err != nil {
			return err
		}
		if row, lost, err = c.move(tx, done, was, parent, below); err != nil {
			return err
		}
		done.before = describedResource(was)
		after := describedResource(row)
		after.Below, after.Lost = recordedResources(below[1:]), recordedLosses(lost)
		done.after = after
		return nil
	})
	return row, lost, err
}

// keepResource puts a resource, and has nodes learn all of it: its name too, by which some requests find it.
func keepResource(tx Tx, done *deed, row Resource) error {
	record := row.record()
	done.changes = append(done.changes, leastkey.Change{Resource: &record})
	return tx.PutResource(row)
}

// move changes the parent as a part of an act; below is the resource and all under it.
func (c *Control) move(tx Tx, done *deed, was Resource, parent leastkey.Resource, below []Resource) (Resource, []Loss, error) {
	row := was
	row.Parent = parent
	if err := keepResource(tx, done, row); err != nil {
		return row, nil, err
	}
	lost, err := c.forget(tx, done, resources(below))
	return row, lost, err
}

// MovedUpstream moves what a caller's own request moved upstream. A resource that is not
// registered, or is there already, is left as it is.
func (c *Control) MovedUpstream(ctx context.Context, caller Caller, r, parent leastkey.Resource) error {
	was, err := c.find(ctx, r)
	if err != nil || was == nil || was.Parent == parent {
		return err
	}
	caller.settled = true
	_, _, err = c.Move(ctx, caller, r, parent)
	return unlessGone(err)
}

// find gives a row of the registry; nil when there is none.
func (c *Control) find(ctx context.Context, r leastkey.Resource) (*Resource, error) {
	var found *Resource
	err := c.store.View(ctx, func(reader Reader) error {
		row, err := reader.Resource(r)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil
		case err == nil:
			found = &row
		}
		return err
	})
	return found, settle(err)
}

// unlessGone passes over that a resource went meanwhile.
func unlessGone(err error) error {
	if refusal, ok := errors.AsType[*Error](err); ok && refusal.Kind == NoSuch {
		return nil
	}
	return err
}

func registered(r Reader, of leastkey.Resource) (Resource, error) {
	row, err := r.Resource(of)
	if errors.Is(err, ErrNotFound) {
		return row, &Error{Kind: NoSuch, Message: "the registry has no " + of.String()}
	}
	return row, err
}

// subtree is a resource and everything below it, parents before children, each once.
func subtree(r Reader, top Resource) ([]Resource, error) {
	all, seen := []Resource{top}, map[leastkey.Resource]bool{top.Resource: true}
	for i := 0; i < len(all); i++ {
		children, err := r.Resources("", all[i].Resource)
		if err != nil {
			return nil, err
		}
		for _, child := range children {
			if !seen[child.Resource] {
				seen[child.Resource] = true
				all = append(all, child)
			}
		}
	}
	return all, nil
}

func resources(rows []Resource) []leastkey.Resource {
	all := make([]leastkey.Resource, len(rows))
	for i, row := range rows {
		all[i] = row.Resource
	}
	return all
}

func recordedResources(rows []Resource) []string {
	var all []string
	for _, row := range rows {
		all = append(all, row.Resource.String())
	}
	return all
}

// Consequences tells what is below a resource, and which tokens would lose what if it were moved,
// or removed with all below it. Only the operator may.
func (c *Control) Consequences(ctx context.Context, caller Caller, r leastkey.Resource) (below []Resource, lost []Loss, err error) {
	err = c.view(ctx, caller, operatorOnly, func(reader Reader) error {
		row, err := registered(reader, r)
		if err != nil {
			return err
		}
		all, err := subtree(reader, row)
		if err != nil {
			return err
		}
		below = all[1:]
		lost, err = c.losses(reader, resources(all))
		return err
	})
	return below, lost, err
}
