package control

import (
	"cmp"
	"context"
	"errors"

	"github.com/leastkey/leastkey"
)

// ResourceSpec is a resource to register.
type ResourceSpec struct {
	Resource leastkey.Resource
	Name     string // empty: the id
	Parent   leastkey.Resource
}

// Imported is what became of an import.
type Imported struct {
	Done                           bool // it was no dry run, and none was refused
	Registered, Renamed, Unchanged int
	Refused                        []RefusedSpec
}

// RefusedSpec is one that cannot be registered, by its place in the import.
type RefusedSpec struct {
	Index   int
	Message string
}

// Import registers many resources in one act, all or none. A parent may come in the import itself,
// before what is under it. Nothing moves by it. Only the operator may.
func (c *Control) Import(ctx context.Context, caller Caller, specs []ResourceSpec, dryRun bool) (Imported, error) {
	var plan Imported
	err := c.view(ctx, caller, operatorOnly, func(r Reader) (err error) {
		plan, _, err = c.planImport(r, specs)
		return err
	})
	if err != nil || dryRun || len(plan.Refused) > 0 || plan.Registered+plan.Renamed == 0 {
		plan.Done = err == nil && !dryRun && len(plan.Refused) == 0
		return plan, err
	}
	err = c.act(ctx, caller, operatorOnly, attempt{"resource.import", "resources"}, func(tx Tx, _ authority, done *deed) error {
		var rows []syncStep
		var err error
		if plan, rows, err = c.planImport(tx, specs); err != nil {
			return err
		}
		if len(plan.Refused) > 0 {
			return invalid("", "the registry was changed meanwhile; import again")
		}
		return c.importRows(tx, done, rows)
	})
	plan.Done = err == nil
	return plan, err
}

func (c *Control) importRows(tx Tx, done *deed, rows []syncStep) error {
	var record recordedSync
	var fresh []leastkey.Resource
	for _, row := range rows {
		if err := keepResource(tx, done, row.is); err != nil {
			return err
		}
		if !row.was.Resource.IsZero() {
			record.Renamed = append(record.Renamed, row.is.Resource.String())
			continue
		}
		fresh = append(fresh, row.is.Resource)
		record.Registered = append(record.Registered, row.is.Resource.String())
	}
	lost, err := c.forget(tx, done, fresh)
	record.Lost = recordedLosses(lost)
	done.after = record
	return err
}

func (c *Control) planImport(r Reader, specs []ResourceSpec) (Imported, []syncStep, error) {
	var plan Imported
	var steps []syncStep
	planned := map[leastkey.Resource]Resource{}
	chain := newAncestry(r)
	for i, spec := range specs {
		refuse := func(err error) { plan.Refused = append(plan.Refused, RefusedSpec{i, err.Error()}) }
		if err := c.checkResource(spec.Resource, spec.Parent); err != nil {
			refuse(err)
			continue
		}
		above, known := chain.of(spec.Parent)
		if chain.fault != nil {
			return plan, nil, chain.fault
		}
		if !known {
			refuse(invalid("", "there is no %s", spec.Parent))
			continue
		}
		was, there := planned[spec.Resource]
		if !there {
			var err error
			was, err = r.Resource(spec.Resource)
			if err != nil && !errors.Is(err, ErrNotFound) {
				return plan, nil, err
			}
			there = err == nil
		}
		is := Resource{Resource: spec.Resource, Name: cmp.Or(spec.Name, spec.Resource.ID), Parent: spec.Parent, CreatedOn: was.CreatedOn}
		switch {
		case there && was.Parent != spec.Parent:
			refuse(invalid("", "the registry has %s under another parent already", spec.Resource))
			continue
		case there && was.Name == is.Name:
			plan.Unchanged++
			continue
		case there:
			plan.Renamed++
		default:
			is.CreatedOn = c.now()
			plan.Registered++
			chain.chains[spec.Resource] = append([]leastkey.Resource{spec.Parent}, above...)
		}
		planned[spec.Resource] = is
		steps = append(steps, syncStep{was, is})
	}
	return plan, steps, nil
}
